"""The web chat: frames become events for the browsers that look at a conversation.

It offers routes; who may use them is decided where they are mounted.
"""
