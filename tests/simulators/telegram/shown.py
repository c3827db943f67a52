"""What people see of the bot: its messages as they stand, with what they would ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulators.telegram.state import Chat, File, Sent, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of the bot. `at` is the loop's time of its sending.

    `files` are names, `attached` the files themselves. `pings` are the usernames of members whom
    its text rings. `versions` are all its texts with their times. `silent`: it came without a
    sound. `previews`: a link in it may unfurl.
    """

    id: str
    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    edits: int = 0
    streaming: bool = False
    at: float = 0.0
    reply_to: str | None = None
    whispered_to: str | None = None
    attached: tuple[File, ...] = ()
    thread: str | None = None
    pings: tuple[str, ...] = ()
    entities: tuple[Wire, ...] = ()
    silent: bool = False
    previews: bool = True
    reactions: tuple[str, ...] = ()
    versions: tuple[tuple[float, str], ...] = ()


def show(chat: Chat, sent: Sent) -> Shown:
    labels = [str(button["text"]) for row in sent.buttons for button in row]
    preview: Mapping[str, Any] = sent.options.get("link_preview_options") or {}
    return Shown(
        id=str(sent.id),
        text=sent.text,
        buttons=tuple(labels),
        files=tuple([each.name for each in sent.files]),
        attached=tuple(sent.files),
        edits=max(0, len(sent.versions) - 1),
        at=sent.at,
        reply_to=None if sent.reply_to is None else str(sent.reply_to),
        thread=None if sent.thread is None else str(sent.thread),
        pings=tuple(rung(chat, sent)),
        entities=tuple(sent.entities),
        silent=sent.silent,
        previews=not preview.get("is_disabled"),
        reactions=tuple(sent.reactions),
        versions=tuple(sent.versions),
    )


def rung(chat: Chat, sent: Sent) -> Sequence[str]:
    """Give the usernames of members whom a message rings, its writer apart."""
    pairs = list(zip(sent.entities, sent.words, strict=True))
    named = {word.lower() for each, word in pairs if each["type"] == "mention"}
    linked = {str(each["user"]["id"]) for each, _ in pairs if each["type"] == "text_mention"}
    return [
        each.username
        for each in chat.members.values()
        if each.id != sent.sender.id and (f"@{each.username.lower()}" in named or each.id in linked)
    ]
