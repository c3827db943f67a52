"""Mistakes that several rules tell: names that nobody bears, names that cannot be one.

Decides how they read; which names are looked up, the rules say.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.config.report import Path, Report, nearest

_NAME = re.compile(r"[\w.-]+")


def once(report: Report, path: Path, told: str) -> None:
    """Tell something of a key about which nothing is known yet."""
    last = path[-1] + "_file"
    if not report.broken(path) and not report.broken((*path[:-1], last)):
        report.add(path, told)


def name_fits(name: str, path: Path, report: Report) -> None:
    """Tell a name that could not stand in paths and settings."""
    if not _NAME.fullmatch(name):
        report.add(path, "a name is made of letters, digits, '.', '_' and '-'")


def preset_exists(name: str, path: Path, report: Report) -> None:
    """Tell a preset that is not there; its virtual name counts, too."""
    known = report.names("moa", "presets")
    if name not in known and name.removeprefix("moa/") not in known:
        _unknown("preset", name, known, path, report)


def provider_exists(name: str, path: Path, report: Report) -> None:
    """Tell a provider that is not there."""
    known = report.names("providers")
    if name not in known:
        _unknown("provider", name, known, path, report)


def tool_server_exists(name: str, path: Path, report: Report) -> None:
    """Tell a server of tools that is not there; "server__tool" names one tool of it."""
    known = report.names("tools", "servers")
    if not any(name == each or name.startswith(f"{each}__") for each in known):
        wrote = report.written.get(path, name)
        near = nearest(name, known) or nearest(name.partition("__")[0], known)
        report.add(path, f"there is no tool server {wrote!r}{near}")


def _unknown(what: str, name: str, known: Collection[str], path: Path, report: Report) -> None:
    """Tell a name that nobody bears, as the file has it: a variable may hold anything."""
    wrote = report.written.get(path, name)
    report.add(path, f"there is no {what} {wrote!r}{nearest(name, known)}")
