"""What the page shows beside conversations: presets, what is loading, honest notes. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetInfo:
    """A preset as people pick it. `missing` says why it cannot run now, if it cannot."""

    name: str
    references: tuple[str, ...]
    aggregator: str
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """Something that is being fetched or started. Sizes in bytes; `total` None if unknown."""

    name: str
    step: str
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something better that the newcomer has already: chosen with one click if it has a preset."""

    title: str
    text: str
    preset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The program's state for people. `ready`: a preset can answer; else `reason` says why not.

    `notice` is shown as it is (that the embedded model is tiny); empty where there is none.
    `starters` are questions that these models can do something with.
    """

    ready: bool
    default_preset: str
    presets: tuple[PresetInfo, ...] = ()
    reason: str = ""
    loading: tuple[Loading, ...] = ()
    notice: str = ""
    offers: tuple[Offer, ...] = ()
    starters: tuple[str, ...] = ()


StatusSource: TypeAlias = Callable[[], Status]
"""Asked at every look; answers from memory, at once."""
