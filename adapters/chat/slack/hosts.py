"""Where this account's requests may go: Slack's own hosts, or the one of the configured stand-in.

Decides that for addresses which come with messages, commands and presses: the file of a message
takes the bot's token along, and what is answered to a command is for one person's eyes. Pure.
"""

from __future__ import annotations

from typing import Final, Literal

from yarl import URL

_OURS: Final = {
    "slack.com": {"files": "files.slack.com", "hooks": "hooks.slack.com"},
    "slack-gov.com": {"files": "files.slack-gov.com", "hooks": "hooks.slack-gov.com"},
}
"""The host of the API, and the hosts that belong to it."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def allowed(url: str, api_base: str, what: Literal["files", "hooks"] = "files") -> URL | None:
    """Give the address if a request may go there.

    What is checked is what is asked: the same value, not the same text read twice.
    """
    base = URL(api_base)
    try:
        there = URL(url)
        port = there.port
    except ValueError:
        return None
    if there.user is not None or there.password is not None or not there.host:
        return None
    own = _OURS.get((base.host or "").removeprefix("www."))
    if own is not None:
        right = (there.scheme, there.host, port) == ("https", own[what], 443)
        return there if right else None
    standing_in = _same(there.host, base.host) and there.scheme in {"https", base.scheme}
    return there if standing_in else None


def _same(host: str, base: str | None) -> bool:
    """Tell whether two hosts are one; this machine has several names."""
    return host == base or {host, base} <= _LOOPBACK
