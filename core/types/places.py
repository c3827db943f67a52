"""Where a conversation happens, who takes part, and what they bring along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a conversation happens. `platform` is the account's key in `platforms:`."""

    platform: str
    channel: str
    thread: str | None = None

    @property
    def session(self) -> str:
        """The key of this place: reversible text, the same for ever.

        It is the session's, too, where each thread has one of its own (`core.scopes`).
        """
        parts = [self.platform, self.channel]
        if self.thread is not None:
            parts.append(self.thread)
        return "/".join(quote(part, safe=":@+-") for part in parts)

    @classmethod
    def of(cls, session: str) -> Address:
        """Read a place's key back."""
        platform, channel, *thread = (unquote(part) for part in session.split("/"))
        return cls(platform=platform, channel=channel, thread=thread[0] if thread else None)

    @property
    def whole(self) -> Address:
        """The channel with all of its threads."""
        return self if self.thread is None else replace(self, thread=None)

    def moved(self, old: Address, new: Address) -> Address:
        """Give the address after the chat `old`, with every thread in it, became `new`."""
        if (self.platform, self.channel) != (old.platform, old.channel):
            return self
        return Address(platform=new.platform, channel=new.channel, thread=self.thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote it. `id` never changes; `name` is only ever displayed.

    `circles` are what else `access` may name to let this person in, in its words behind the
    platform: "guild:42", "role:7", "chat:-100123", "T0123". `is_guest`: from another
    organisation, or a guest of this one. `is_admin`: administers the chat that this came from.
    `is_self`: it is the bot, under another name (what its own webhook posted).
    """

    id: str
    name: str
    is_bot: bool = False
    circles: tuple[str, ...] = ()
    is_guest: bool = False
    is_admin: bool = False
    is_self: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message. `size` is in bytes, None where nobody said.

    `ref` is the platform's own handle for it, good for its adapter alone.
    """

    kind: Literal["image", "document", "audio", "video", "sticker", "other"]
    name: str
    size: int | None = None
    media_type: str = ""
    ref: str = ""
