"""Shows what is let in from a messenger: whom it concerns, who is turned away, how often told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from structlog.testing import capture_logs

from core.errors import UnknownPreset, UserError
from core.types import Attachment
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.assembled import TEXT
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, EVE, GROUP, Scene, guarded

THREAD = replace(GROUP, thread="e1")
FILE = Attachment(kind="document", name="report.pdf", size=120 * 1024, media_type="application/pdf")


def story(scenario, **said):
    async def told():
        async with guarded(**said) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


def test_a_private_message_is_answered():
    async def scenario(scene: Scene):
        assert await scene.say("Why?")
        await scene.idle()
        assert scene.chat.texts()[-1].startswith("Yes.")

    story(scenario)


def test_in_a_group_it_speaks_when_it_is_addressed():
    async def scenario(scene: Scene):
        with capture_logs() as logs:
            assert await scene.say("Hi all", where=GROUP, addressed=False) is None
            assert await scene.parts.store.waiting() == []
            assert logs == []
        assert await scene.say("Why?", where=GROUP)

    story(scenario)


@pytest.mark.parametrize("where", [DM, GROUP])
def test_what_a_bot_says_or_commands_is_ignored_unless_its_own_id_is_let_in(where):
    robot = replace(ANN, id="r2", is_bot=True)

    async def ignored(scene: Scene):
        assert await scene.say("Why?", who=robot, where=where) is None
        assert not await scene.command("ask", "Why?", who=robot, where=where)
        assert scene.whispers == []

    async def answered(scene: Scene):
        assert await scene.say("Why?", who=robot, where=where)

    story(ignored)
    story(answered, more="access: {allow: ['fake:T1', 'fake:r2']}\n")


def test_what_it_says_itself_under_another_name_is_ignored():
    async def scenario(scene: Scene):
        assert await scene.say("Why?", who=replace(ANN, is_self=True)) is None

    story(scenario)


def test_a_thread_whose_root_addressed_it_is_its_own():
    async def scenario(scene: Scene):
        assert await scene.say("Go on", where=THREAD, addressed=False) is None
        assert await scene.say("Why?", where=THREAD, message_id="e1")
        assert await scene.say("And then?", where=THREAD, who=BEN, addressed=False)
        said = await scene.say("@Ann look", where=THREAD, addressed=False, to_others=True)
        assert said is None
        elsewhere = replace(THREAD, thread="e9")
        assert await scene.say("And here?", where=elsewhere, addressed=False) is None

    story(scenario)


def test_a_mention_inside_of_a_human_thread_answers_that_message_only():
    async def scenario(scene: Scene):
        assert await scene.say("Bot, why?", where=THREAD, message_id="m7")
        assert await scene.say("Thanks", where=THREAD, addressed=False) is None

    story(scenario)


def test_a_thread_stays_its_own_after_a_restart():
    store = MemoryStore()

    async def told():
        async with guarded(store=store) as scene:
            assert await scene.say("Why?", where=THREAD, message_id="e1")
            await scene.idle()
        async with guarded(store=store) as scene:
            scene.numbers = count(50)
            assert await scene.say("Go on", where=THREAD, addressed=False)
            await scene.idle()

    run_virtual(told())


def test_where_it_listens_to_all_it_answers_all_but_what_is_said_to_others():
    more = ALLOWED + "channels: [{platform: fake, channel: G1, listen: all}]\n"

    async def scenario(scene: Scene):
        assert await scene.say("Anything", where=GROUP, addressed=False)
        said = await scene.say("@Ben hi", where=GROUP, addressed=False, to_others=True)
        assert said is None
        assert await scene.say("Hi", where=replace(GROUP, channel="G2"), addressed=False) is None
        nothing = await scene.say(" ", where=GROUP, addressed=False)
        assert nothing is None

    story(scenario, more=more)


# --- strangers ------------------------------------------------------------------------------


def test_a_stranger_is_told_as_often_as_codes_run_out_what_would_let_them_in():
    async def scenario(scene: Scene):
        with pytest.raises(UserError) as refused:
            await scene.say("Hi", who=EVE)
        assert "Your id is fake:eve" in str(refused.value)
        assert "Your pairing code is " in str(refused.value)
        assert await scene.say("Hello?", who=EVE) is None
        await asyncio.sleep(590)
        assert await scene.say("Hello?", who=EVE) is None
        await asyncio.sleep(20)
        with pytest.raises(UserError):
            await scene.say("Hello?", who=EVE)
        assert await scene.parts.store.waiting() == []

    story(scenario)


def test_everybody_is_a_stranger_unless_somebody_is_named():
    async def scenario(scene: Scene):
        with pytest.raises(UserError):
            await scene.say("Hi", who=ANN)

    story(scenario, more="")


def test_in_a_group_only_who_addressed_it_is_turned_away_aloud_and_once_for_all():
    async def scenario(scene: Scene):
        assert await scene.say("Hi all", who=EVE, where=GROUP, addressed=False) is None
        with pytest.raises(UserError, match=r'access.allow: \["fake:chat:G1"\]'):
            await scene.say("Bot?", who=EVE, where=GROUP)
        assert await scene.say("Bot?", who=replace(EVE, id="mallory"), where=GROUP) is None

    story(scenario)


def test_a_stranger_can_press_and_command_nothing_and_always_hears_why():
    async def scenario(scene: Scene):
        for _ in range(2):
            with pytest.raises(UserError, match="I do not know you yet"):
                await scene.command("moa", "alone", who=EVE)
            with pytest.raises(UserError, match="not allowed to answer in this chat"):
                await scene.press("stop", "t", who=EVE, where=GROUP)
        assert await scene.parts.store.waiting() == []

    story(scenario)


def test_a_stranger_whose_command_is_a_message_like_others_hears_why_once_an_hour():
    async def scenario(scene: Scene):
        with pytest.raises(UserError, match="not allowed to answer in this chat"):
            await scene.command("moa", who=EVE, where=GROUP, handle="")
        assert not await scene.command("moa", who=EVE, where=GROUP, handle="")
        assert await scene.say("Bot?", who=EVE, where=GROUP) is None

    story(scenario)


@pytest.mark.parametrize(
    ("more", "who", "told"),
    [
        ("access: {public: true, deny: ['fake:eve']}\nbudgets: {total: {daily: 1}}", EVE, "closed"),
        (ALLOWED, replace(ANN, is_guest=True), "guests"),
    ],
)
def test_who_is_denied_or_a_guest_is_told_so(more, who, told):
    async def scenario(scene: Scene):
        with pytest.raises(UserError, match=told):
            await scene.say("Hi", who=who)

    story(scenario, more=more)


def test_a_public_bot_answers_everybody():
    async def scenario(scene: Scene):
        assert await scene.say("Hi", who=EVE)

    story(scenario, more="access: {public: true}\nbudgets: {total: {daily: 1}}")


# --- what it means --------------------------------------------------------------------------


def test_a_file_is_named_to_the_models_and_may_be_all_there_is():
    async def scenario(scene: Scene):
        await scene.say("Sum this up", attachments=(FILE,))
        await scene.say("", attachments=(FILE, Attachment(kind="sticker", name="")))
        await scene.idle()
        first, second = await scene.parts.store.turns(DM.session)
        said = "[attached: report.pdf, application/pdf, 120 kB – not read]"
        assert first.start.question.text == f"Sum this up\n\n{said}"
        assert second.start.question.text == f"{said}\n[attached: sticker – not read]"

    story(scenario)


def test_a_message_without_anything_is_refused_where_it_was_meant_for_us():
    async def scenario(scene: Scene):
        with pytest.raises(UserError, match="empty"):
            await scene.say("  ")

    story(scenario)


def test_words_are_a_command_only_where_they_are_said_to_it():
    async def scenario(scene: Scene):
        await scene.say("Why?", where=THREAD, message_id="e1")
        await scene.say("moa alone", where=THREAD)
        await scene.heard("From now on alone answers in this thread")
        await scene.say("moa review", where=THREAD, addressed=False)
        await scene.idle()
        assert (await scene.parts.gateway.exchange.choices.preset(THREAD)).name == "alone"
        turns = await scene.parts.store.turns(THREAD.session)
        assert [each.start.question.text for each in turns] == ["Why?", "moa review"]

    story(scenario)


def test_a_question_can_be_asked_by_command_with_a_preset_of_its_own():
    async def scenario(scene: Scene):
        assert await scene.command("ask", "preset:alone Why not?")
        assert await scene.command("ask", "Why?")
        await scene.idle()
        turns = await scene.parts.store.turns(DM.session)
        asked = [(each.start.question.text, each.start.preset.name) for each in turns]
        assert asked == [("Why not?", "alone"), ("Why?", "review")]

    story(scenario)


def test_a_message_with_a_preset_that_is_not_there_is_refused():
    async def scenario(scene: Scene):
        with pytest.raises(UnknownPreset, match="Did you mean 'review'"):
            await scene.say("Why not?", preset="revew")
        assert await scene.parts.store.waiting() == []

    story(scenario)


DEAR = """    dear:
      allow: ['fake:ben', 'fake:role:9']
      enabled: false
      aggregator: {provider: p, model: big}
