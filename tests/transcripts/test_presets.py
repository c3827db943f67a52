"""Presets as a team uses them: who set it and when, undo, two admins, what survives a restart."""

from __future__ import annotations

import pytest

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import MESSENGERS, Stage, opened

TRAIN = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}


@pytest.fixture(params=MESSENGERS)
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


def team(stage: Stage, *, more: str = "") -> str:
    """Let everybody in, and make Ann and Ben admins."""
    admins = [f'"{stage.platform}:{each.id}"' for each in (stage.ann, stage.ben)]
    text = stage.configured(TRAIN, more=more)
    return text.replace("public: true", f"public: true\n  admins: [{', '.join(admins)}]")


async def test_two_admins_who_change_the_same_setting_are_both_told(stage: Stage, tmp_path):
    async with running_gateway(team(stage), tmp_path) as gateway:
        await stage.ask("moa alone channel", where="group")
        await stage.reads("From now on alone answers in this conversation", where="group")
        await stage.ask("moa review channel", where="group", who=stage.ben)
        told = await stage.reads("Ann had chosen alone.", where="group")
        assert "/moa alone channel undoes it." in told.text or "Ben chose" in told.text
        if stage.platform != "telegram":
            public = await stage.reads("Ben chose what answers in this conversation", where="group")
            assert not public.private
        changes = await gateway.store.audited(last=10)
        assert [each.value for each in changes if each.key == "preset"] == ["alone", "review"]


async def test_it_is_shown_who_set_it_and_when_also_after_a_restart(stage: Stage, tmp_path):
    async with running_gateway(team(stage), tmp_path):
        await stage.ask("moa alone channel", where="group", who=stage.ben)
        await stage.reads("From now on alone answers", where="group")
    async with running_gateway(team(stage), tmp_path) as gateway:
        await stage.ask("moa", where="group")
        shown = await stage.reads("alone answers here", where="group")
        assert "(chosen here by Ben on " in shown.text
        assert "(UTC)" in shown.text
        await stage.ask("How do I get there?", where="group")
        await stage.answered("Go by train.", where="group")
        assert gateway.calls.of("a") == []


async def test_undo_brings_back_what_was_set_before_and_is_good_once(stage: Stage, tmp_path):
    async with running_gateway(team(stage), tmp_path):
        await stage.ask("moa alone")
        first = await stage.reads("From now on alone answers")
        assert any("Undo" in each for each in first.buttons)
    async with running_gateway(team(stage), tmp_path) as gateway:
        await stage.until(stage.listening)
        await stage.press("Undo")  # of before the restart
        await stage.until(lambda: said(stage, "is taken back"))
        assert await gateway.store.chosen_everywhere("preset") == []
        await stage._press("dm", stage.ann, first.id, next(x for x in first.buttons if "Undo" in x))
        await stage.until(lambda: said(stage, "changed again since"))


def said(stage: Stage, text: str) -> bool:
    return any(text in each for each in [*stage.toasts, *(each.text for each in stage.seen())])
