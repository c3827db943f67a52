"""What one Slack account is set up with, and what its app has to be allowed.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal

SCOPES: Final = frozenset(
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
"""What the app has to be allowed, for all of what is done here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """One account. `platform` is its key in the configuration.

    `groups` gives the user groups that are named there.
    """

    platform: str
    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    mode: Literal["socket", "http"] = "socket"
    api_base: str = "https://slack.com/api/"
    groups: Callable[[], Collection[str]] = tuple
