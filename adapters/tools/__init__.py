"""Tools of other programs, by the Model Context Protocol (MCP).

Only `session` and what it imports need the client library; the rest knows nothing of it, so that
it is loaded in a thread when the first server starts.
"""
