"""Shows what the picker says and offers, and what its buttons carry on every platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import aim, aimed
from core.frames import Notice
from core.picker import (
    MOST_CHOICES,
    VALUE_BYTES,
    Offer,
    picked,
    picker,
    stamp,
    undo_button,
    undone,
    value_of,
)
from core.presets import Catalogue, Preset, ReferenceSlot, Slot
from core.records import Setting
from core.texts import presets as said

BIG = Slot(provider="p", model="big")
MOST_BYTES = 58
"""What Telegram's buttons hold beside the action."""
SET = Setting(scope="session:x/c", value="quick", by="ann", name="Ann", at=1_795_873_500_000)


def catalogue(*names: str) -> Catalogue:
    slots = (ReferenceSlot(provider="p", model="a"),)
    presets = {each: Preset(name=each, aggregator=BIG, references=slots) for each in names}
    return Catalogue(presets=presets, default=names[0])


def shown(known: Catalogue, name: str, **more) -> tuple[str, dict[str, str]]:
    offer = Offer(here=known.presets[name], because="the default")
    presets = more.pop("presets", tuple(known.presets.values()))
    frame = picker(replace(offer, presets=presets, **more))
    assert isinstance(frame.content, Notice)
    return frame.content.text, {each.label: each.value for each in frame.buttons}


def test_a_picker_says_what_is_in_force_and_offers_what_there_is():
    text, buttons = shown(catalogue("review", "quick"), "quick")
    assert text == "quick answers here (the default)."
    assert buttons == {"review": "review", "✓ quick": "quick", "Aggregator alone": "off"}


def test_a_choice_that_is_for_oneself_alone_says_so_in_every_button():
    _, buttons = shown(catalogue("review"), "review", scope="me", backwards=True)
    assert buttons == {
        "✓ review": "m>review",
        "Aggregator alone": "m>off",
        "Back to the default": "m>default",
    }


def test_where_nothing_may_be_chosen_nothing_is_offered():
    text, buttons = shown(catalogue("review"), "review", fixed=True, notes=[said.LOCKED_NOTE])
    assert "The operator has fixed it" in text
    assert buttons == {}


def test_a_picker_names_those_for_which_there_is_no_room():
    text, buttons = shown(catalogue(*(f"p{n}" for n in range(30))), "p0")
    assert len(buttons) <= MOST_CHOICES + 2
    assert "p29" in text


names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=60
)
scopes = st.sampled_from(["here", "thread", "channel", "me"])


@given(st.lists(names, min_size=1, max_size=10, unique=True), scopes)
def test_every_button_finds_its_preset_and_place_and_fits_everywhere(wanted, scope):
    known = catalogue(*wanted)
    for preset in known.presets.values():
        value = value_of(preset)
        assert len(value.encode()) <= VALUE_BYTES
        where, found = aimed(aim(scope, value))
        assert where == scope
        name = picked(found, known)
        assert name is not None
        assert known.get(name) == preset


@given(names, scopes, st.none() | st.just(SET))
def test_an_undo_brings_back_what_was_there_and_fits_everywhere(name, scope, now):
    known = catalogue(name)
    before = replace(SET, value=known.presets[name].key)
    for was in (before, None):
        button = undo_button(scope, now, was)
        assert len(button.value.encode()) <= MOST_BYTES
        where, value = aimed(button.value)
        mark, key = undone(value)
        assert (where, mark) == (scope, stamp(now))
        assert picked(key, known) == (before.value if was else "default")


@pytest.mark.parametrize(
    "other", [replace(SET, value="x"), replace(SET, by="x"), replace(SET, at=7)]
)
def test_a_change_of_any_kind_is_noticed(other):
    assert len({stamp(SET), stamp(other), stamp(None)}) == 3


def test_a_preset_that_is_called_off_is_no_word():
    known = catalogue("off", "review")
    _, buttons = shown(known, "off")
    assert buttons["✓ off"] == "moa/off"
    assert picked("moa/off", known) == "moa/off"
    assert picked("off", known) == "off"
    assert picked("gone", known) is None


@pytest.mark.parametrize(
    ("level", "by", "reader", "because"),
    [
        ("default", None, "ann", "the default"),
        ("workspace", None, "ann", "set by the operator for this workspace"),
        ("channel", None, "ann", "set by the operator for this place"),
        ("channel", SET, "ben", "chosen here by Ann on 28 November 2026 at 13:45 (UTC)"),
        ("thread", SET, "ann", "chosen in this thread by you on 28 November 2026 at 13:45 (UTC)"),
        ("me", SET, "ann", "chosen by you on 28 November 2026 at 13:45 (UTC)"),
        (
            "channel",
            replace(SET, name=""),
            "ben",
            "chosen here by ann on 28 November 2026 at 13:45 (UTC)",
        ),
    ],
)
def test_where_a_preset_comes_from_who_set_it_and_when(level, by, reader, because):
    assert said.source(level, by, reader, UTC) == because


def test_a_name_from_right_to_left_turns_nothing_around_it():
    arabic = replace(SET, name="\u202eعلي")
    assert "\u2068علي\u2069 on" in said.source("channel", arabic, "ben", UTC)
    assert "\u202e" not in said.source("channel", arabic, "ben", UTC)


def test_why_a_preset_cannot_be_had_where_only_some_providers_may_be_asked():
    preset = catalogue("quick").presets["quick"]
    told = said.barred(preset, ("openai", "anthropic"), ("p",))
    assert told == (
        "The operator allows only models of openai and anthropic here, and the preset quick also "
        "asks p. Nothing was changed or asked."
    )
    assert "allows no models here" in said.barred(preset, (), ("p",))
