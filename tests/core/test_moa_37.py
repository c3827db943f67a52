"""Shows that a role makes an advisor differ, and what every advisor is asked for (MOA-37)."""

from __future__ import annotations

import pytest

from core.advice import SYSTEM_PROMPT, advisory_view, for_slot, system_prompt
from core.cadence import advice_key
from core.events import ReferencesDone
from core.frames import Row
from core.wording import row_text
from tests.core.scene import QUESTION, Scene, play, preset, reference
from tests.fakes.model import ScriptedModel


@pytest.mark.parametrize("asked_for", ["blind spots", "disagree", "risks", "next steps"])
def test_moa_37_every_advisor_is_asked_for_blind_spots_and_disagreements(asked_for):
    assert asked_for in " ".join(SYSTEM_PROMPT.split()).lower()


def test_moa_37_a_role_is_added_to_the_one_prompt_and_changes_nothing_else():
    view = advisory_view(QUESTION)
    plain = for_slot(view, reference("a"))
    skeptic = for_slot(view, reference("a", role="skeptic"))
    assert skeptic[0].text == f"{plain[0].text}\n\nYour role: skeptic"
    assert skeptic[1:] == plain[1:]
    assert system_prompt(reference("a", role="skeptic"), small=True).endswith(" skeptic")


def test_moa_37_the_same_model_in_two_roles_is_two_advisors():
    async def story():
        scene = Scene(ScriptedModel(), preset("a", reference("a", role="skeptic")))
        await scene.run()
        asked = {made.call.position: made.call.lines[0].text for made in scene.model.of("a")}
        first, second = asked[1], asked[2]
        assert second == f"{first}\n\nYour role: skeptic"
        (done,) = scene.of(ReferencesDone)
        assert [each.role for each in done.advice] == ["", "skeptic"]

    play(story)


def test_moa_37_people_see_the_role_beside_the_name():
    assert "p:a (skeptic)" in row_text(Row(position=1, label="p:a", role="skeptic"))


def test_moa_37_24_advice_in_another_role_is_other_advice():
    view = advisory_view(QUESTION)
    keys = {
        advice_key(preset(reference("a", role=role)), view, scope="s")
        for role in (None, "skeptic", "optimist")
    }
    assert len(keys) == 3
