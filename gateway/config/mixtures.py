"""The shape of `moa:`: slots, presets, and what holds for all of them (MOA-1, MOA-2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from gateway.config.shape import Block, Count, NotNegative, Seconds
from gateway.config.values import Subject

# For editors; the program reads it with `presets.cadence`, which says more.
FANOUT = "^(user_turn|per_iteration|every_n *: *[1-9][0-9]*)$"


class FallbackSlot(Block, frozen=True, kw_only=True):
    """A model that stands in for another one (MOA-1)."""

    provider: str
    model: str
    temperature: NotNegative | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    reasoning_effort: str | None = None
    timeout: Seconds | None = None
    extra_body: dict[str, Any] = {}
    context_window: Count | None = None
    vision: bool = False


class ActingSlot(FallbackSlot, frozen=True, kw_only=True):
    """The model that answers."""

    fallbacks: tuple[FallbackSlot, ...] = ()


class AdvisingSlot(ActingSlot, frozen=True, kw_only=True):
    """A model that advises."""

    enabled: bool = True
    role: str | None = None
    required: bool = False


class Fanout(Block, frozen=True, kw_only=True):
    """The long form of `fanout`."""

    mode: Literal["user_turn", "per_iteration", "every_n"]
    n: Count | None = None


class PresetBlock(Block, frozen=True, kw_only=True):
    """One mixture (MOA-2). `max_tokens` and `active_preset` are read over, with a warning."""

    aggregator: ActingSlot
    reference_models: tuple[AdvisingSlot, ...] = ()
    acting_model: ActingSlot | None = None
    enabled: bool = True
    fanout: Annotated[str, Meta(pattern=FANOUT)] | Fanout = "per_iteration"
    reference_temperature: NotNegative | None = None
    aggregator_temperature: NotNegative | None = None
    reference_max_tokens: Annotated[int, Meta(ge=0)] | None = None
    reference_timeout: Seconds = 120.0
    quorum: Count | Literal["all"] | None = None
    grace: NotNegative | None = None
    degraded_reference_policy: Literal["loud", "silent"] = "loud"
    privacy_filter: Literal["off", "display", "full"] | None = None
    max_iterations: Count = 30
    turn_timeout: Seconds = 600.0
    auto: bool = False
    allow: tuple[Subject, ...] = ()
    max_tokens: Any = None
    active_preset: Any = None


class Moa(Block, frozen=True, kw_only=True):
    """The mixtures, and what holds for all of them."""

    presets: dict[str, PresetBlock]
    default_preset: str | None = None
    save_traces: bool = False
    trace_dir: str | None = None
    privacy_filter: Literal["off", "display", "full"] = "off"
    max_tokens: Any = None
    active_preset: Any = None
