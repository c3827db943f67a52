"""What a broken connection comes to in words, for people and for models.

Decides which of many exceptions, often groups in groups, is the cause. It shows no text of a
stranger whole, and of an address only host and port: the rest may hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx2
from mcp import MCPError
from pydantic import ValidationError

from adapters.tools.link import Options, ToolsGone
from adapters.tools.results import printable

_KEYS: Final = {401, 403}


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Give the exceptions in a group, or the one that is none."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error


def cause(error: BaseException, options: Options, status: int) -> str:
    """Say why there is no connection; goes on after the server's name, without a full stop.

    `status` is the last HTTP status with which the server refused something, 0 if it did not.
    """
    told = [_one(each, options, status) for each in leaves(error)]
    return next(filter(None, told), f"the connection broke ({type(error).__name__})")


def _one(error: BaseException, options: Options, status: int) -> str:
    match error:
        case ToolsGone():
            return str(error)
        case TimeoutError():
            return f"it did not answer within {options.connect:g} seconds"
        case MCPError():
            return _refused(error, options, status)
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return f"nothing answers at {_place(options.url)}"
        case httpx2.HTTPError():
            return f"the connection to {_place(options.url)} broke ({type(error).__name__})"
        case ValidationError():
            return "what it says is not MCP as it should be"
        case RuntimeError():
            return f"it cannot be spoken to: {printable(str(error))}"
        case _:
            return ""


def _refused(error: MCPError, options: Options, status: int) -> str:
    if not status:
        return f"it refuses: {printable(error.error.message)}"
    hint = ", so look at its headers" if status in _KEYS else ""
    return f"{_place(options.url)} answers with HTTP status {status}{hint}"


def _place(url: str) -> str:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}"
