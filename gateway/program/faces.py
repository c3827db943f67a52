"""What a face is, to the program that starts and stops it. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.ports import ChatAdapter
    from gateway.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Where people come in.

    `announce` says so, once messages are taken in. `shut` lets nothing new in when the program is
    asked to stop; `close` lets go of everything, after the turns have ended. `take` hears of a
    configuration that was read again.
    """

    chats: tuple[ChatAdapter, ...] = ()
    announce: Callable[[], None] | None = None
    shut: Callable[[], None] | None = None
    close: Callable[[], Awaitable[None]] | None = None
    take: Callable[[Config], None] | None = None
