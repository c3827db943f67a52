"""What must be right between the keys of the file, beyond the shape of each.

Decides MOA-3 and MOA-6 and that no door stands open by a blank secret. It only tells mistakes;
it changes nothing and fills nothing in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address
from zoneinfo import ZoneInfo, available_timezones

from gateway.config.chats import ChatSettings
from gateway.config.mixtures import ActingSlot, FallbackSlot, PresetBlock
from gateway.config.model import Discord, Platform, Settings, Slack, Telegram
from gateway.config.presets import cadence
from gateway.config.providers import Scripted
from gateway.config.report import Path, Report, nearest
from gateway.config.values import Secret

_NAME = re.compile(r"[\w.-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def check(settings: Settings, report: Report) -> None:
    """Tell every mistake between keys."""
    _machine(settings, report)
    _http(settings, report)
    _platforms(settings, report)
    _providers(settings, report)
    _moa(settings, report)
    _chats(settings, report)
    _prices(settings, report)


def slots(preset: PresetBlock, path: Path) -> Iterator[tuple[FallbackSlot, Path, bool]]:
    """Give every slot of a preset with its place, and whether it advises."""
    for index, each in enumerate(preset.reference_models):
        yield from _with_fallbacks(each, (*path, "reference_models", str(index)), advises=True)
    for key in ("aggregator", "acting_model"):
        if (slot := getattr(preset, key)) is not None:
            yield from _with_fallbacks(slot, (*path, key), advises=False)


def _with_fallbacks(
    slot: ActingSlot, path: Path, *, advises: bool
) -> Iterator[tuple[FallbackSlot, Path, bool]]:
    yield slot, path, advises
    for index, each in enumerate(slot.fallbacks):
        yield each, (*path, "fallbacks", str(index)), False


def loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- the machine and its doors ------------------------------------------------------------


def _machine(settings: Settings, report: Report) -> None:
    if not _is_zone(settings.timezone):
        hint = nearest(settings.timezone, available_timezones())
        report.add(("timezone",), f"there is no such time zone{hint}; UTC always works")
    if settings.database.startswith(("postgresql:", "postgres:")):
        report.add(("database",), "PostgreSQL is not supported by this version yet; use sqlite")
    elif settings.database != "sqlite":
        report.add(("database",), "should be sqlite")


def _is_zone(name: str) -> bool:
    if name == "UTC":  # also where no zone data is installed
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _http(settings: Settings, report: Report) -> None:
    http = settings.http
    if not loopback(http.host) and not http.token:
        told = "a token is required, for http.host is not this machine alone (127.0.0.1)"
        _once(report, ("http", "token"), told)
    tokens = Counter(each.token.reveal() for each in http.keys.values())
    tokens[http.token.reveal() if http.token else ""] += 1
    for name, key in http.keys.items():
        path = ("http", "keys", name)
        if key.token and tokens[key.token.reveal()] > 1:
            told = "is the same as another token; nobody could tell them apart"
            report.add((*path, "token"), told)
        for index, preset in enumerate(key.presets):
            _preset(preset, (*path, "presets", str(index)), report)


def _platforms(settings: Settings, report: Report) -> None:
    for name, platform in settings.platforms.items():
        path = ("platforms", name)
        _name(name, path, report)
        for key in _secrets(platform):
            secret: Secret | None = getattr(platform, key)
            if secret is None:
                _once(report, (*path, key), "is missing")
            elif not secret:
                _once(report, (*path, key), "is blank; take the platform out, or fill it")
        if isinstance(platform, Telegram):
            _webhook(platform, path, report)


def _webhook(telegram: Telegram, path: Path, report: Report) -> None:
    if telegram.mode == "webhook" and telegram.public_url is None:
        told = "is missing: mode: webhook needs the address under which Telegram reaches this"
        _once(report, (*path, "public_url"), told)
    secret = telegram.webhook_secret
    if secret and not _WEBHOOK_SECRET.fullmatch(secret.reveal()):
        told = "should be 1 to 256 letters, digits, '_' and '-', as Telegram has it"
        _once(report, (*path, "webhook_secret"), told)


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


def _once(report: Report, path: Path, told: str) -> None:
    """Tell something of a key about which nothing is known yet."""
    last = path[-1] + "_file"
    if not report.broken(path) and not report.broken((*path[:-1], last)):
        report.add(path, told)


def _name(name: str, path: Path, report: Report) -> None:
    if not _NAME.fullmatch(name):
        report.add(path, "a name is made of letters, digits, '.', '_' and '-'")


# --- models -------------------------------------------------------------------------------


def _providers(settings: Settings, report: Report) -> None:
    for name, provider in settings.providers.items():
        path = ("providers", name)
        _name(name, path, report)
        if name.lower() == "moa":
            report.add(path, "this name is taken: presets themselves go by it (moa/NAME)")
        if isinstance(provider, Scripted) and bool(provider.answers) == bool(provider.script):
            report.add(path, "a scripted provider has either answers or a script")
        _headers(provider.headers, (*path, "headers"), report)


def _headers(names: Iterable[str], path: Path, report: Report) -> None:
    for name in names:
        if not _HEADER.fullmatch(name):
            report.add((*path, name), "is no name for an HTTP header")


def _moa(settings: Settings, report: Report) -> None:
    moa = settings.moa
    if not moa.presets and not report.broken(("moa", "presets")):
        report.add(("moa", "presets"), "there should be at least one preset")
    for name, preset in moa.presets.items():
        path = ("moa", "presets", name)
        if name != name.strip() or not name.isprintable():
            report.add(path, "a preset's name has no blanks around it and can be typed")
        _mixture(preset, path, report)
    if moa.default_preset is not None:
        _preset(moa.default_preset, ("moa", "default_preset"), report)


def _mixture(preset: PresetBlock, path: Path, report: Report) -> None:
    for slot, place, advises in slots(preset, path):
        _slot(slot, (*place, "provider"), report, advises=advises)
    try:
        cadence(preset.fanout)
    except ValueError as error:
        _once(report, (*path, "fanout"), str(error))
    asked = [each for each in preset.reference_models if each.enabled]
    if preset.enabled and not asked and not report.broken((*path, "reference_models")):
        told = "no reference is enabled; with enabled: false the aggregator answers alone"
        report.add((*path, "reference_models"), told)


def _slot(slot: FallbackSlot, at: Path, report: Report, *, advises: bool) -> None:
    """Check whom a slot asks; a blank name is told already."""
    preset = slot.provider.lower() == "moa"
    if preset and not advises:
        report.add(at, "a preset cannot answer for another; name a provider and its model")
    elif slot.provider and not preset:
        _provider(slot.provider, at, report)


def _prices(settings: Settings, report: Report) -> None:
    for key in settings.prices:
        provider, colon, model = key.partition(":")
        if not colon or not model.strip():
            report.add(("prices", key), "should be provider:model, such as openai:gpt-5.5")
        else:
            _provider(provider, ("prices", key), report)


# --- chats --------------------------------------------------------------------------------


def _chats(settings: Settings, report: Report) -> None:
    _choices(settings.defaults, ("defaults",), report)
    for index, workspace in enumerate(settings.workspaces):
        _choices(workspace, ("workspaces", str(index)), report)
    for index, channel in enumerate(settings.channels):
        _choices(channel, ("channels", str(index)), report)
    total = settings.budgets.total
    if settings.access.public and total.daily is None and total.monthly is None:
        report.add(("access", "public"), "everybody may ask, so budgets.total is required")


def _choices(chosen: ChatSettings, path: Path, report: Report) -> None:
    if chosen.preset is not None and chosen.preset != "off":
        _preset(chosen.preset, (*path, "preset"), report)
    for index, name in enumerate(chosen.providers or ()):
        _provider(name, (*path, "providers", str(index)), report)


# --- names that must exist, be what they stand for right or wrong ---------------------------


def _preset(name: str, path: Path, report: Report) -> None:
    known = report.names("moa", "presets")
    if name not in known and name.removeprefix("moa/") not in known:
        _unknown("preset", name, known, path, report)


def _provider(name: str, path: Path, report: Report) -> None:
    known = report.names("providers")
    if name not in known:
        _unknown("provider", name, known, path, report)


def _unknown(what: str, name: str, known: Collection[str], path: Path, report: Report) -> None:
    """Tell a name that nobody bears, as the file has it: a variable may hold anything."""
    wrote = report.written.get(path, name)
    report.add(path, f"there is no {what} {wrote!r}{nearest(name, known)}")
