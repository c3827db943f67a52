"""Presses, picks and slash commands: told to the bot, acknowledged within 3 s, then answered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.discord import objects
from tests.simulators.discord.desk import Call, Desk
from tests.simulators.discord.errors import Refused, inside, members, text, wrong
from tests.simulators.discord.messages import read, remove
from tests.simulators.discord.world import (
    COMMAND,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    REPLY,
    Channel,
    Said,
    User,
)

SLASH, COMPONENT, AUTOCOMPLETE = 2, 3, 4
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
FITS = {
    SLASH: {MESSAGE, DEFERRED, MODAL},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
}
Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Interaction:
    """One press, pick or command, and what became of it."""

    id: str
    kind: int
    channel: Channel
    person: User
    at: float
    data: Json
    message: Said | None = None
    token: str = field(default_factory=lambda: "aW50ZXJhY3Rpb24" + secrets.token_urlsafe(64))
    answer: int | None = None
    original: Said | None = None
    whispers: bool = False
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None


class Interactions:
    """All of them, by id and token."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.ack_seconds = 3.0
        self.token_seconds = 900.0
        self.told = 1  # how often the bot is told of each
        self.all: list[Interaction] = []

    def start(
        self, kind: int, channel: Channel, person: User, data: Json, said: Said | None = None
    ) -> Interaction:
        """Tell the bot that somebody did something."""
        desk = self._desk
        made = Interaction(
            desk.world.snowflake(), kind, channel, person, desk.loop_time(), data, said
        )
        self.all.append(made)
        for _ in range(self.told):
            desk.gateway.dispatch("INTERACTION_CREATE", self._event(made))
        return made

    def _event(self, made: Interaction) -> Json:
        world, channel = self._desk.world, made.channel
        event: Json = {
            "id": made.id,
            "application_id": world.application_id,
            "type": made.kind,
            "token": made.token,
            "version": 1,
            "data": made.data,
            "channel_id": channel.id,
            "channel": objects.channel(world, channel),
            "app_permissions": str(world.rights(channel, world.bot)),
            "locale": "en-US",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": channel.guild.id if channel.guild else "0"},
            "context": 0 if channel.guild else 1,
            "attachment_size_limit": 10_485_760,
        }
        if made.message is not None:
            event["message"] = objects.message(world, made.message)
        if channel.guild is None:
            return event | {"user": objects.user(made.person)}
        guild, rights = channel.guild, str(world.rights(channel, made.person))
        event["channel"] |= {"permissions": rights}
        who = objects.member(world, guild, made.person) | {"user": objects.user(made.person)}
        return event | {
            "guild_id": guild.id,
            "guild_locale": "en-US",
            "guild": {"id": guild.id, "locale": "en-US", "features": []},
            "member": who | {"permissions": rights, "unusual_dm_activity_until": None},
        }

    # --- the callback -------------------------------------------------------------------

    def callback(self, desk: Desk, call: Call) -> Json | None:
        made = self._fresh(call.ids["interaction"], call.ids["token"])
        kind, data = call.form.get("type"), call.form.get("data") or {}
        if kind not in FITS[made.kind]:
            words = f"Value must be one of {{{', '.join(map(str, sorted(FITS[made.kind])))}}}."
            raise wrong("type", "BASE_TYPE_CHOICES", words)
        try:
            self._do(made, kind, Call(ids=call.ids, form=data, files=call.files))
        except Refused as refused:
            raise inside("data", refused) from None
        made.answer = kind
        desk.changes.tell()
        return self._told(made) if call.query.get("with_response") in {"1", "true"} else None

    def _do(self, made: Interaction, kind: int, inner: Call) -> None:
        if kind == CHOICES:
            made.choices = _choices(inner.form.get("choices"))
        elif kind == MODAL:
            made.modal = _modal(inner.form)
        elif kind in {MESSAGE, DEFERRED}:
            made.original = self._first(made, inner, loading=kind == DEFERRED)
        else:
            made.original = made.message
            if kind == UPDATE and made.message is not None:
                self._change(made.message, inner)

    def _fresh(self, identity: str, token: str) -> Interaction:
        found = [each for each in self.all if each.id == identity and each.token == token]
        if not found or self._desk.loop_time() - found[0].at > self.ack_seconds:
            raise Refused(10062)
        if found[0].answer is not None:
            raise Refused(40060)
        return found[0]

    def _first(self, made: Interaction, call: Call, *, loading: bool) -> Said:
        said = self._draft(made, COMMAND if made.kind == SLASH else DEFAULT)
        if made.kind == COMPONENT and made.message is not None:
            said.type, said.reference, said.referred_id = REPLY, made.message, made.message.id
        if loading:
            said.flags = LOADING | (int(call.form.get("flags") or 0) & EPHEMERAL)
        else:
            self._desk.fill(said, call)
        made.whispers = bool(said.flags & EPHEMERAL)
        said.whispered_to = made.person if made.whispers else None
        self._desk.add(said)
        return said

    def _draft(self, made: Interaction, kind: int) -> Said:
        said = self._desk.draft(made.channel, self._desk.world.bot)
        said.type = kind
        said.interaction = {
            "id": made.id,
            "type": made.kind,
            "user": objects.user(made.person),
            "authorizing_integration_owners": {},
        }
        return said

    def _change(self, said: Said, call: Call) -> None:
        self._desk.fill(said, call, old=said)
        if said.flags & LOADING:
            self._desk.finished(said)
        else:
            self._desk.changed(said)

    def _told(self, made: Interaction) -> Json:
        said = made.original
        about: Json = {"id": made.id, "type": made.kind, "activity_instance_id": None}
        resource: Json = {"type": made.answer}
        if said is not None and made.answer in {MESSAGE, DEFERRED}:
            about |= {
                "response_message_id": said.id,
                "response_message_loading": bool(said.flags & LOADING),
                "response_message_ephemeral": made.whispers,
            }
            resource["message"] = read(self._desk, said)
        return {"interaction": about, "resource": resource}

    # --- follow-ups ---------------------------------------------------------------------

    def _by_token(self, call: Call) -> Interaction:
        if call.ids["app"] != self._desk.world.application_id:
            raise Refused(10015)
        found = [each for each in self.all if each.token == call.ids["token"]]
        if not found:
            raise Refused(10015)
        if self._desk.loop_time() - found[0].at > self.token_seconds:
            raise Refused(50027)
        if found[0].answer is None:
            raise Refused(10015)
        return found[0]

    def follow_up(self, desk: Desk, call: Call) -> Json:
        made = self._by_token(call)
        waiting = made.original
        if waiting is not None and waiting.flags & LOADING:
            self._change(waiting, call)
            return read(desk, waiting)
        said = self._draft(made, DEFAULT)
        if made.original is not None:
            said.type, said.reference, said.referred_id = REPLY, made.original, made.original.id
        desk.fill(said, call)
        said.whispered_to = made.person if said.flags & EPHEMERAL else None
        desk.add(said)
        return read(desk, said)

    def _target(self, call: Call) -> Said:
        made, wanted = self._by_token(call), call.ids["message"]
        said = made.original
        if wanted != "@original":
            said = made.channel.messages.get(wanted)
            if said is not None and (said.interaction or {}).get("id") != made.id:
                said = None
        if said is None or said.id not in made.channel.messages:
            raise Refused(10008)
        return said

    def get_answer(self, desk: Desk, call: Call) -> Json:
        return read(desk, self._target(call))

    def edit_answer(self, desk: Desk, call: Call) -> Json:
        said = self._target(call)
        self._change(said, call)
        return read(desk, said)

    def delete_answer(self, desk: Desk, call: Call) -> None:
        remove(desk, self._target(call))


def _choices(given: object) -> list[Json]:
    listed = members(given, "choices", 25)
    for place, each in enumerate(listed):
        text(each.get("name"), f"choices.{place}.name", 100, least=1)
        if isinstance(each.get("value"), str):
            text(each["value"], f"choices.{place}.value", 100, least=1)
    return listed


def _modal(data: Mapping[str, Any]) -> Json:
    text(data.get("title"), "title", 45, least=1)
    text(data.get("custom_id"), "custom_id", 100, least=1)
    members(data.get("components"), "components", 5)
    return dict(data)
