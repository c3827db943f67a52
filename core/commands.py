"""The commands people can give, on every platform the same. Values and grammar only.

Decides what counts as a command and what it means; who may give it is `core.policy`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command in a platform's menu. `hint` names its arguments, for people."""

    name: str
    summary: str
    hint: str = ""


MENU: Final = (
    Entry(name="ask", summary="Ask a question", hint="[preset:NAME] question"),
    Entry(name="moa", summary="Choose which models answer here", hint="[preset]"),
    Entry(name="stop", summary="Stop the answer that is being written"),
    Entry(name="retry", summary="Ask the last question again"),
    Entry(name="cost", summary="What this conversation has cost"),
    Entry(name="help", summary="What you can do here"),
)
"""What is registered where a platform has menus, in this order."""
