"""Who is let in, and what they are: roles by immutable ids. Pure; asks nobody and stores nothing.

Closed by default: nobody is let in by an empty list, and no name of anybody lets them in. When
the bot speaks, `core.policy` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from core.presets import Preset
from core.types import Address, Author

Role: TypeAlias = Literal[
    "denied", "stranger", "bot", "guest", "member", "chat_admin", "admin", "owner"
]
"""A `bot` is one that is not let in: that takes its own id."""
Decision: TypeAlias = Literal["allow", "deny"]

NAMED_ADMINS: Final[frozenset[Role]] = frozenset({"admin", "owner"})
"""Named by the file: they let people in and set budgets. No platform's admin ever does."""
ADMINS: Final[frozenset[Role]] = NAMED_ADMINS | {"chat_admin"}
"""Administer what a chat sets."""
ADMITTED: Final[frozenset[Role]] = ADMINS | {"member"}
"""Are let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What was decided of a person in chat. `until` is in ms, None for ever.

    `direct`: it holds in private alone, as it does for those who came in by a code.
    """

    decision: Decision
    until: int | None = None
    direct: bool = False

    def key(self, person: str) -> str:
        """Name the setting in which it is kept."""
        return f"{self.decision}:{person}"

    @property
    def text(self) -> str:
        """Write down what is kept of it, beside what its key says."""
        until = "ever" if self.until is None else str(self.until)
        return f"direct {until}" if self.direct else until

    @classmethod
    def read(cls, key: str, text: str) -> tuple[str, Grant] | None:
        """Read whom it is about and what it says; None for what is none."""
        decision, _, person = key.partition(":")
        until = text.removeprefix("direct ")
        if decision not in {"allow", "deny"} or not (until == "ever" or until.isdecimal()):
            return None
        return person, cls(
            decision="allow" if decision == "allow" else "deny",
            until=None if until == "ever" else int(until),
            direct=text.startswith("direct "),
        )

    def holds(self, now: int, *, direct: bool) -> bool:
        """Say whether it counts at `now` (ms), in private or not."""
        return (self.until is None or now < self.until) and (direct or not self.direct)


PAIRED: Final = Grant(decision="allow", direct=True)
"""What a pairing code is good for."""


def grants_scope(platform: str) -> str:
    """Name the scope in which it is kept who was let in or shut out on an account."""
    return f"access:{platform}"


def decided(grants: Iterable[Grant], now: int, *, direct: bool) -> Decision | None:
    """Say what was decided of somebody in chat, as far as it holds: a deny wins."""
    held = {each.decision for each in grants if each.holds(now, direct=direct)}
    return "deny" if "deny" in held else "allow" if held else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may talk to it, as subjects: "platform:user-id" or "platform:circle".

    `chat_admins`: whoever administers a chat administers what it sets. `guests`: also people
    from other organisations. `public`: everybody.
    """

    owners: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    chat_admins: bool = True
    guests: bool = False
    public: bool = False

    def role(
        self, author: Author, address: Address, *, direct: bool, chat: Decision | None = None
    ) -> Role:
        """Say what somebody is here; `chat` is what was decided of them in chat.

        To be denied wins: by the file over everything, in chat over all but the file's owners.
        Owners are known by their own id alone. A guest is not let in with a whole workspace,
        only by their own id or where guests are welcome. A bot is let in by its own id alone,
        and never as more than a member: no group or place, and no `public`, names bots.
        """
        own = f"{address.platform}:{author.id}"
        everything = {own, *_groups(author, address, direct=direct)}
        if everything & self.deny:
            return "denied"
        if author.is_bot:
            named = chat == "allow" or (chat is None and own in self.allow)
            return "member" if named else "bot"
        return self._role_of_person(author, own, everything, chat)

    def _role_of_person(
        self, author: Author, own: str, everything: set[str], chat: Decision | None
    ) -> Role:
        if own in self.owners:
            return "owner"
        if chat == "deny":
            return "denied"
        if author.is_guest and chat is None and not self._welcomes(own):
            return "guest"
        if everything & self.admins:
            return "admin"
        if chat == "allow" or self.public or everything & self.allow:
            return self._member(author)
        return "stranger"

    def _member(self, author: Author) -> Role:
        return "chat_admin" if self.chat_admins and author.is_admin else "member"

    def has_admins(self, platform: str) -> bool:
        """Say whether there may be anybody on a platform who administers a chat."""
        named = (*self.owners, *self.admins)
        return self.chat_admins or any(each.partition(":")[0] == platform for each in named)

    def _welcomes(self, guest: str) -> bool:
        return self.guests or guest in self.admins or guest in self.allow


def _groups(author: Author, address: Address, *, direct: bool) -> set[str]:
    groups = {f"{address.platform}:{circle}" for circle in author.circles}
    return groups if direct else groups | {f"{address.platform}:chat:{address.channel}"}


def kept_from(
    preset: Preset, role: Role, author: Author, address: Address, *, direct: bool
) -> bool:
    """Say whether a preset is not for somebody to choose: it names others (MOA-2).

    Owners choose any; one that names nobody is for everybody who is let in.
    """
    if not preset.allow or role == "owner":
        return False
    everything = {f"{address.platform}:{author.id}", *_groups(author, address, direct=direct)}
    return everything.isdisjoint(preset.allow)


def subject_to_allow(author: Author, address: Address, *, direct: bool) -> str:
    """Name what an operator would add to let this person in, or the whole place."""
    if direct:
        return f"{address.platform}:{author.id}"
    places = [each for each in author.circles if not each.startswith("role:")]
    return f"{address.platform}:{places[0] if places else f'chat:{address.channel}'}"


# --- whom something is for --------------------------------------------------------------------

Who: TypeAlias = Literal["anybody", "members", "oneself", "asker", "admins", "operators", "owners"]
"""Whom something is for, of those who are let in.

`members`: whoever may take part here. `oneself`: it touches what is one's own alone. `asker`:
whoever asked the turn that is meant, and admins. `admins`: of this chat, too. `operators`: whom
the file names as admins or owners; who administers a chat is none of them.
"""

_ROLES: Final[Mapping[Who, frozenset[Role]]] = {
    "anybody": ADMITTED,
    "members": ADMITTED,
    "oneself": ADMITTED,
    "asker": ADMINS,
    "admins": ADMINS,
    "operators": NAMED_ADMINS,
    "owners": frozenset({"owner"}),
}


def permits(who: Who, role: Role, *, own: bool = False) -> bool:
    """Say whether something that is for `who` is for somebody with this role.

    `own`: it was them who asked the turn that is meant.
    """
    return role in _ROLES[who] or (who == "asker" and own and role in ADMITTED)
