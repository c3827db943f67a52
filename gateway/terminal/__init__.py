"""The conversation in a terminal: `moa-gateway chat`."""

from gateway.terminal.run import run_chat

__all__ = ["run_chat"]
