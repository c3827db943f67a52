"""What every route works with: one call, and how a message is written and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.base import Changes
from tests.simulators.discord import objects, pings, rules
from tests.simulators.discord.errors import Refused, wrong
from tests.simulators.discord.gateway import Gateway
from tests.simulators.discord.seen import readable
from tests.simulators.discord.world import EPHEMERAL, LOADING, Channel, Said, User, World

UPLOAD = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: ids from its path, its query, its JSON, its files by their number."""

    ids: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    files: Mapping[int, tuple[str, bytes]] = field(default_factory=dict)
    listed: list[Any] | None = None


class Desk:
    """Writes messages into the world and tells the gateway."""

    def __init__(self, world: World, gateway: Gateway, changes: Changes) -> None:
        self.world, self.gateway, self.changes = world, gateway, changes
        self.files_url = ""
        self.nonce_seconds = 300.0  # how long it is remembered what was posted with a nonce

    def draft(self, channel: Channel, author: User, *, ago: float = 0.0) -> Said:
        return Said(self.world.snowflake(ago=ago), channel, author, self.loop_time() - ago)

    def loop_time(self) -> float:
        return self.gateway.now()

    def add(self, said: Said) -> None:
        """Put a new message into its channel, and tell."""
        said.versions.append((said.at, readable(said)))
        channel = said.channel
        channel.messages[said.id] = said
        channel.last_id = said.id
        channel.joined.add(said.author.id)
        self.changes.tell()
        if channel.archived:
            channel.archived = False
            self.told("THREAD_UPDATE", objects.channel(self.world, channel))
        self.tell("MESSAGE_CREATE", said)

    def changed(self, said: Said) -> None:
        """Tell that a message was edited."""
        said.edited, said.edits = self.world.now(), said.edits + 1
        said.versions.append((self.loop_time(), readable(said)))
        self.changes.tell()
        self.tell("MESSAGE_UPDATE", said)

    def finished(self, said: Said) -> None:
        """Tell that a message is there of which only "thinking…" was seen: this is no edit."""
        said.flags &= ~LOADING
        said.versions = [(self.loop_time(), readable(said))]
        self.changes.tell()
        self.tell("MESSAGE_UPDATE", said)

    def tell(self, event: str, said: Said) -> None:
        """Tell of a message; one for a person alone comes as if it were direct."""
        private = said.channel.guild is None or bool(said.flags & EPHEMERAL)
        if private or self.world.may(said.channel, "view"):
            data = objects.event(self.world, said)
            self.gateway.message(event, data, private=private)

    def told(self, event: str, data: dict[str, Any], *, intent: int = 1) -> None:
        self.gateway.dispatch(event, data, intent=intent)
        self.changes.tell()

    # --- what the bot writes ------------------------------------------------------------

    def fill(self, said: Said, call: Call, *, old: Said | None = None) -> None:
        """Put a form into a message; refuses what Discord refuses, and changes nothing then."""
        form = call.form
        given = rules.check(form, old=old, whispers=said.interaction is not None)
        attachments, blobs = self._attachments(said, call, old)
        trial = Said(said.id, said.channel, said.author, said.at)
        for name in ("content", "embeds", "components"):
            setattr(trial, name, given.get(name, getattr(said, name)))
        trial.attachments, trial.extra = attachments, said.extra
        rules.not_empty(trial)
        for name in ("content", "embeds", "components"):
            setattr(said, name, getattr(trial, name))
        said.flags = given["flags"] | (said.flags & EPHEMERAL)
        said.attachments, said.blobs = attachments, blobs
        if old is None or {"content", "components", "allowed_mentions"} & set(form):
            pings.pings(self.world, said, form.get("allowed_mentions")).put(said)

    def _attachments(
        self, said: Said, call: Call, old: Said | None
    ) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        kept = list(said.attachments) if old is not None else []
        listed = call.form.get("attachments")
        if listed is not None:
            ids = {str(each.get("id")) for each in listed}
            kept = [each for each in kept if each["id"] in ids]
        named = {str(each.get("id")): each for each in listed or ()}
        blobs = {each["filename"]: said.blobs[each["filename"]] for each in kept}
        for number, (name, data) in call.files.items():
            if len(data) > UPLOAD:
                raise Refused(40005)
            told = named.get(str(number), {})
            made = self.attachment(said, told.get("filename") or name, data)
            kept.append(made | {key: told[key] for key in ("description",) if told.get(key)})
            blobs[made["filename"]] = data
        if len(kept) > 10:
            words = "Must be 10 or fewer in length."
            raise wrong("attachments", "BASE_TYPE_MAX_LENGTH", words)
        return kept, blobs

    def attachment(self, said: Said, name: str, data: bytes, kind: str = "") -> dict[str, Any]:
        identity = self.world.snowflake()
        url = f"{self.files_url}/attachments/{said.channel.id}/{said.id}/{name}?ex=1&is=1&hm=1"
        whole = {"id": identity, "filename": name, "size": len(data), "url": url}
        return whole | {"proxy_url": url} | ({"content_type": kind} if kind else {})
