"""What the file says that does not stop the program, but that nobody should be left to guess.

Decides which keys this version reads and does not act upon yet; a row here goes away when its
feature lands. It never tells a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from gateway.config.access import subjects_of
from gateway.config.chats import Access
from gateway.config.mixtures import FallbackSlot, PresetBlock
from gateway.config.model import Settings, Web
from gateway.config.providers import Messages
from gateway.config.report import Path, Report, nearest

_IGNORED = {
    "max_tokens": "is ignored: slots have max_tokens, and presets reference_max_tokens",
    "active_preset": "is ignored: default_preset names the preset",
}
NO_TEMPERATURE = "2026-10-21"
_OURS = ("web", "v1")
"""Are there without being configured: the page, and the keys of programs as its channels."""
_Row: TypeAlias = tuple[Path, bool, str]  # where, whether it asks in vain, and what to say of it


def notice(settings: Settings, report: Report) -> None:
    """Warn of what is read over."""
    _ignored(settings, report)
    for path, vain, told in _rows(settings):
        if vain:
            report.warn(path, told)
    _strangers(settings, report)


def _rows(settings: Settings) -> Iterator[_Row]:
    """Give a row for each key that may ask for what this version does not do."""
    for name, platform in settings.platforms.items():
        closed = not isinstance(platform, Web) and not _lets_in(settings.access, name)
        told = f"nobody is let in; name people in access.allow or access.owners, such as {name}:ID"
        yield ("platforms", name), closed, told
    for name, preset in settings.moa.presets.items():
        path = ("moa", "presets", name, "quorum")
        advise = sum(slot.enabled for slot in preset.reference_models)
        vain = isinstance(preset.quorum, int) and preset.quorum > advise and preset.enabled
        yield path, vain, f"is above the number of advisors ({advise}): all of them are waited for"
        yield from _chance(preset, ("moa", "presets", name), settings)


def _lets_in(access: Access, platform: str) -> bool:
    named = (*access.owners, *access.admins, *access.allow)
    return access.public or any(each.partition(":")[0] == platform for each in named)


def _chance(preset: PresetBlock, path: Path, settings: Settings) -> Iterator[_Row]:
    """Tell of temperatures that a newer version of Anthropic's API takes from nobody."""
    refusing = {
        name
        for name, each in settings.providers.items()
        if isinstance(each, Messages) and each.version and each.version >= NO_TEMPERATURE
    }
    told = f"is not sent: from version {NO_TEMPERATURE} on, Anthropic's API refuses any"
    advisors = preset.reference_models
    slots: list[tuple[Path, FallbackSlot]] = [
        (("reference_models", str(at)), slot) for at, slot in enumerate(advisors)
    ]
    slots += [(("aggregator",), preset.aggregator)]
    if preset.acting_model is not None:
        slots += [(("acting_model",), preset.acting_model)]
    for at, slot in slots:
        vain = slot.provider in refusing and slot.temperature is not None
        yield (*path, *at, "temperature"), vain, told
    acts = preset.aggregator.provider in refusing
    advise = bool(advisors) and all(slot.provider in refusing for slot in advisors)
    for key, refused in (("aggregator_temperature", acts), ("reference_temperature", advise)):
        yield (*path, key), refused and getattr(preset, key) is not None, told


def _strangers(settings: Settings, report: Report) -> None:
    """Warn of a platform that nobody configured: what is said of it holds nowhere."""
    for path, platform in _platforms_named(settings):
        if platform not in {*settings.platforms, *_OURS}:
            wrote = report.written.get(path, platform).partition(":")[0]
            hint = nearest(platform, settings.platforms)
            report.warn(path, f"there is no platform {wrote!r}{hint}")


def _platforms_named(settings: Settings) -> Iterator[tuple[Path, str]]:
    for key in ("workspaces", "channels"):
        for index, each in enumerate(getattr(settings, key)):
            yield (key, str(index), "platform"), each.platform
    for path, subjects in subjects_of(settings):
        for index, subject in enumerate(subjects):
            yield (*path, str(index)), subject.partition(":")[0]


def _ignored(settings: Settings, report: Report) -> None:
    """Warn once of each key of other agents that means nothing here (MOA-2)."""
    blocks: list[Path] = [("moa",), *(("moa", "presets", name) for name in settings.moa.presets)]
    for key, told in _IGNORED.items():
        first = next((path for path in blocks if (*path, key) in report.lines), None)
        if first is not None:
            report.warn((*first, key), told)
