"""Where this account's requests may go: Slack's own hosts, or the one of the configured stand-in.

Decides that for addresses which come with messages, commands and presses: the file of a message
takes the bot's token along, and what is answered to a command is for one person's eyes. Pure.
"""

from __future__ import annotations

from typing import Final, Literal

from yarl import URL

from adapters.fetched import plain, stands_in

_OURS: Final = {
    "slack.com": {"files": "files.slack.com", "hooks": "hooks.slack.com"},
    "slack-gov.com": {"files": "files.slack-gov.com", "hooks": "hooks.slack-gov.com"},
}
"""The host of the API, and the hosts that belong to it."""


def allowed(url: str, api_base: str, what: Literal["files", "hooks"] = "files") -> URL | None:
    """Give the address if a request may go there."""
    there, base = plain(url), URL(api_base)
    if there is None:
        return None
    own = _OURS.get((base.host or "").removeprefix("www."))
    if own is not None:
        right = (there.scheme, there.host, there.port) == ("https", own[what], 443)
        return there if right else None
    return there if stands_in(there, base) else None
