"""Presets of a team: what may be chosen and asked in a place, and that one turn changes nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from core.errors import UsageError
from core.types import Address, Author, Command
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import TEXT
from tests.gateway.guarded import GROUP, Scene, guarded

BEN = Author(id="ben", name="Ben", circles=("T1",))
CARL = Author(id="carl", name="Carl", circles=("T1",))
THREAD = replace(GROUP, thread="t1")
SCRIPTS = {"big": [["Yes."]], "a": [["A."]], "b": [["B."]], "c": [["C."]]}
FOREIGN = """
    foreign:
      reference_models: [{provider: q, model: c}]
      aggregator: {provider: p, model: big}
      fanout: user_turn
    stands_in:
      reference_models: [{provider: p, model: a, fallbacks: [{provider: q, model: c}]}]
      aggregator: {provider: p, model: big}
      fanout: user_turn
    condensed:
      reference_models: [{provider: p, model: a}]
      aggregator: {provider: q, model: c}
      acting_model: {provider: p, model: big}
      fanout: user_turn
"""
TWO = TEXT.replace("providers:\n", 'providers:\n  q: {api: scripted, answers: {"*": unused}}\n')
TWO = TWO.rstrip("\n") + FOREIGN
ACCESS = "access: {admins: ['fake:ann', 'fake:ben'], allow: ['fake:T1']}\n"
ONLY_P = ACCESS + "channels: [{platform: fake, channel: G1, providers: [p]}]\n"


def asked(scene: Scene) -> int:
    model = scene.parts.gateway.providers["p"].model
    assert isinstance(model, ScriptedModel)
    return len(model.made)


async def say(scene: Scene, text: str, where: Address = GROUP, **said) -> None:
    await scene.say(text, where=where, addressed=True, **said)
    await scene.idle()


async def give(scene: Scene, name: str, args: str = "", **more) -> str:
    """Give a command, and read what is answered."""
    await scene.command(name, args, **{"where": GROUP, **more})
    await scene.idle()
    return scene.whispers[-1]


# --- providers --------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["foreign", "stands_in", "condensed"])
def test_a_preset_with_another_provider_cannot_be_chosen_or_asked_there(preset):
    async def story():
        async with guarded(SCRIPTS, text=TWO, more=ONLY_P) as scene:
            told = await give(scene, "moa", f"{preset} channel")
            assert f"allows only models of p here, and the preset {preset} also asks q" in told
            told = await give(scene, "moa", f"{preset} me")
            assert "also asks q" in told
            told = await give(scene, "ask", f"preset:{preset} Why?")
            assert "also asks q" in told
            await scene.press("pick", value=preset, where=GROUP)
            await scene.idle()
            assert "also asks q" in scene.whispers[-1]
            await give(scene, "moa")
            assert {each.value for each in scene.buttons} == {"review", "alone", "off"}
            with pytest.raises(UsageError, match="also asks q"):
                await scene.say("Why?", where=GROUP, addressed=True, preset=preset)
            assert await scene.parts.store.chosen_everywhere("preset") == []
            assert asked(scene) == 0
            elsewhere = replace(GROUP, channel="G2")
            assert "From now on" in await give(scene, "moa", preset, where=elsewhere)

    run_virtual(story())


@pytest.mark.parametrize("level", ["default", "workspace", "me"])
def test_a_preset_in_force_by_the_level_above_is_refused_and_none_takes_its_place(level):
    more = ONLY_P
    if level == "default":
        more += "defaults: {preset: foreign}\n"
    if level == "workspace":
        more += "workspaces: [{platform: fake, workspace: T1, preset: foreign}]\n"

    async def story():
        async with guarded(SCRIPTS, text=TWO, more=more) as scene:
            if level == "me":
                await give(scene, "moa", "foreign me", where=replace(GROUP, channel="G2"))
            await say(scene, "Why?")
            (text,) = scene.chat.texts()
            assert "allows only models of p here, and the preset foreign also asks q" in text
            assert "no other is taken in its place" in text
            assert asked(scene) == 0
            assert await scene.parts.store.waiting() == []
            shown = await give(scene, "moa")
            assert shown.startswith("foreign answers here (")
            assert "also asks q" in shown
            await give(scene, "moa", "alone me")
            await say(scene, "Why?")
            assert scene.chat.texts()[-1].startswith("Yes.")

    run_virtual(story())


def test_off_asks_the_aggregator_alone_so_it_depends_on_that_one():
    async def story():
        more = ONLY_P + "defaults: {preset: foreign}\n"
        async with guarded(SCRIPTS, text=TWO, more=more) as scene:
            assert "From now on foreign answers" in await give(scene, "moa", "off channel")
            await say(scene, "Why?")
            assert scene.chat.texts()[-1].startswith("Yes.")
        more = more.replace("providers: [p]", "providers: [q]")
        async with guarded(SCRIPTS, text=TWO, more=more) as scene:
            assert "also asks p" in await give(scene, "moa", "off channel")

    run_virtual(story())


def test_an_empty_list_of_providers_lets_nobody_be_asked():
    async def story():
        more = ONLY_P.replace("providers: [p]", "providers: []")
        async with guarded(SCRIPTS, text=TWO, more=more) as scene:
            await say(scene, "Why?")
            assert "allows no models here" in scene.chat.texts()[-1]
            assert asked(scene) == 0

    run_virtual(story())


# --- allow ------------------------------------------------------------------------------------


def test_moa_2_a_choice_of_ones_own_that_is_kept_for_others_by_now_is_refused():
    async def story():
        store = MemoryStore()
        async with guarded(SCRIPTS, more=ACCESS, store=store) as scene:
            await give(scene, "moa", "alone me", who=BEN)
        kept = TEXT.replace(
            "      enabled: false", "      enabled: false\n      allow: ['fake:ann']"
        )
        async with guarded(SCRIPTS, text=kept, more=ACCESS, store=store) as scene:
            scene.numbers = count(100)
            await say(scene, "Why?", who=BEN)
            assert "keeps the preset alone for others by now" in scene.chat.texts()[-1]
            assert asked(scene) == 0
            await give(scene, "moa", "", who=BEN)
            assert "alone" not in {each.label for each in scene.buttons}
            await give(scene, "moa", "default me", who=BEN)
            await say(scene, "Why?", who=BEN)
            assert "Yes." in scene.chat.texts()[-1]

    run_virtual(story())


# --- one turn leaves the setting alone --------------------------------------------------------


@pytest.mark.parametrize("ending", ["success", "error", "stop"])
def test_a_preset_for_one_question_never_becomes_the_setting(ending):
    scripts: dict[str, Any] = dict(SCRIPTS)
    if ending == "error":
        scripts["big"] = [[RuntimeError("broken")]] * 3
    if ending == "stop":
        scripts["big"] = [["Ye", 60.0, "s."]]

    async def story():
        async with guarded(scripts, more=ACCESS) as scene:
            await give(scene, "moa", "review channel")
            before = await scene.parts.store.chosen_everywhere("preset")
            await scene.command("ask", "preset:alone Why?", where=GROUP)
            if ending == "stop":
                await scene.until(lambda: scene.parts.gateway.runner.running)
                await scene.command("stop", where=GROUP)
            await scene.idle()
            turns = await scene.parts.store.turns(GROUP.session)
            assert [turn.start.preset.name for turn in turns] == ["alone"]
            assert await scene.parts.store.chosen_everywhere("preset") == before
            shown = await give(scene, "moa")
            assert shown.startswith("review answers here (chosen here by you on ")

    run_virtual(story())


# --- what is set ------------------------------------------------------------------------------


def test_a_preset_that_was_deleted_while_it_was_set_is_told_and_the_level_above_answers():
    async def story():
        store = MemoryStore()
        async with guarded(SCRIPTS, more=ACCESS, store=store) as scene:
            await give(scene, "moa", "alone channel")
        gone = TEXT.replace("    alone:", "    solo:")
        async with guarded(SCRIPTS, text=gone, more=ACCESS, store=store) as scene:
            scene.numbers = count(100)
            shown = await give(scene, "moa")
            assert shown == (
                "review answers here (the default).\n"
                "alone was chosen here, but there is no such preset any more."
            )
            await say(scene, "Why?")
            turns = await scene.parts.store.turns(GROUP.session)
            assert [turn.start.preset.name for turn in turns] == ["review"]
            await scene.press("pick", value="alone", where=GROUP)
            await scene.idle()
            assert scene.whispers[-1] == "There is no such preset any more."

    run_virtual(story())


def test_a_picker_that_is_pressed_twice_changes_it_once():
    async def story():
        async with guarded(SCRIPTS, more=ACCESS) as scene:
            for _ in range(2):
                await scene.press("pick", value="alone", where=GROUP)
                await scene.idle()
            assert scene.whispers[0].startswith("From now on alone answers")
            assert scene.whispers[1] == (
                "alone answers in this conversation already, its aggregator alone, "
                "so nothing was changed."
            )
            assert len(await scene.parts.store.audited(last=10)) == 1

    run_virtual(story())


def test_a_picker_that_the_wrong_person_presses_changes_nothing():
    async def story():
        async with guarded(SCRIPTS) as scene:
            await scene.press("pick", value="alone", where=GROUP)
            await scene.idle()
            assert scene.whispers[-1].startswith("Only an admin chooses for everybody here.")
            await give(scene, "moa")
            assert "you choose for yourself" in scene.whispers[-1]
            (button,) = [each for each in scene.buttons if each.label == "alone"]
            await scene.press("pick", value=button.value, where=GROUP)
            await scene.idle()
            (setting,) = await scene.parts.store.chosen_everywhere("preset")
            assert (setting.scope, setting.value) == ("user:fake:ann", "alone")

    run_virtual(story())


def test_undo_says_so_where_another_has_changed_it_since():
    async def story():
        async with guarded(SCRIPTS, more=ACCESS) as scene:
            await give(scene, "moa", "alone channel")
            (undo,) = scene.buttons
            told = await give(scene, "moa", "off channel", who=BEN)
            assert told.endswith("/moa alone channel undoes it. Ann had chosen alone.")
            await scene.press("restore", value=undo.value, where=GROUP)
            await scene.idle()
            assert scene.whispers[-1] == "That was changed again since, so nothing was undone."
            (undo,) = scene.chat.whispers[-2][1].buttons
            await scene.press("restore", value=undo.value, where=GROUP)
            await scene.idle()
            (setting,) = await scene.parts.store.chosen_everywhere("preset")
            assert setting.value == "alone"

    run_virtual(story())


def test_a_choice_says_where_it_holds_and_how_to_undo_it():
    async def story():
        async with guarded(SCRIPTS, more=ACCESS) as scene:
            told = await give(scene, "moa", "alone", where=THREAD)
            assert "in this thread" in told
            assert "/moa default thread undoes it." in told
            told = await give(scene, "moa", "review channel", where=THREAD)
            assert "From now on review answers in this conversation" in told
            told = await give(scene, "moa", "alone me", where=THREAD)
            assert "to your questions" in told
            told = await give(scene, "moa", "default me", where=THREAD)
            assert told.startswith("The choice to your questions is taken back: now alone answers")
            assert told.endswith("/moa alone me undoes it.")
            told = await give(scene, "moa", "default me", where=THREAD)
            assert told.startswith("Nothing is chosen to your questions")

    run_virtual(story())


def test_where_it_is_locked_nothing_is_chosen_or_offered():
    more = ACCESS + "channels: [{platform: fake, channel: G1, locked: true, preset: review}]\n"

    async def story():
        async with guarded(SCRIPTS, more=more) as scene:
            for args in ("alone", "alone me", "off", "default"):
                assert "has fixed the preset" in await give(scene, "moa", args)
            shown = await give(scene, "moa")
            assert shown.startswith("review answers here (set by the operator for this place).")
            assert scene.buttons == ()
            assert await scene.parts.store.audited(last=10) == []

    run_virtual(story())


def test_where_it_is_locked_a_member_is_not_sent_to_choose_for_oneself():
    more = ACCESS + "channels: [{platform: fake, channel: G1, locked: true, preset: review}]\n"

    async def story():
        async with guarded(SCRIPTS, more=more) as scene:
            assert "has fixed the preset" in await give(scene, "moa", "alone", who=CARL)

    run_virtual(story())


@pytest.mark.parametrize("word", ["list", "help", "here", "thread", "channel", "me"])
def test_moa_2_a_reserved_word_alone_only_looks(word):
    async def story():
        async with guarded(SCRIPTS, more=ACCESS) as scene:
            assert (await give(scene, "moa", word)).startswith("review answers here (the default)")
            assert await scene.parts.store.audited(last=10) == []

    run_virtual(story())


def test_a_question_that_named_its_preset_names_it_again_when_it_is_asked_again():
    async def story():
        async with guarded(SCRIPTS, more=ACCESS) as scene:
            await scene.command("ask", "preset:alone Why?", where=GROUP)
            await scene.idle()
            for _ in range(2):
                await scene.press("retry", await scene.last_turn(GROUP), where=GROUP)
                await scene.idle()
            turns = await scene.parts.store.turns(GROUP.session)
            assert [turn.start.preset.name for turn in turns] == ["alone"]
            await say(scene, "And now?")
            await scene.press("retry", await scene.last_turn(GROUP), where=GROUP)
            await scene.idle()
            turns = await scene.parts.store.turns(GROUP.session)
            assert [turn.start.preset.name for turn in turns] == ["alone", "review"]

    run_virtual(story())


def test_what_is_offered_while_somebody_types_and_at_home_is_what_they_may_choose():
    async def story():
        more = ONLY_P + "defaults: {providers: [p]}\n"
        async with guarded(SCRIPTS, text=TWO, more=more) as scene:
            gateway = scene.parts.gateway
            standing = await gateway.accounts.standing("fake", "ann", ("T1",))
            assert standing.presets == ("review", "alone")
            asking = Command(event_id="e", address=GROUP, author=BEN, name="moa", args="", at=1)
            assert gateway.chat_parts.presets(asking) == ["review", "alone"]

    run_virtual(story())
