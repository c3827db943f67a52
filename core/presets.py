"""Slots and presets: what a mixture is made of, and which one is in force.

Decides precedence and the names under which presets are reached. It never looks at a preset's
name to decide anything else (MOA-1): whatever depends on a model depends on its slot.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from hashlib import sha256
from typing import Literal, TypeAlias, TypeVar

from core.errors import UnknownPreset
from core.types import Json

T = TypeVar("T")

OFF = "off"
DEFAULT = "default"
RESERVED = frozenset({OFF, DEFAULT, "here", "thread", "channel", "me", "list", "help"})
VIRTUAL_PREFIX = "moa/"

CadenceMode: TypeAlias = Literal["per_iteration", "user_turn", "every_n"]
Level: TypeAlias = Literal["turn", "thread", "me", "channel", "workspace", "default"]
LEVELS: tuple[Level, ...] = ("turn", "thread", "me", "channel", "workspace", "default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A model as it would be called on its own (MOA-1).

    What is None is absent on the wire (MOA-4). `timeout` is in seconds, `context_window` in
    tokens. `fallbacks` are tried in order when this slot fails before its first token.
    """

    provider: str
    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    timeout: float | None = None
    extra_body: Mapping[str, Json] = field(default_factory=dict)
    context_window: int | None = None
    vision: bool = False
    fallbacks: tuple[Slot, ...] = ()

    @property
    def label(self) -> str:
        """How people and the reference block name it."""
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSlot(Slot):
    """A slot that advises. `role` is added to its system prompt (MOA-37)."""

    enabled: bool = True
    role: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """When the references are asked again (MOA-23). `n` counts for `every_n` alone."""

    mode: CadenceMode = "per_iteration"
    n: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named mixture (MOA-2). Timeouts and `grace` are in seconds.

    `aggregator` is whoever answers the person. With a `synthesizer` that is the acting model, and
    the synthesizer condenses the advice for it in private (MOA-39). `auto`: plain questions are
    answered without the references (MOA-35).
    """

    name: str
    aggregator: Slot
    references: tuple[ReferenceSlot, ...] = ()
    synthesizer: Slot | None = None
    enabled: bool = True
    fanout: Cadence = field(default_factory=Cadence)
    reference_temperature: float | None = None
    aggregator_temperature: float | None = None
    reference_max_tokens: int | None = None
    reference_timeout: float = 120.0
    quorum: int | Literal["all"] | None = None
    grace: float | None = None
    degraded_reference_policy: Literal["loud", "silent"] = "loud"
    privacy_filter: Literal["display", "full"] | None = None
    max_iterations: int = 30
    turn_timeout: float | None = None
    auto: bool = False
    allow: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name that no command takes for a word of its own: what a choice is stored as."""
        return f"{VIRTUAL_PREFIX}{self.name}" if self.name in RESERVED else self.name

    @property
    def active(self) -> tuple[ReferenceSlot, ...]:
        """The references that are asked, in order; none where the preset is off (MOA-7)."""
        return tuple(slot for slot in self.references if slot.enabled) if self.enabled else ()

    @property
    def gated(self) -> bool:
        """Whether the gate left the references out of this turn (MOA-35)."""
        return self.auto and not self.enabled

    @property
    def fingerprint(self) -> str:
        """A hash of the content: the same mixture under another name hashes differently."""
        text = json.dumps(self, default=_content, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The presets that the operator wrote, in the file's order, and the default's name."""

    presets: Mapping[str, Preset]
    default: str

    def get(self, name: str) -> Preset:
        """Find a preset by its name or its virtual model name (MOA-5).

        Raises:
            UnknownPreset: nobody is called that; the text names the nearest.
        """
        found = self.find(name)
        if found is not None:
            return found
        bare = name.strip().removeprefix(VIRTUAL_PREFIX)
        folded = {name.casefold(): name for name in self.presets}
        near = [folded[each] for each in get_close_matches(bare.casefold(), folded, n=1)]
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(self.presets)
        message = f"There is no preset {bare!r}.{hint} There are: {known}."
        raise UnknownPreset(message)

    def find(self, name: str) -> Preset | None:
        """Find a preset by either of its names; None if nobody is called that."""
        bare = name.strip()
        return self.presets.get(bare) or self.presets.get(bare.removeprefix(VIRTUAL_PREFIX))


def in_force(choices: Mapping[Level, str | None], catalogue: Catalogue) -> tuple[Preset, Level]:
    """Pick the preset of the most exact level that names an existing one (MOA-5).

    A name that no longer exists is passed over: the level above it speaks. So it is where a
    level says `off`, but then the aggregator of what is found answers alone.
    """
    off: Level | None = None
    found = catalogue.presets[catalogue.default]
    source: Level = "default"
    for level in LEVELS:
        name = choices.get(level) or ""
        if name == OFF:
            off = off or level
        elif (preset := catalogue.find(name)) is not None:
            found, source = preset, level
            break
    return (found, source) if off is None else (replace(found, enabled=False, auto=False), off)


def passed_over(
    choices: Mapping[Level, str | None], catalogue: Catalogue, until: Level
) -> tuple[tuple[Level, str], ...]:
    """Give what is chosen more exactly than `until`, and is there no more."""
    exact = LEVELS[: LEVELS.index(until)]
    named = [(level, choices.get(level) or OFF) for level in exact]
    return tuple((level, name) for level, name in named if name != OFF and not catalogue.find(name))


def outside(preset: Preset, providers: Collection[str] | None) -> tuple[str, ...]:
    """Name the providers that a preset asks, and that a place does not allow; None allows all.

    Fallbacks count, and whoever condenses the advice. What is off is not asked; nor is a preset
    that stands as a reference, for it is skipped (MOA-6).
    """
    if providers is None:
        return ()
    condenses = preset.synthesizer if preset.enabled else None
    asked = replace(preset, references=preset.active, synthesizer=condenses)
    named = dict.fromkeys(slot.provider for slot in slots_of(asked))
    return tuple(each for each in named if each not in providers and each.lower() != "moa")


def first_given(*values: T | None) -> T | None:
    """Give the first that is set: an explicit 0 is set (MOA-4)."""
    return next((value for value in values if value is not None), None)


def slots_of(preset: Preset) -> Iterable[Slot]:
    """Give every slot of a preset, fallbacks included."""
    condensing = () if preset.synthesizer is None else (preset.synthesizer,)
    for slot in (*preset.references, *condensing, preset.aggregator):
        yield slot
        yield from slot.fallbacks


def _content(value: Preset | Slot | Cadence) -> dict[str, object]:
    return {each.name: getattr(value, each.name) for each in fields(value)}
