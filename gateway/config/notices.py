"""What the file says that does not stop the program, but that nobody should be left to guess.

Decides which keys this version reads and does not act upon yet; a row here goes away when its
feature lands. It never tells a mistake.
"""

from __future__ import annotations

from gateway.config.model import Settings, Web
from gateway.config.providers import UNSPOKEN, missing
from gateway.config.report import Path, Report, nearest

_IGNORED = {
    "max_tokens": "is ignored: slots have max_tokens, and presets reference_max_tokens",
    "active_preset": "is ignored: default_preset names the preset",
}
_LATER = "is not supported by this version yet"
# Blocks that are checked, and change nothing so far.
_BLOCKS = (
    "budgets",
    "limits",
    "retention",
    "defaults",
    "workspaces",
    "channels",
    "access",
    "privacy",
)
_BARE = "every trace and every log holds the whole text"


def notice(settings: Settings, report: Report) -> None:
    """Warn of what is read over."""
    _ignored(settings, report)
    for name, platform in settings.platforms.items():
        if not isinstance(platform, Web):
            kind = type(platform).__name__.lower()
            report.warn(("platforms", name), f"{kind} {_LATER}; nobody is answered there")
    for name, provider in settings.providers.items():
        if missing(provider) == UNSPOKEN:
            report.warn(("providers", name), f"cannot be used: {UNSPOKEN}")
    for name, preset in settings.moa.presets.items():
        path = ("moa", "presets", name)
        if preset.acting_model is not None:
            report.warn((*path, "acting_model"), f"{_LATER}; the aggregator answers")
        if preset.auto:
            report.warn((*path, "auto"), f"{_LATER}; the references are always asked")
        if preset.allow:
            report.warn((*path, "allow"), f"{_LATER}; everybody may choose it")
        if preset.privacy_filter not in {None, "off"}:
            report.warn((*path, "privacy_filter"), f"{_LATER}; {_BARE}")
        for index, slot in enumerate(preset.reference_models):
            if slot.fallbacks:
                where = (*path, "reference_models", str(index), "fallbacks")
                report.warn(where, f"{_LATER}; nobody advises in its place")
    if settings.moa.privacy_filter != "off":
        report.warn(("moa", "privacy_filter"), f"{_LATER}; {_BARE}")
    _blocks(settings, report)
    _strangers(settings, report)


def _strangers(settings: Settings, report: Report) -> None:
    """Warn of a platform that nobody configured: what is said of it holds nowhere."""
    named: list[tuple[Path, str]] = []
    for key in ("workspaces", "channels"):
        for index, each in enumerate(getattr(settings, key)):
            named.append(((key, str(index), "platform"), each.platform))
    for key in ("owners", "admins", "allow", "deny"):
        for index, each in enumerate(getattr(settings.access, key)):
            named.append((("access", key, str(index)), each.partition(":")[0]))
    for path, platform in named:
        if platform not in settings.platforms:
            wrote = report.written.get(path, platform).partition(":")[0]
            hint = nearest(platform, settings.platforms)
            report.warn(path, f"there is no platform {wrote!r}{hint}")


def _blocks(settings: Settings, report: Report) -> None:
    for name in _BLOCKS:
        block = getattr(settings, name)
        if block != type(block)():
            report.warn((name,), f"{_LATER}: nothing is held to it")
    if settings.tools.servers:
        report.warn(("tools", "servers"), f"{_LATER}; no tool is offered")
    for name, key in settings.http.keys.items():
        if key.budgets != type(key.budgets)():
            path = ("http", "keys", name, "budgets")
            report.warn(path, f"{_LATER}: nothing is held to it")


def _ignored(settings: Settings, report: Report) -> None:
    """Warn once of each key of other agents that means nothing here (MOA-2)."""
    blocks: list[Path] = [("moa",), *(("moa", "presets", name) for name in settings.moa.presets)]
    for key, told in _IGNORED.items():
        first = next((path for path in blocks if (*path, key) in report.lines), None)
        if first is not None:
            report.warn((*first, key), told)
