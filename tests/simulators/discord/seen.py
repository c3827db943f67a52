"""What there is to see: people, places, and the bot's messages as they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulators.discord import pings
from tests.simulators.discord.components import BUTTON, SELECTS, walk
from tests.simulators.discord.world import (
    EPHEMERAL,
    LOADING,
    SILENT,
    SUPPRESS_EMBEDS,
    V2,
    Said,
)

LINK = re.compile(r"(?<!<)https?://[^\s<>]+")
FLAGS = {
    "silent": SILENT,
    "no embeds": SUPPRESS_EMBEDS,
    "ephemeral": EPHEMERAL,
    "thinking": LOADING,
    "v2": V2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A DM, a channel of a guild, or a thread. `guild` is None in a DM."""

    id: str
    name: str
    guild: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of the bot as it stands now. `at` is the loop's time of sending.

    `text` is all that is to be read: content, text displays, embeds. `pings` are the ids (or
    "everyone") that it ever pinged. `options` are a select's labels. `flags` are names of FLAGS.
    `unfurls` are the links that Discord would show a preview of. `versions` are all its texts
    with their times.
    """

    id: str
    text: str
    buttons: tuple[str, ...]
    files: tuple[str, ...]
    edits: int
    at: float
    streaming: bool = False
    reply_to: str | None = None
    whispered_to: str | None = None
    options: tuple[str, ...] = ()
    pings: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    nonce: str | None = None
    disabled: tuple[str, ...] = ()
    unfurls: tuple[str, ...] = ()
    versions: tuple[tuple[float, str], ...] = ()


def shown(said: Said) -> Shown:
    """Say what is to be seen of a message."""
    whole = list(walk(said.components))
    pressable = [each for each in whole if each["type"] == BUTTON]
    options = [each for one in whole if one["type"] in SELECTS for each in one.get("options", ())]
    return Shown(
        id=said.id,
        text=readable(said),
        buttons=tuple(label(each) for each in pressable),
        disabled=tuple(label(each) for each in pressable if each.get("disabled")),
        options=tuple(each["label"] for each in options),
        files=tuple(each["filename"] for each in said.attachments),
        edits=said.edits,
        at=said.at,
        reply_to=said.referred_id,
        whispered_to=said.whispered_to.id if said.whispered_to else None,
        pings=tuple(said.pinged),
        flags=frozenset(name for name, bit in FLAGS.items() if said.flags & bit),
        unfurls=_unfurled(said),
        versions=tuple(said.versions),
        nonce=None if said.nonce is None else str(said.nonce),
    )


def readable(said: Said) -> str:
    """All that is to be read of a message."""
    embeds = [embed.get(name) for embed in said.embeds for name in ("title", "description")]
    return "\n".join([pings.visible(said), *(each for each in embeds if each)]).strip()


def _unfurled(said: Said) -> tuple[str, ...]:
    if said.flags & SUPPRESS_EMBEDS:
        return ()
    return tuple(LINK.findall(pings.CODE.sub(" ", said.content)))


def label(button: Mapping[str, object]) -> str:
    emoji = button.get("emoji")
    icon = str(emoji.get("name") or "") if isinstance(emoji, dict) else ""
    return f"{icon} {button.get('label') or ''}".strip()
