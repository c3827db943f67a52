"""The shape of what is said about people and the places where they write.

It decides nothing: which setting is in force, and who may do what, is the core's to say.
"""

from __future__ import annotations

from typing import Literal

from gateway.config.shape import Block
from gateway.config.values import Keep, Subject


class Retention(Block, frozen=True, kw_only=True):
    """How long things are kept."""

    messages: Keep | None = None
    traces: Keep | None = None
    files: Keep | None = None
    audit: Keep | None = None


class ChatSettings(Block, frozen=True, kw_only=True):
    """Settings of a channel; None: what the level above says."""

    preset: str | None = None
    locked: bool | None = None
    listen: Literal["mention", "all"] | None = None
    threads: Literal["owned", "mention"] | None = None
    session: Literal["channel", "thread", "user"] | None = None
    advisors: Literal["off", "line", "summary", "full"] | None = None
    cost: Literal["footer", "private", "off"] | None = None
    notify: Literal["asker", "never"] | None = None
    busy: Literal["queue", "steer"] | None = None
    introduce: bool | None = None
    providers: tuple[str, ...] | None = None
    system_prompt: str | None = None
    tools: tuple[str, ...] | None = None
    retention: Retention | None = None


class Workspace(ChatSettings, frozen=True, kw_only=True):
    """Settings of a whole workspace or server."""

    platform: str
    workspace: str


class Channel(ChatSettings, frozen=True, kw_only=True):
    """Settings of one channel, or of one thread in it."""

    platform: str
    channel: str
    workspace: str | None = None
    thread: str | None = None


class Access(Block, frozen=True, kw_only=True):
    """Who may talk to it. `deny` wins; nobody is let in by an empty list."""

    owners: tuple[Subject, ...] = ()
    admins: tuple[Subject, ...] = ()
    allow: tuple[Subject, ...] = ()
    deny: tuple[Subject, ...] = ()
    chat_admins: bool = True
    guests: bool = False
    public: bool = False


class Privacy(Block, frozen=True, kw_only=True):
    """What people are promised."""

    admins_see_dms: bool = False
    operator_contact: str = ""
