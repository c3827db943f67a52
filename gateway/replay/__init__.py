"""`moa-gateway replay`: a stored turn is run again against a preset, and compared (MOA-34)."""

from gateway.replay.again import ask_again
from gateway.replay.compared import as_json, as_text
from gateway.replay.traced import find

__all__ = ["as_json", "as_text", "ask_again", "find"]
