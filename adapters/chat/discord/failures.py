"""What went wrong at Discord, in words of `core.errors`.

Decides what kind of failure it is; never what to do about it. A vendor's exception ends here.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from math import isfinite
from typing import Final

import aiohttp
import discord
import msgspec

from core.errors import (
    ChatAway,
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatRefused,
    ChatUnknown,
    MessageGone,
)

TOO_MANY: Final = 429
"""The HTTP status of a rate limit."""
UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_GUILD: Final = 10004
UNKNOWN_MEMBER: Final = 10007
UNKNOWN_USER: Final = 10013
UNKNOWN_MESSAGE: Final = 10008
THREAD_EXISTS: Final = 160004
ARCHIVED: Final = 50083
"""The thread is put away; whoever writes into it brings it back."""
UNFIT: Final = frozenset({50006, 50035})
"""An empty message, which is what layout is to a server without it; an invalid form."""
ACKNOWLEDGED: Final = 40060
"""The interaction was acknowledged before."""
EXPIRED: Final = frozenset({10062, 10015, 50027})
"""Unknown interaction, unknown webhook, its token is too old: there is nobody to answer there."""

_CLOSED: Final = frozenset(
    {
        UNKNOWN_CHANNEL,
        UNKNOWN_GUILD,
        50001,  # missing access
        50007,  # this person takes no messages
        50013,  # missing permissions
        160005,  # the thread is locked
        50278,  # no server in common with this person
    }
)
_IN_FRONT: Final = 40333
"""Cloudflare refused the request, and Discord never saw it."""
_NOT_OURS: Final = 50005
"""The message is somebody else's; others of ours may still be written there."""
_LONG: Final = 200
_WAIT: Final = 5.0


class Refusal(ChatError):
    """Discord refused a call with this code of its own."""

    def __init__(self, message: str, *, code: int) -> None:
        """Keep the code."""
        super().__init__(message)
        self.code = code


class Closed(ChatClosed, Refusal):
    """Nothing can be written there."""


class Gone(MessageGone, Refusal):
    """The message is not there."""


def code_of(error: ChatError) -> int:
    """Give Discord's own code of a failure, 0 where there is none."""
    return error.code if isinstance(error, Refusal) else 0


def failure(error: Exception) -> ChatError:
    """Give the failure that this exception stands for."""
    match error:
        case discord.RateLimited():
            return ChatBusy("Discord asks to wait", retry_after=error.retry_after)
        case discord.HTTPException():
            return _refused(error)
        case aiohttp.ClientConnectorError():
            return ChatAway(f"Discord cannot be reached: {_line(str(error))}")
        case TimeoutError():
            return ChatUnknown("Discord did not answer in time")
        case _:
            return ChatUnknown(f"the connection to Discord broke: {_line(str(error))}")


def _refused(error: discord.HTTPException) -> ChatError:
    said = _line(error.text) or f"HTTP {error.status}"
    if error.status == TOO_MANY:
        return ChatBusy("Discord asks to wait", retry_after=limit_of(error).seconds)
    if error.status == 401 and error.code not in EXPIRED:
        return ChatRefused(f"Discord does not accept the token: {said}")
    if error.status >= 500:
        return ChatUnknown(f"Discord is out of order: {said}")
    if error.status == 403 and _is_from_in_front(error):
        return ChatAway(f"something in front of Discord refused it: {said}")
    return _meant(error, said)


def _is_from_in_front(error: discord.HTTPException) -> bool:
    """Say whether a refusal is none of Discord's: it comes from Cloudflare, or is a page."""
    told = error.response.headers.get("Content-Type", "")
    return error.code == _IN_FRONT or not told.startswith("application/json")


def _meant(error: discord.HTTPException, said: str) -> ChatError:
    """Give what Discord means with a code of its own."""
    if error.code == UNKNOWN_MESSAGE:
        return Gone(f"the message is gone: {said}", code=error.code)
    if error.code in _CLOSED or (error.status == 403 and error.code != _NOT_OURS):
        return Closed(f"Discord lets nothing be written there: {said}", code=error.code)
    return Refusal(f"Discord refused ({error.code or error.status}): {said}", code=error.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long to wait, in seconds; `everywhere` is with every call of the account."""

    seconds: float
    everywhere: bool


def limit_of(error: discord.HTTPException) -> Limit:
    """Read what a 429 says; one from in front of Discord says it in a header alone."""
    try:
        told = msgspec.json.decode(error.text)
    except (ValueError, RecursionError):
        told = None
    told, headers = told if isinstance(told, dict) else {}, error.response.headers
    for said in (told.get("retry_after"), headers.get("Retry-After")):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            if isfinite(seconds := float(said or "")):
                return Limit(seconds=max(0.0, seconds), everywhere=told.get("global") is True)
    return Limit(seconds=_WAIT, everywhere=told.get("global") is True)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONG]
