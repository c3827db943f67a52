"""Measures what the README claims: the program against the least code that does the same I/O."""
