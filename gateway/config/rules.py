"""What must be right between the keys of the file, beyond the shape of each.

Decides MOA-3 and MOA-6. It only tells mistakes; it changes nothing and fills nothing in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo, available_timezones

from gateway.config import access, doors
from gateway.config.chats import ChatSettings
from gateway.config.mixtures import ActingSlot, FallbackSlot, PresetBlock
from gateway.config.model import Settings, ToolServer
from gateway.config.presets import cadence
from gateway.config.providers import Scripted
from gateway.config.report import Path, Report, nearest
from gateway.config.telling import (
    name_fits,
    once,
    preset_exists,
    provider_exists,
    tool_server_exists,
)

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def check(settings: Settings, report: Report) -> None:
    """Tell every mistake between keys."""
    _machine(settings, report)
    doors.check(settings, report)
    access.check(settings, report)
    _providers(settings, report)
    _moa(settings, report)
    _chats(settings, report)
    _tools(settings, report)
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


# --- the machine --------------------------------------------------------------------------


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


# --- models -------------------------------------------------------------------------------


def _providers(settings: Settings, report: Report) -> None:
    for name, provider in settings.providers.items():
        path = ("providers", name)
        name_fits(name, path, report)
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
        preset_exists(moa.default_preset, ("moa", "default_preset"), report)


def _mixture(preset: PresetBlock, path: Path, report: Report) -> None:
    for slot, place, advises in slots(preset, path):
        _slot(slot, (*place, "provider"), report, advises=advises)
    try:
        cadence(preset.fanout)
    except ValueError as error:
        once(report, (*path, "fanout"), str(error))
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
        provider_exists(slot.provider, at, report)


def _tools(settings: Settings, report: Report) -> None:
    for name, server in settings.tools.servers.items():
        path = ("tools", "servers", name)
        name_fits(name, path, report)
        if not report.broken((*path, "url")):  # it would be told to have neither
            for key, told in _mistaken(server):
                once(report, (*path, key), told)
        _headers(server.headers, (*path, "headers"), report)


def _mistaken(server: ToolServer) -> Iterator[tuple[str, str]]:
    """Give the keys of a server that do not go together, and what to say of each."""
    if (server.command is None) == (server.url is None):
        yield "command", "a server has either a command or a url"
        return
    if server.command is not None and not any(server.command[:1]):
        yield "command", "names a program and its arguments"
    vain = ("headers",) if server.url is None else ("env", "cwd")
    hint = "are sent to a url; a command has env" if server.url is None else "is for a command"
    yield from ((key, hint) for key in vain if getattr(server, key))


def _prices(settings: Settings, report: Report) -> None:
    for key in settings.prices:
        provider, colon, model = key.partition(":")
        if not colon or not model.strip():
            report.add(("prices", key), "should be provider:model, such as openai:gpt-5.5")
        else:
            provider_exists(provider, ("prices", key), report)


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
        preset_exists(chosen.preset, (*path, "preset"), report)
    for index, name in enumerate(chosen.providers or ()):
        provider_exists(name, (*path, "providers", str(index)), report)
    for index, name in enumerate(chosen.tools or ()):
        tool_server_exists(name, (*path, "tools", str(index)), report)
