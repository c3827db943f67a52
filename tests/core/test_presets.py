"""Shows how presets are found, which one is in force, and what tells two apart (MOA-2, 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import UnknownPreset
from core.presets import (
    LEVELS,
    RESERVED,
    Catalogue,
    Level,
    ReferenceSlot,
    Slot,
    first_given,
    in_force,
    slots_of,
)
from tests.core.scene import preset, reference

REVIEW, QUICK, OFF = (replace(preset("a"), name=name) for name in ("review", "quick", "off"))
CATALOGUE = Catalogue(presets={each.name: each for each in (REVIEW, QUICK, OFF)}, default="review")


@pytest.mark.parametrize("name", ["quick", "moa/quick", " quick ", " moa/quick"])
def test_moa_5_a_preset_is_reached_by_name_and_as_a_virtual_model(name):
    assert CATALOGUE.get(name) is QUICK


def test_moa_2_a_reserved_name_stays_reachable_as_a_virtual_model():
    assert "off" in RESERVED
    assert CATALOGUE.get("moa/off") is OFF


def test_moa_5_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(UnknownPreset, match="Did you mean 'review'") as refused:
        CATALOGUE.get("reveiw")
    assert "quick" in str(refused.value)
    with pytest.raises(UnknownPreset, match="Did you mean 'review'"):
        CATALOGUE.get("REVIEW")
    with pytest.raises(UnknownPreset) as far:
        CATALOGUE.get("moa/zzzz")
    assert "Did you mean" not in str(far.value)


def test_moa_5_the_most_exact_level_wins():
    assert in_force({}, CATALOGUE) == (REVIEW, "default")
    assert in_force({"workspace": "quick"}, CATALOGUE) == (QUICK, "workspace")
    for at, level in enumerate(LEVELS[:-1]):
        choices: dict[Level, str | None] = dict.fromkeys(LEVELS[at:-1], "review")
        choices[level] = "quick"
        assert in_force(choices, CATALOGUE) == (QUICK, level)


def test_moa_5_a_channel_may_name_it_as_a_virtual_model_too():
    assert in_force({"channel": "moa/quick"}, CATALOGUE) == (QUICK, "channel")


def test_a_name_that_is_gone_is_passed_over():
    choices: dict[Level, str | None] = {"me": "gone", "channel": None, "workspace": "quick"}
    assert in_force(choices, CATALOGUE) == (QUICK, "workspace")


def test_moa_2_disabled_references_and_presets_are_not_asked():
    slots = (reference("a"), reference("b", enabled=False), reference("c"))
    assert [slot.model for slot in preset(*slots).active] == ["a", "c"]
    assert preset(*slots, enabled=False).active == ()


def test_moa_4_an_explicit_zero_is_set():
    assert first_given(None, 0, 5) == 0
    assert first_given(None, None) is None


def test_moa_24_the_fingerprint_is_the_content():
    same = preset("a", reference("b", extra_body={"x": [1, {"y": None}]}))
    again = preset("a", reference("b", extra_body={"x": [1, {"y": None}]}))
    assert same.fingerprint == again.fingerprint
    changed = [
        preset("a", "b"),
        preset("b", "a"),
        preset("a", reference("b", extra_body={"x": [1, {"y": 0}]})),
        preset("a", reference("b", temperature=0.0)),
        replace(same, grace=1.0),
    ]
    assert len({each.fingerprint for each in (same, *changed)}) == 6


def test_a_preset_knows_every_model_that_it_may_call():
    spare = Slot(provider="q", model="spare")
    wanted = preset(
        ReferenceSlot(provider="p", model="a", fallbacks=(spare,)),
        aggregator=Slot(provider="p", model="agg", fallbacks=(spare,)),
    )
    assert [slot.label for slot in slots_of(wanted)] == ["p:a", "q:spare", "p:agg", "q:spare"]
