"""The shapes of what Slack sends, as far as they are read. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec

Stamp = Annotated[str, msgspec.Meta(pattern=r"^(\d{1,12}(\.\d{1,9})?)?$")]
"""The name of a message, which is also when it was written: "1700000000.000100"."""
Moment = str | float
"""When something happened; nothing is found by it, so any form will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the bot is in its workspace. `enterprise` is blank outside a grid, `name` for people."""

    user: str
    bot: str
    team: str
    enterprise: str = ""
    name: str = ""

    def at(self, team: str) -> Me:
        """Say who we are where something came from, if Slack has not named our workspace."""
        return self if self.team else replace(self, team=team)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of somebody. `guest`: of this workspace, or deactivated, or a stranger.

    `enterprise` is the grid that they belong to, whichever its workspace, `groups` the user groups
    that they are in. `name` may be blank.
    """

    name: str = ""
    guest: bool = False
    admin: bool = False
    enterprise: str = ""
    groups: tuple[str, ...] = ()


class Shared(msgspec.Struct):
    """A file that came with a message."""

    id: str = ""
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    size: int | None = None
    url_private: str | None = None


class Edit(msgspec.Struct):
    """When somebody changed a message last."""

    ts: Moment = ""


class Version(msgspec.Struct):
    """A message within an event about it: as it is now, or as it was before."""

    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str | None = None
    ts: Stamp = ""
    thread_ts: Stamp | None = None
    parent_user_id: str | None = None
    team: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    files: list[Shared] | None = None
    edited: Edit | None = None


class Event(msgspec.Struct):
    """One event of the Events API: a message, a mention, a Stop, an opened App Home.

    `message` and `previous_message` are the one that was changed, now and before; `deleted_ts`
    names one that was deleted.
    """

    type: str
    message: Version | None = None
    previous_message: Version | None = None
    deleted_ts: Stamp | None = None
    subtype: str | None = None
    channel: str = ""
    channel_type: str | None = None
    user: str | None = None
    username: str | None = None
    bot_id: str | None = None
    text: str | None = None
    ts: Stamp = ""
    thread_ts: Stamp | None = None
    event_ts: Moment = ""
    parent_user_id: str | None = None
    team: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    files: list[Shared] | None = None
    tab: str | None = None
    streaming_message_ts: list[str] | None = None
    inviter: str | None = None
    app_id: str | None = None


class Callback(msgspec.Struct):
    """What an event comes in."""

    event: Event
    event_id: str = ""
    team_id: str = ""
    enterprise_id: str | None = None
    api_app_id: str | None = None


class Named(msgspec.Struct):
    """A person, a channel or a workspace in a press."""

    id: str = ""
    name: str | None = None
    username: str | None = None
    team_id: str | None = None
    enterprise_id: str | None = None


class Chosen(msgspec.Struct):
    """An entry of a menu."""

    value: str = ""


class Acted(msgspec.Struct):
    """What was pressed or chosen."""

    action_id: str = ""
    type: str = ""
    value: str | None = None
    selected_option: Chosen | None = None
    action_ts: Moment = ""


class Below(msgspec.Struct):
    """The message that a button stands under."""

    ts: Stamp = ""
    thread_ts: Stamp | None = None


class Container(msgspec.Struct):
    """Where a button stands: in a message, private or not, or in the App Home."""

    type: str = ""
    message_ts: Stamp = ""
    thread_ts: Stamp | None = None
    channel_id: str = ""
    is_ephemeral: bool = False


class Interaction(msgspec.Struct):
    """A press of a button or a choice in a menu."""

    type: str
    user: Named = msgspec.field(default_factory=Named)
    team: Named | None = None
    channel: Named | None = None
    message: Below | None = None
    container: Container = msgspec.field(default_factory=Container)
    actions: list[Acted] = msgspec.field(default_factory=list)
    trigger_id: str = ""
    response_url: str | None = None


class Slash(msgspec.Struct):
    """A slash command."""

    command: str
    text: str = ""
    user_id: str = ""
    user_name: str = ""
    team_id: str = ""
    enterprise_id: str = ""
    channel_id: str = ""
    trigger_id: str = ""
    response_url: str = ""


Kind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer is hung, and for whom it is streamed: what `reply_to` carries."""

    thread: str
    user: str = ""
    team: str = ""

    @property
    def reply_to(self) -> str:
        """Write it down."""
        return f"{self.thread}/{self.user}/{self.team}"

    @classmethod
    def of(cls, reply_to: str | None, thread: str | None) -> Place:
        """Read it back; `thread` is the conversation's own, where there is one."""
        parts = [*(reply_to or "").split("/"), "", "", ""]
        return cls(thread=thread or parts[0], user=parts[1], team=parts[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Where a command or press can be answered for one person alone."""

    channel: str
    user: str
    thread: str = ""
    response_url: str = ""

    def write(self) -> str:
        """Write it down."""
        return f"{self.channel}\n{self.user}\n{self.thread}\n{self.response_url}"

    @classmethod
    def read(cls, text: str) -> Handle:
        """Read it back."""
        channel, user, thread, url = [*text.split("\n"), "", "", "", ""][:4]
        return cls(channel=channel, user=user, thread=thread, response_url=url)
