"""What a workspace holds: people, conversations, messages. Knows no wire format and no rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from typing_extensions import override

Json: TypeAlias = dict[str, Any]

TEAM = "T0MOA0001"
ELSEWHERE = "T0OTHER01"
APP = "A0MOA0001"
BOT = "B0MOA0001"
BOT_USER = "U0MOABOT1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in Slack. A `team` that is not ours is a Slack Connect stranger's.

    But for those of a sister workspace: they have the `enterprise` of ours.
    """

    id: str
    name: str
    team: str = TEAM
    is_bot: bool = False
    is_admin: bool = False
    is_guest: bool = False
    is_deleted: bool = False
    enterprise: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """A conversation. `kind` is the word of `channel_type`; `shared` with another organisation."""

    id: str
    name: str
    kind: Literal["channel", "group", "im", "mpim"]
    members: set[str]
    archived: bool = False
    shared: bool = False


@dataclass(slots=True, kw_only=True)
class Task:
    """A task card of a plan."""

    id: str
    title: str
    status: str
    details: str = ""
    output: str = ""


@dataclass(slots=True, kw_only=True)
class Stream:
    """A message that grows. `started` is in the simulator's seconds.

    `content` is the argument that it began with; it takes no other (`streaming_mode_mismatch`).
    Stopped by a person it takes nothing more, but its bot may still end it.
    """

    started: float
    recipient: str | None = None
    mode: str = "timeline"
    content: str = ""
    text: str = ""
    plan: str = ""
    tasks: dict[str, Task] = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)
    open: bool = True
    stopped_by_user: bool = False


@dataclass(slots=True, kw_only=True)
class Post:
    """A message as it stands, anybody's. `markdown`: its text came as `markdown_text`.

    `versions` are all texts it has had, with the loop's time of each. `whispered_to` is the one
    person who sees it. `pings` are all that any version of it has pinged.
    """

    ts: str
    place: Place
    user: str
    at: float
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    markdown: bool = False
    thread_ts: str | None = None
    bot: bool = False
    files: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    edited: str | None = None
    deleted: bool = False
    whispered_to: str | None = None
    stream: Stream | None = None
    unfurl: bool = True
    pings: set[str] = field(default_factory=set)
    versions: list[tuple[float, str]] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The thread that it is in, or would open."""
        return self.thread_ts or self.ts


@dataclass(slots=True, kw_only=True)
class Session:
    """What an agent says of its work in a thread."""

    status: str
    title: str = ""


class Posts(list[Post]):
    """All messages in their order; those of one place are found without looking at the others."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, list[Post]] = {}

    @override
    def append(self, post: Post) -> None:
        super().append(post)
        self._places.setdefault(post.place.id, []).append(post)

    def of(self, place: Place) -> Sequence[Post]:
        """List those of a place, deleted ones among them."""
        return self._places.get(place.id, ())


@dataclass(slots=True)
class Workspace:
    """Everything there is. `now` gives wall seconds, `loop` the loop's.

    `undated`: threads are listed without the time of their last reply. `enterprise`: the
    organisation that the workspace belongs to.
    """

    now: Callable[[], float]
    loop: Callable[[], float]
    enterprise: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    posts: Posts = field(default_factory=Posts)
    files: dict[str, Json] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    typing: dict[tuple[str, str], Json] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    usergroups: dict[str, list[str]] = field(default_factory=dict)
    modals: list[Json] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    last: int = 0
    undated: bool = False

    def ts(self, *, ago: float = 0.0) -> str:
        """Make a timestamp that no message has, `ago` seconds earlier."""
        self.last = max(self.last + 1, int(self.now() * 1_000_000))
        moment = self.last - int(ago * 1_000_000)
        return f"{moment // 1_000_000}.{moment % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """Make an id in Slack's manner."""
        count = self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}0{count:08d}"

    def find(self, place: Place, ts: str) -> Post | None:
        """Find a message that is not deleted and that everybody may see."""
        for post in self.posts.of(place):
            if post.ts == ts and not post.deleted:
                return None if post.whispered_to else post
        return None

    def stones(self, place: Place, *, thread: str | None = None) -> list[Post]:
        """List the deleted messages that others stand below: each leaves a tombstone in its place.

        Once the last of those is deleted, it goes, too.
        """
        held = {post.thread_ts for post in self.within(place) if not post.whispered_to}
        gone = (post for post in self.posts.of(place) if post.deleted)
        return [post for post in gone if post.ts in held and (thread is None or post.ts == thread)]

    def within(self, place: Place, *, thread: str | None = None) -> list[Post]:
        """List the messages of a place or of one of its threads, deleted ones left out."""
        return [
            post
            for post in self.posts.of(place)
            if not post.deleted and (thread is None or thread in {post.ts, post.thread_ts})
        ]
