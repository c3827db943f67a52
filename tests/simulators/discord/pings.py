"""Whom a message mentions, and whom it really pings: its text ∩ allowed_mentions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.discord.errors import members, wrong
from tests.simulators.discord.world import Channel, Said, User, World

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PERSON, ROLE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>")
CROWD = re.compile(r"@(everyone|here)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    people: tuple[User, ...] = ()
    roles: tuple[str, ...] = ()
    everyone: bool = False

    def put(self, said: Said) -> None:
        """Write down what the message mentions now; what it ever pinged stays."""
        said.mentions, said.mention_roles = list(self.people), list(self.roles)
        said.mention_everyone = self.everyone
        said.pinged += [each for each in self.names() if each not in said.pinged]

    def names(self) -> Iterator[str]:
        yield from (each.id for each in self.people)
        yield from self.roles
        yield from ("everyone",) if self.everyone else ()


def check(given: object) -> None:
    """Refuse allowed_mentions that contradict themselves."""
    if given is None:
        return
    if not isinstance(given, dict):
        raise wrong("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used")
    for kind in ("users", "roles"):
        listed = members(given.get(kind) or [], f"allowed_mentions.{kind}", 100)
        if listed and kind in (given.get("parse") or ()):
            words = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            raise wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words)
    for kind in given.get("parse") or ():
        if kind not in {"users", "roles", "everyone"}:
            raise wrong("allowed_mentions.parse.0", "BASE_TYPE_CHOICES", "Unknown type.")


def pings(world: World, said: Said, given: Mapping[str, Any] | None) -> Pings:
    """Say whom it pings; without allowed_mentions that is everybody in its text."""
    text = CODE.sub(" ", visible(said))
    people = [world.users[each] for each in PERSON.findall(text) if each in world.users]
    replied = said.reference.author if said.reference is not None else None
    allowed = [each for each in people if _allows(given, "users", each.id)]
    if replied is not None and (True if given is None else given.get("replied_user", False)):
        allowed.append(replied)
    strong = world.may(said.channel, "mention_everyone", said.author)
    crowd = strong and bool(CROWD.search(text)) and _allows(given, "everyone", "")
    return Pings(
        people=tuple(dict.fromkeys(each for each in allowed if _here(said.channel, each))),
        roles=tuple(dict.fromkeys(_roles(said, text, given, strong=strong))),
        everyone=crowd,
    )


def _roles(
    said: Said, text: str, given: Mapping[str, Any] | None, *, strong: bool
) -> Iterator[str]:
    known = said.channel.guild.roles if said.channel.guild else {}
    for each in ROLE.findall(text):
        if each in known and (strong or known[each].mentionable) and _allows(given, "roles", each):
            yield each


def _allows(given: Mapping[str, Any] | None, kind: str, identity: str) -> bool:
    if given is None:
        return True
    listed = [str(each) for each in given.get(kind) or ()] if kind != "everyone" else []
    return kind in (given.get("parse") or ()) or identity in listed


def _here(channel: Channel, who: User) -> bool:
    return channel.guild is None or who.id in channel.guild.members


def visible(said: Said) -> str:
    """The text that may mention somebody: the content, or the text displays."""
    return "\n".join([said.content, *texts(said.components)]).strip()


def texts(components: list[dict[str, Any]]) -> Iterator[str]:
    for each in components:
        if each["type"] == 10:
            yield each["content"]
        yield from texts(each.get("components") or [])
