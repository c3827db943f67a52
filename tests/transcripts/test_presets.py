"""Presets as a team uses them: who set it and when, undo, two admins, what survives a restart."""

from __future__ import annotations

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import Stage, Where

TRAIN = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}


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


def said(stage: Stage, text: str, *, where: Where = "dm") -> bool:
    return any(text in each for each in [*stage.toasts, *(each.text for each in stage.seen(where))])


async def test_a_quiet_channel_answers_mentions_alone_also_after_a_restart(stage: Stage, tmp_path):
    text = team(stage, more="defaults: {listen: all}\n")
    async with running_gateway(text, tmp_path):
        await stage.ask("quiet", where="group")
        await stage.reads("From now on I answer mentions here", where="group")
    async with running_gateway(text, tmp_path) as gateway:
        await stage.until(stage.listening)
        await stage.sim.say(stage.places["group"], stage.ben, "Does anybody know the way?")
        await stage.ask("How do I get there?", where="group")
        await stage.answered("Go by train.", where="group")
        await stage.ask("status", where="group")
        await stage.reads("Quiet since", where="group")
        assert len(gateway.calls.of("big")) == 1


async def test_a_preset_that_a_place_does_not_allow_is_refused_with_a_sentence(
    stage: Stage, tmp_path
):
    text = team(stage, more="defaults: {providers: []}\n")
    async with running_gateway(text, tmp_path) as gateway:
        places: tuple[Where, ...] = ("dm", "group")
        for where in places:
            await stage.ask("How do I get there?", where=where)
            await stage.reads("and no other is taken in its place", where=where)
            await stage.ask("moa alone me", where=where)
            await stage.reads("Nothing was changed or asked.", where=where)
        assert gateway.calls.of("big") == []
        assert await gateway.store.chosen_everywhere("preset") == []


async def test_a_member_chooses_for_themselves_in_the_picker_of_a_group(stage: Stage, tmp_path):
    async with running_gateway(stage.configured(TRAIN), tmp_path) as gateway:
        await stage.ask("moa channel", where="group", who=stage.ben)
        picker = await stage.reads("below you choose for yourself", where="group")
        await choose(stage, picker.id, "alone")
        await stage.until(lambda: said(stage, "answers to your questions", where="group"))
        (setting,) = await gateway.store.chosen_everywhere("preset")
        assert (setting.scope, setting.value) == (f"user:{stage.platform}:{stage.ben.id}", "alone")


async def choose(stage: Stage, picker: str, preset: str) -> None:
    """Let Ben choose in a picker of the group, as he has to there."""
    group = stage.places["group"]
    if stage.platform == "telegram":
        await stage._press("group", stage.ben, picker, preset)
        return
    below = stage.sim.threads(group) if stage.platform == "discord" else ()
    places = [each for each in below if any(one.id == picker for one in stage.sim.shown(each))]
    await stage.sim.select(*places or [group], stage.ben, picker, preset)
