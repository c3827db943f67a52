"""What a model wants to hand to a tool: its own text, which may be no JSON at all.

Decides what is never sent to a server, and tells the model what to do about it. Pure.
"""

from __future__ import annotations

import json
from typing import Any


def read(text: str) -> dict[str, Any]:
    """Read the arguments of a call; nothing at all is no arguments.

    Raises:
        ValueError: they are not one JSON object; the text says so to a model.
    """
    if not text.strip():
        return {}
    try:
        read = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("The arguments are nested too deeply.") from error
    except ValueError as error:
        why = str(error)
        raise ValueError(f"The arguments are not JSON ({why}). {_AGAIN}") from error
    if not _is_text(read):
        raise ValueError(f"The arguments hold half a character. {_AGAIN}")
    if not isinstance(read, dict):
        raise ValueError(f"The arguments are JSON, but not an object. {_AGAIN}")  # noqa: TRY004
    return read


_AGAIN = "Call the tool again with one JSON object that fits its parameters."


def _is_text(value: object) -> bool:
    """Tell whether it can be sent: JSON may spell half a character, and no text can hold one."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")
