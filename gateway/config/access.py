"""What must be right about the people whom the file names: ids, and never names.

Decides only what it can tell: an id of a platform that nobody configured may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.identity import mistaken
from gateway.config.model import Settings
from gateway.config.report import Path, Report

LISTS = ("owners", "admins", "allow", "deny")


def check(settings: Settings, report: Report) -> None:
    """Tell every subject that cannot be an id of its platform."""
    for path, subjects in subjects_of(settings):
        for index, subject in enumerate(subjects):
            account, _, rest = subject.partition(":")
            shape = settings.platforms.get(account)
            kind = str(shape.__struct_config__.tag) if shape is not None else ""
            told = mistaken(kind, rest, person=path == ("access", "owners"))
            if told:
                report.add((*path, str(index)), told)


def subjects_of(settings: Settings) -> Iterator[tuple[Path, Iterable[str]]]:
    """Give every list of people in the file."""
    for key in LISTS:
        yield ("access", key), getattr(settings.access, key)
    for name, preset in settings.moa.presets.items():
        yield ("moa", "presets", name, "allow"), preset.allow
