"""Models: one module per wire format, and wrappers that are models around models.

`compose` puts the wrappers around a wire format in the one right order.
"""
