"""Preset blocks of the file to the core's presets.

Decides what `fanout` may look like and how a preset's own setting meets that of `moa:`. It
checks nothing else: what comes here is right already.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

from msgspec.structs import asdict

from core.presets import Cadence, Catalogue, Preset, ReferenceSlot, Slot, first_given
from gateway.config.mixtures import (
    ActingSlot,
    AdvisingSlot,
    Fanout,
    Moa,
    PresetBlock,
)
from gateway.config.report import nearest


def cadence(fanout: str | Fanout) -> Cadence:
    """Read `fanout` (MOA-23); asking after every round is asking each time.

    Raises:
        ValueError: it is none of the three; the text says what would be right.
    """
    if isinstance(fanout, Fanout):
        if fanout.mode != "every_n":
            return Cadence(mode=fanout.mode)
        if fanout.n is None:
            raise ValueError("mode every_n needs n, a whole number of at least 1")
        return _every(fanout.n)
    if fanout == "user_turn":
        return Cadence(mode="user_turn")
    if fanout == "per_iteration":
        return Cadence(mode="per_iteration")
    if found := re.fullmatch(r"every_n\s*:\s*([1-9][0-9]{0,8})", fanout):
        return _every(int(found[1]))
    hint = nearest(fanout, ("user_turn", "per_iteration", "every_n:3"))
    raise ValueError(
        f"should be user_turn, per_iteration or every_n:<N> with N of at least 1{hint}"
    )


def catalogue(moa: Moa) -> Catalogue:
    """Make the core's presets, in the file's order; without a default the first one is it."""
    presets = {name: _preset(name, block, moa) for name, block in moa.presets.items()}
    default = moa.default_preset or next(iter(presets))
    if default not in presets:
        default = default.removeprefix("moa/")
    return Catalogue(presets=presets, default=default)


def _every(n: int) -> Cadence:
    return Cadence(mode="every_n", n=n) if n > 1 else Cadence(mode="per_iteration")


def _preset(name: str, block: PresetBlock, moa: Moa) -> Preset:
    acting, condensing = _answering(block)
    return Preset(
        name=name,
        aggregator=acting,
        synthesizer=condensing,
        references=tuple(_advising(each) for each in block.reference_models),
        enabled=block.enabled,
        fanout=cadence(block.fanout),
        reference_temperature=block.reference_temperature,
        aggregator_temperature=None if condensing else block.aggregator_temperature,
        reference_max_tokens=block.reference_max_tokens,
        reference_timeout=block.reference_timeout,
        quorum=block.quorum,
        grace=block.grace,
        degraded_reference_policy=block.degraded_reference_policy,
        privacy_filter=_filter(block.privacy_filter or moa.privacy_filter),
        max_iterations=block.max_iterations,
        turn_timeout=block.turn_timeout,
        auto=block.auto and block.enabled,
        allow=tuple(map(str, block.allow)),
    )


def _filter(wrote: Literal["off", "display", "full"]) -> Literal["display", "full"] | None:
    return None if wrote == "off" else wrote


def _answering(block: PresetBlock) -> tuple[Slot, Slot | None]:
    """Give who answers, and who condenses the advice for that one (MOA-39).

    `aggregator_temperature` stays the aggregator's, which answers nobody then.
    """
    aggregator = _acting(block.aggregator)
    if block.acting_model is None:
        return aggregator, None
    given = first_given(aggregator.temperature, block.aggregator_temperature)
    return _acting(block.acting_model), replace(aggregator, temperature=given)


def _acting(block: ActingSlot) -> Slot:
    return Slot(**_slot(block))


def _advising(block: AdvisingSlot) -> ReferenceSlot:
    return ReferenceSlot(**_slot(block))


def _slot(block: ActingSlot) -> dict[str, Any]:
    """Give a block's fields: the core's slots have the same ones."""
    fallbacks = tuple(Slot(**asdict(each)) for each in block.fallbacks)
    return asdict(block) | {"fallbacks": fallbacks}
