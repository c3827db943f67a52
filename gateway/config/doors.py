"""What must be right about the doors: HTTP, its keys, and the platforms.

Decides that no door stands open by a blank secret. It only tells mistakes.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address

from gateway.config.model import Discord, Platform, Settings, Slack, Telegram, Web
from gateway.config.report import Path, Report
from gateway.config.telling import name_fits, once, preset_exists
from gateway.config.values import Secret

_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAKEN = {"web", "console", "v1"}


def check(settings: Settings, report: Report) -> None:
    """Tell every mistake of theirs."""
    _http(settings, report)
    _platforms(settings, report)


def loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _http(settings: Settings, report: Report) -> None:
    http = settings.http
    if not loopback(http.host) and not http.token:
        told = "a token is required, for http.host is not this machine alone (127.0.0.1)"
        once(report, ("http", "token"), told)
    tokens = Counter(each.token.reveal() for each in http.keys.values())
    tokens[http.token.reveal() if http.token else ""] += 1
    for name, key in http.keys.items():
        path = ("http", "keys", name)
        if key.token and tokens[key.token.reveal()] > 1:
            told = "is the same as another token; nobody could tell them apart"
            report.add((*path, "token"), told)
        for index, preset in enumerate(key.presets):
            preset_exists(preset, (*path, "presets", str(index)), report)


def _platforms(settings: Settings, report: Report) -> None:
    for name, platform in settings.platforms.items():
        path = ("platforms", name)
        name_fits(name, path, report)
        if name in _TAKEN and not isinstance(platform, Web):
            report.add(path, "this name is taken; name the account otherwise")
        for key in _secrets(platform):
            _filled(getattr(platform, key), (*path, key), report)
        if isinstance(platform, Telegram):
            _webhook(platform, path, report)
        if isinstance(platform, Slack):
            _swapped(platform, path, report)


def _filled(secret: Secret | None, path: Path, report: Report) -> None:
    if secret is None:
        once(report, path, "is missing")
    elif not secret:
        once(report, path, "is blank; take the platform out, or fill it")


def _swapped(slack: Slack, path: Path, report: Report) -> None:
    """Slack hands out two tokens that look alike, and says of a wrong one only that it is wrong."""
    for key, other in (("bot_token", "xapp-"), ("app_token", "xoxb-")):
        secret: Secret | None = getattr(slack, key)
        if secret and secret.reveal().startswith(other):
            right = "bot_token" if other == "xoxb-" else "app_token"
            once(report, (*path, key), f"begins with {other}: that is the {right}")


def _webhook(telegram: Telegram, path: Path, report: Report) -> None:
    if telegram.mode == "webhook" and telegram.public_url is None:
        told = "is missing: mode: webhook needs the address under which Telegram reaches this"
        once(report, (*path, "public_url"), told)
    secret = telegram.webhook_secret
    if secret and not _WEBHOOK_SECRET.fullmatch(secret.reveal()):
        told = "should be 1 to 256 letters, digits, '_' and '-', as Telegram has it"
        once(report, (*path, "webhook_secret"), told)


def _secrets(platform: Platform) -> tuple[str, ...]:
    """Name the keys without which a platform lets nobody in."""
    match platform:
        case Telegram() | Discord():
            return ("token",)
        case Slack(mode="socket"):
            return ("bot_token", "app_token")
        case Slack(mode="http"):
            return ("bot_token", "signing_secret")
        case _:
            return ()
