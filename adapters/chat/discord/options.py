"""What the operator decides about a Discord account. Values only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.types import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordOptions:
    """One account. `presets` gives the names that whoever types a command may choose.

    `gateway_url` is None where Discord is to be asked for it. `listen_all`: read what is not
    addressed to the bot, too, which takes the Message Content intent. `threads`: whether a
    mention in a channel opens a thread. `named` gives the circles that `access` names there, as
    "guild:42" and "role:7".
    """

    platform: str
    token: str = field(repr=False)
    api_base: str = "https://discord.com/api/v10"
    gateway_url: str | None = None
    listen_all: bool = False
    threads: Literal["auto", "never"] = "auto"
    presets: Callable[[Command], Sequence[str]] = field(default=lambda _: ())
    named: Callable[[], Collection[str]] = tuple
