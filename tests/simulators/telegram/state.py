"""Who there is and what stands where: people, chats, messages, drafts. Decides no rule.

Ids are Telegram's: a user and the private chat with this user share a positive one, groups have
negative ones, and message ids count within a supergroup, else within the whole account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["private", "group", "supergroup"]
FileKind: TypeAlias = Literal["document", "photo", "voice", "audio", "video"]
Wire: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. `id` is the number as text."""

    id: str
    name: str
    username: str
    bot: bool = False
    language: str = "en"

    @property
    def wire(self) -> Wire:
        return {
            "id": int(self.id),
            "is_bot": self.bot,
            "first_name": self.name,
            "username": self.username,
            "language_code": self.language,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, by its id as text. `name` is for people to read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it was sent. `kind` is the field of the message that carries it."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"
    kind: FileKind = "document"


@dataclass(slots=True, kw_only=True)
class Sent:
    """A message as it stands now. `at` is the loop's time, `versions` all texts with theirs.

    `extra` holds what only the wire needs: documents, service fields.
    """

    id: int
    sender: Person
    date: int
    at: float
    text: str = ""
    entities: Sequence[Wire] = ()
    markup: Wire | None = None
    thread: int | None = None
    in_topic: bool = False
    reply_to: int | None = None
    files: Sequence[File] = ()
    extra: Wire = field(default_factory=dict)
    silent: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    reactions: Sequence[str] = ()
    edit_date: int | None = None
    versions: list[tuple[float, str]] = field(default_factory=list)

    @property
    def words(self) -> Sequence[str]:
        """What its entities cover."""
        raw = self.text.encode("utf-16-le")
        spans = [(each["offset"] * 2, each["length"] * 2) for each in self.entities]
        return [raw[start : start + size].decode("utf-16-le") for start, size in spans]

    @property
    def buttons(self) -> Sequence[Sequence[Wire]]:
        rows: Sequence[Sequence[Wire]] = (self.markup or {}).get("inline_keyboard", ())
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a bot shows while it writes, for half a minute at most.

    Times are the loop's. `stopped`: its reader has had enough.
    """

    id: int
    text: str
    at: float
    until: float
    entities: Sequence[Wire] = ()
    can_stop: bool = False
    keep_on_stop: bool = False
    stopped: bool = False


@dataclass(slots=True, kw_only=True)
class Chat:
    """A chat. `actions` are what was shown as going on, with times.

    `drafts` are by thread, and as they are now; `drafted` are all that ever were.
    """

    id: int
    kind: Kind
    title: str
    members: dict[int, Person] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    messages: dict[int, Sent] = field(default_factory=dict)
    drafts: dict[int | None, Draft] = field(default_factory=dict)
    drafted: list[Draft] = field(default_factory=list)
    actions: list[tuple[float, str]] = field(default_factory=list)
    started: bool = True
    blocked: bool = False
    kicked: bool = False
    left: bool = False
    moved_to: int | None = None

    @property
    def private(self) -> bool:
        return self.kind == "private"

    @property
    def place(self) -> Place:
        return Place(id=str(self.id), name=self.title)

    @property
    def wire(self) -> Wire:
        if self.private:
            person = self.members[self.id]
            names = {"first_name": person.name, "username": person.username}
            return {"id": self.id, "type": "private", **names}
        forum = {"is_forum": True} if self.forum else {}
        return {"id": self.id, "type": self.kind, "title": self.title, **forum}

    def draft(self, thread: int | None, now: float) -> Draft | None:
        """Give the one that is shown now: what was stopped only if it is to be kept."""
        found = self.drafts.get(thread)
        if found is None or found.until <= now or (found.stopped and not found.keep_on_stop):
            return None
        return found


def message_wire(chat: Chat, sent: Sent, *, deep: bool = True) -> Wire:
    """Give a message as the Bot API does; what it replies to is in it, but no deeper."""
    wire: Wire = {
        "message_id": sent.id,
        "from": sent.sender.wire,
        "chat": chat.wire,
        "date": sent.date,
        **sent.extra,
    }
    name = "caption" if sent.files else "text"
    optional = {
        name: sent.text,
        f"{name}_entities" if sent.files else "entities": list(sent.entities),
        "message_thread_id": sent.thread,
        "is_topic_message": sent.in_topic,
        "edit_date": sent.edit_date,
        "reply_markup": sent.markup,
        "link_preview_options": sent.options.get("link_preview_options"),
    }
    wire |= {key: value for key, value in optional.items() if value}
    # In a topic, what replies to nothing is given as a reply to the message that opened it.
    origin = sent.reply_to or (sent.thread if sent.in_topic else None)
    if deep and origin in chat.messages:
        wire["reply_to_message"] = message_wire(chat, chat.messages[origin], deep=False)
    return wire


@dataclass(slots=True, kw_only=True)
class World:
    """Everybody and everything."""

    bot: Person
    people: dict[int, Person] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, tuple[str, File]] = field(default_factory=dict)
    counters: dict[int | None, int] = field(default_factory=dict)
    serial: int = 555_000_110
    draft_seconds: float = 30.0

    def number(self) -> int:
        """A number that nothing else has."""
        self.serial += 1
        return self.serial

    def message_id(self, chat: Chat) -> int:
        counter = chat.id if chat.kind == "supergroup" else None
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]

    def put(self, chat: Chat, sent: Sent) -> Sent:
        """Let a message stand in a chat."""
        chat.messages[sent.id] = sent
        return sent
