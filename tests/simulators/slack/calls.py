"""A Web API call on its way in: its merged arguments, its scope, its rate. Does nothing itself.

Rates are those of docs.slack.dev/apis/web-api/rate-limits: a tier's count in a minute, and about
one message a second in a channel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tests.simulators.base import Changes, Window
from tests.simulators.slack.blocks import Refused
from tests.simulators.slack.model import BOT_USER, Json, Place, Post, Workspace

MANIFEST_SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:manage",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:history",
        "im:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "reactions:write",
        "users:read",
    }
)
MANIFEST_EVENTS = frozenset(
    {
        "agent_session_stopped",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
    }
)
MINUTE = 60.0
MESSAGE_BURST = 5
"""How many messages one channel takes at once, refilled within as many seconds: 1 a second."""


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a call, merged from query, form and JSON."""

    given: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """Give a text; numbers and booleans of JSON are texts, too."""
        value = self.given.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """Give a text that has to be there.

        Raises:
            Refused: it is not.
        """
        value = self.text(name)
        if not value:
            raise Refused("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a truth value, in any of the spellings of forms."""
        value = self.text(name)
        return value.lower() in {"true", "1"} if value else default

    def number(self, name: str, default: int) -> int:
        """Give a whole number.

        Raises:
            Refused: it is none.
        """
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise Refused("invalid_arguments", f"must be an integer: {name}")
        return int(value)

    def has(self, name: str) -> bool:
        """Tell whether it was given, and not null."""
        return self.given.get(name) is not None

    def decoded(self, name: str, error: str) -> Any:
        """Give a JSON value, which forms carry as text.

        Raises:
            Refused: with `error`, if it is no JSON.
        """
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(error) from None


@dataclass(slots=True, kw_only=True)
class Backend:
    """What all methods work on. `tell` sends an event about a place.

    `stream_life` are the seconds after which a stream is dead, whatever flows
    (python-slack-sdk#1859). `revoked` is the error of every token, once it is set.
    `unthreads`: what answers a message that is gone is posted into the channel instead of being
    refused (slack-go#1571). `nameless`: auth.test does not say which workspace this is.
    """

    space: Workspace
    changes: Changes
    tell: Callable[[Json, Place | None], None]
    scopes: set[str] = field(default_factory=lambda: set(MANIFEST_SCOPES))
    subscriptions: set[str] = field(default_factory=lambda: set(MANIFEST_EVENTS))
    stream_life: float = 300.0
    revoked: str = ""
    unthreads: bool = False
    nameless: bool = False
    base_url: str = ""
    tickets: set[str] = field(default_factory=set)
    triggers: dict[str, float] = field(default_factory=dict)

    def place(self, ident: str) -> Place:
        """Give a place that the bot may write to.

        Raises:
            Refused: there is none, or not for the bot.
        """
        place = self.space.places.get(ident)
        if place is None and ident in self.space.people:
            place = self.direct(ident)
        if place is None or (place.kind != "channel" and BOT_USER not in place.members):
            raise Refused("channel_not_found")
        if BOT_USER not in place.members and "chat:write.public" not in self.scopes:
            raise Refused("not_in_channel")
        if place.archived:
            raise Refused("is_archived")
        return place

    def direct(self, person: str) -> Place:
        """Give the direct conversation of the bot with somebody, opened if need be."""
        for place in self.space.places.values():
            if place.kind == "im" and person in place.members:
                return place
        name = self.space.people[person].name
        ident = self.space.new_id("D")
        place = Place(id=ident, name=name, kind="im", members={person, BOT_USER})
        self.space.places[ident] = place
        return place

    def own(self, args: Args, error: str) -> Post:
        """Give the bot's own message that the call names.

        Raises:
            Refused: there is none, or it is somebody else's, which is `error`.
        """
        place = self.space.places.get(args.need("channel"))
        if place is None:
            raise Refused("channel_not_found")
        post = self.space.find(place, args.need("ts"))
        if post is None:
            raise Refused("message_not_found")
        if not post.bot:
            raise Refused(error)
        return post

    def streaming(self, post: Post) -> bool:
        """Tell whether it still grows; a stream dies of age."""
        stream = post.stream
        if stream and stream.open and self.space.now() - stream.started >= self.stream_life:
            stream.open = False
        return bool(stream and stream.open)


Do: TypeAlias = Callable[[Backend, Args], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method needs. `scopes`: any one of them, for a call with these arguments."""

    do: Do
    scopes: Callable[[Backend, Args], tuple[str, ...]]
    per_minute: int
    token: Literal["bot", "app"] = "bot"


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *scopes: str,
    per_minute: int = 50,
    token: Literal["bot", "app"] = "bot",
    by: Callable[[Backend, Args], tuple[str, ...]] | None = None,
) -> Callable[[Do], Do]:
    """Say under which name a function is called, and what that takes."""

    def known(do: Do) -> Do:
        METHODS[name] = Method(
            do=do, scopes=by or (lambda _, __: scopes), per_minute=per_minute, token=token
        )
        return do

    return known


@dataclass(slots=True)
class Rates:
    """How often each method may be called. `scale` shortens every span.

    `held` are channels where nothing may be written before a time of the loop.
    """

    scale: float = 1.0
    windows: dict[str, Window] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)

    def wait(self, name: str, args: Args, now: float) -> float:
        """Take a call: 0 if it may be made, else the seconds until then."""
        held = self.held.get(args.text("channel"), 0.0) - now
        if held > 0:
            return held
        wait = self._window(name, METHODS[name].per_minute, MINUTE).take(now)
        if not wait and name == "chat.postMessage":
            key = f"{name} {args.text('channel')}"
            wait = self._window(key, MESSAGE_BURST, float(MESSAGE_BURST)).take(now)
        return wait

    def _window(self, key: str, count: int, seconds: float) -> Window:
        key = f"{key} {self.scale}"
        if key not in self.windows:
            self.windows[key] = Window(count, seconds / self.scale)
        return self.windows[key]