"""
FOR_BEN = TEXT + DEAR


def test_moa_2_a_preset_is_asked_and_chosen_only_by_whom_it_is_for():
    async def scenario(scene: Scene):
        with pytest.raises(UserError, match="keeps the preset dear for others"):
            await scene.say("Why not?", preset="dear")
        for name, args in (("ask", "preset:dear Why not?"), ("moa", "dear"), ("moa", "dear me")):
            told = len(scene.whispers)
            assert await scene.command(name, args)
            await scene.until(lambda: len(scene.whispers) > told)  # noqa: B023 - awaited at once
            assert "keeps the preset dear for others" in scene.whispers[-1]
        assert await scene.command("moa", "alone")
        role = replace(ANN, circles=("T1", "role:9"))
        for who in (BEN, role):
            assert await scene.say("Why not?", who=who, preset="dear")
            assert await scene.command("ask", "preset:dear Why?", who=who)
        await scene.idle()
        turns = await scene.parts.store.turns(DM.session)
        assert [each.start.preset.name for each in turns] == ["dear"] * 4

    story(scenario, text=FOR_BEN)


def test_moa_2_what_somebody_may_choose_is_answered_for_everybody_there():
    async def scenario(scene: Scene):
        assert await scene.command("moa", "dear", who=replace(BEN, is_admin=True), where=GROUP)
        await scene.idle()
        assert await scene.say("Why?", where=GROUP)
        await scene.idle()
        (turn,) = await scene.parts.store.turns(GROUP.session)
        assert turn.start.preset.name == "dear"

    story(scenario, text=FOR_BEN)


def test_moa_2_an_owner_chooses_any_preset():
    async def scenario(scene: Scene):
        assert await scene.say("Why not?", preset="dear")

    story(scenario, text=FOR_BEN, more="access: {owners: ['fake:ann']}\n")


def test_what_is_asked_by_command_is_a_question_whatever_its_words():
    async def scenario(scene: Scene):
        await scene.say("stop", preset="alone")
        await scene.idle()
        (turn,) = await scene.parts.store.turns(DM.session)
        assert turn.start.question.text == "stop"

    story(scenario)


def test_a_question_with_a_preset_that_is_not_there_is_not_asked():
    async def scenario(scene: Scene):
        assert await scene.command("ask", "preset:revew Why not?")
        await scene.heard("Did you mean 'review'?")
        assert await scene.command("ask", "")
        assert await scene.command("ask", "preset:")
        assert await scene.command("ask", "preset: Why not?")
        await scene.heard("Write your question")
        assert await scene.parts.store.turns(DM.session) == []
        assert await scene.parts.store.waiting() == []

    story(scenario)
