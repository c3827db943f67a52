"""Shows what commands and presses do in a messenger, and what whoever gives them is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from core.errors import ChatBusy, ChatError, StoreDamaged, StoreError, UserError
from core.frames import Frame
from core.records import TurnEnd
from core.types import Address, Command, Incoming, Message, Moved, Press
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, EVE, GROUP, Scene, guarded

THREAD = replace(GROUP, thread="e1")
SLOW = {"big": [["It is a long story. " * 9, 30.0, "The end."]], "a": [["A."]], "b": [["B."]]}
ADMIN = replace(BEN, is_admin=True)


def story(scenario, **said):
    async def told():
        async with guarded(**said) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


async def running(scene: Scene, where: Address = DM, **said) -> str:
    """Ask something that takes long, and wait until its answer begins."""
    await scene.say("Why?", where=where, **said)
    await scene.until(lambda: any("long story" in each for each in scene.chat.texts()))
    return await scene.last_turn(where)


# --- Stop -----------------------------------------------------------------------------------


def test_moa_11_the_asker_stops_a_turn_by_its_button():
    async def scenario(scene: Scene):
        await scene.press("stop", await running(scene))
        await scene.idle()
        assert "— stopped" in scene.chat.texts()[-1]
        assert scene.whispers == []
        await scene.press("stop", await scene.last_turn())
        await scene.heard("has ended already")

    story(scenario, scripts=SLOW)


@pytest.mark.parametrize("way", ["native", "command", "words"])
def test_a_stop_without_a_turn_stops_what_runs_there(way):
    async def scenario(scene: Scene):
        await running(scene)
        if way == "native":
            await scene.press("stop")
        elif way == "command":
            await scene.command("stop")
            await scene.heard("Stopped.")
        else:
            await scene.say("stop")
            await scene.heard("Stopped.")
        await scene.idle()
        assert "— stopped" in scene.chat.texts()[-1]

    story(scenario, scripts=SLOW)


def test_stop_in_a_channel_means_ones_own_question_in_a_thread_of_it():
    async def scenario(scene: Scene):
        await running(scene, THREAD, message_id="e1")
        newer = replace(GROUP, thread="e2")
        await scene.say("And why that?", where=newer, who=EVE, message_id="e2")
        await scene.until(lambda: len(scene.parts.gateway.runner.running) == 2)
        await scene.command("stop", where=GROUP, who=ANN)
        await scene.heard("Stopped.")
        await scene.until(lambda: scene.parts.sessions.running == 1)
        await scene.command("stop", where=GROUP, who=ANN)
        await scene.heard("Only the person who asked, or an admin, can do that.")
        await scene.command("stop", where=GROUP, who=ADMIN)
        await scene.until(lambda: not scene.parts.sessions.running)
        await scene.command("stop", where=GROUP, who=ANN)
        await scene.heard("Nothing is being answered here now.")

    story(scenario, scripts=SLOW, more="access: {public: true}\nbudgets: {total: {daily: 1000}}\n")


def test_retry_in_a_channel_means_ones_last_question_in_a_thread_of_it():
    async def scenario(scene: Scene):
        for number, who in enumerate((ANN, ANN, EVE), start=1):
            where = replace(GROUP, thread=f"e{number}")
            await scene.say(f"Question {number}?", where=where, who=who, message_id=f"e{number}")
            await scene.idle()
        await scene.command("retry", where=GROUP, who=ANN)
        await scene.heard("Asking the last question again.")
        await scene.idle()
        assert [await asked(scene, number) for number in (1, 2, 3)] == [1, 2, 1]
        await scene.command("retry", where=GROUP, who=BEN)
        await scene.heard("Only the person who asked, or an admin, can do that.")
        await scene.command("retry", where=GROUP, who=ADMIN)
        await scene.idle()
        assert [await asked(scene, number) for number in (1, 2, 3)] == [1, 3, 1]  # its newest

    story(scenario, more="access: {public: true}\nbudgets: {total: {daily: 1000}}\n")


async def asked(scene: Scene, number: int) -> int:
    """Count how often a question was asked; only its last answer stands."""
    where = replace(GROUP, thread=f"e{number}")
    (turn,) = await scene.parts.store.turns(where.session)
    text = turn.start.question.text
    calls = scene.parts.gateway.providers["p"].model.of("big")  # type: ignore[attr-defined]
    return sum(text in str(made.call.lines) for made in calls)


class Stopped(MemoryStore):
    """A store in which somebody presses Stop while an ending is stored."""

    press: Callable[[], Awaitable[object]]

    @override
    async def finish(self, end: TurnEnd) -> None:
        await self.press()
        await super().finish(end)


def test_p5_a_stop_that_comes_too_late_leaves_nothing_behind():
    store = Stopped()

    async def scenario(scene: Scene):
        store.press = lambda: scene.press("stop")
        await scene.say("Why?")
        await scene.idle()
        assert scene.chat.texts()[-1].startswith("Yes.")
        assert scene.parts.gateway.runner.stopping == set()

    story(scenario, store=store)


def test_only_the_asker_and_admins_stop_a_turn():
    async def scenario(scene: Scene):
        turn_id = await running(scene, GROUP)
        await scene.press("stop", turn_id, who=BEN, where=GROUP)
        await scene.heard("Only the person who asked, or an admin, can do that.")
        await scene.command("stop", who=BEN, where=GROUP)
        assert turn_id in scene.parts.gateway.runner.running
        await scene.press("stop", turn_id, who=ADMIN, where=GROUP)
        await scene.idle()
        assert "— stopped" in scene.chat.texts()[-1]

    story(scenario, scripts=SLOW)


def test_moa_11_a_stop_between_a_turns_claim_and_its_first_step_is_heard():
    class Eager(MemoryStore):
        """Stops a turn the moment it has begun."""

        def __init__(self) -> None:
            super().__init__()
            self.scene: Scene | None = None

        @override
        async def begin(self, start):
            await super().begin(start)
            assert self.scene is not None
            await self.scene.press("stop", start.turn_id)

    store = Eager()

    async def scenario(scene: Scene):
        store.scene = scene
        await scene.say("Why?")
        await scene.idle()
        (turn,) = await store.turns(DM.session)
        assert turn.end is not None
        assert turn.end.ending == "stopped"
        assert scene.parts.gateway.runner.stopping == set()

    story(scenario, scripts=SLOW, store=store)


# --- Retry and Remove -----------------------------------------------------------------------


def test_a_question_is_asked_again_by_button_and_by_command():
    async def scenario(scene: Scene):
        await scene.command("retry")
        await scene.heard("There is no question here yet")
        await scene.say("Why?")
        await scene.idle()
        await scene.press("retry", await scene.last_turn())
        await scene.idle()
        assert "Asking the last question again." not in scene.whispers
        await scene.command("retry")
        await scene.heard("Asking the last question again.")
        await scene.idle()
        (turn,) = await scene.parts.store.turns(DM.session)
        assert turn.start.question.text == "Why?"
        assert len(scene.parts.gateway.providers["p"].model.of("big")) == 3  # type: ignore[attr-defined]

    story(scenario)


def test_a_retry_that_can_do_nothing_any_more_says_so():
    async def scenario(scene: Scene):
        await scene.say("Why?")
        await scene.idle()
        old = await scene.last_turn()
        await scene.press("retry", old)
        await scene.idle()
        await scene.press("retry", old)
        await scene.heard("asked again already")
        await scene.press("retry", "a-turn-of-nobody")
        await scene.heard("I do not have that answer any more.")
        assert await scene.parts.store.waiting() == []
        (turn,) = await scene.parts.store.turns(DM.session)
        assert turn.start.question.text == "Why?"

    story(scenario)


@pytest.mark.parametrize("action", ["retry", "advise", "remove"])
def test_nobody_else_asks_again_or_removes(action):
    async def scenario(scene: Scene):
        await scene.say("Why?", where=GROUP)
        await scene.idle()
        before = scene.chat.texts()
        await scene.press(action, await scene.last_turn(GROUP), who=BEN, where=GROUP)
        await scene.heard("Only the person who asked")
        await scene.idle()
        assert scene.chat.texts() == before
        assert await scene.parts.store.waiting() == []
        await scene.press(action, await scene.last_turn(GROUP), who=ADMIN, where=GROUP)
        await scene.idle()
        assert scene.chat.texts() != before

    story(scenario)


def test_the_asker_removes_panel_and_answer():
    async def scenario(scene: Scene):
        await scene.say("Why?")
        await scene.idle()
        await scene.press("remove", await scene.last_turn())
        await scene.idle()
        assert scene.chat.texts() == []
        assert await scene.parts.store.lines(DM.session) == []

    story(scenario)


class Slow(FakeChat):
    """A chat that deletes one message, and the next one only after a while."""

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        if self.deleted and not self._busy:
            self._busy = True
            raise ChatBusy("wait", retry_after=3)
        await super().delete(address, message_id)

    _busy = False


def test_a_removal_waits_for_a_chat_under_flood_control():
    async def scenario(scene: Scene):
        await scene.say("Why?")
        await scene.idle()
        assert len(scene.chat.texts()) == 2
        await scene.press("remove", await scene.last_turn())
        await scene.until(lambda: scene.chat.texts() == [])

    story(scenario, chat=Slow())


# --- presets --------------------------------------------------------------------------------


def test_a_preset_is_picked_from_buttons_and_holds_from_then_on():
    async def scenario(scene: Scene):
        await scene.say("Why?")
        await scene.idle()
        await scene.press("preset", await scene.last_turn())
        await scene.heard("review answers here (the default).")
        labels = {each.label: each for each in scene.buttons}
        assert list(labels) == ["✓ review", "alone", "Aggregator alone"]
        assert {each.action for each in scene.buttons} == {"pick"}
        await scene.press("pick", value=labels["alone"].value)
        await scene.heard(
            "From now on alone answers in this conversation, its aggregator alone. "
            "/moa default channel undoes it."
        )
        await scene.say("And now?")
        await scene.idle()
        assert (await scene.parts.store.turns(DM.session))[-1].start.preset.name == "alone"
        await scene.command("moa", "default channel")
        await scene.heard("The choice in this conversation is taken back: now review answers.")

    story(scenario)


def test_a_wrong_name_changes_nothing_and_several_words_may_be_a_question():
    async def scenario(scene: Scene):
        await scene.command("moa", "revew")
        await scene.heard("Did you mean 'review'?")
        await scene.command("moa", "what is the weather")
        await scene.heard("To ask a question: /ask QUESTION")
        await scene.press("pick", value="gone")
        await scene.heard("There is no such preset any more.")
        assert await scene.parts.store.settings(f"session:{DM.session}") == {}

    story(scenario)


def test_a_preset_holds_for_the_thread_the_channel_or_oneself():
    async def scenario(scene: Scene):
        preset_of = scene.parts.gateway.exchange.choices.there
        await scene.command("moa", "alone channel", who=ADMIN, where=THREAD)
        assert (await preset_of(GROUP)).preset.name == "alone"
        assert (await preset_of(replace(GROUP, thread="e9"))).preset.name == "alone"
        await scene.command("moa", "review", where=THREAD)
        assert (await preset_of(THREAD)).preset.name == "review"
        assert (await preset_of(GROUP)).preset.name == "alone"
        await scene.command("moa", "review me", where=GROUP)
        assert (await preset_of(GROUP, ANN)).preset.name == "review"
        assert (await preset_of(GROUP, BEN)).preset.name == "alone"
        await scene.command("moa", "off me", where=GROUP)
        assert not (await preset_of(GROUP, ANN)).preset.enabled

    story(scenario)


def test_only_admins_choose_for_everybody_in_a_channel():
    async def scenario(scene: Scene):
        preset_of = scene.parts.gateway.exchange.choices.preset
        for where, args in [(GROUP, "alone"), (GROUP, "off"), (THREAD, "alone channel")]:
            scene.chat.whispers.clear()
            await scene.command("moa", args, where=where)
            await scene.heard("Only an admin chooses for everybody here.")
        scene.chat.whispers.clear()
        await scene.press("pick", value="alone", where=GROUP)
        await scene.heard("/moa NAME me")
        assert (await preset_of(GROUP)).name == "review"
        await scene.command("moa", "alone", where=THREAD)
        assert (await preset_of(THREAD)).name == "alone"
        await scene.press("pick", value="alone", who=ADMIN, where=GROUP)
        await scene.heard("From now on alone answers in this conversation")
        await scene.command("moa", "default", where=GROUP)
        assert (await preset_of(GROUP)).name == "alone"

    story(scenario)


LOCKED = ALLOWED + "channels: [{platform: fake, channel: G1, preset: alone, locked: true}]\n"


def test_a_locked_preset_stays():
    async def scenario(scene: Scene):
        await scene.command("moa", "review", who=ADMIN, where=GROUP)
        await scene.heard("The operator has fixed the preset here")
        await scene.command("moa", where=GROUP)
        await scene.heard("alone answers here, its aggregator alone (set by the operator")
        assert (await scene.parts.gateway.exchange.choices.preset(GROUP)).name == "alone"

    story(scenario, more=LOCKED)


# --- looks ----------------------------------------------------------------------------------


def test_everything_that_can_be_looked_at_is_told_to_one_person():
    async def scenario(scene: Scene):
        await scene.say("Why?", where=GROUP)
        await scene.idle()
        turn_id = await scene.last_turn(GROUP)
        shown = scene.chat.texts()
        looks = [
            ("advisors", "", "A.\n\n✓ p:b"),
            ("advisors", "2", "✓ p:b"),
            ("info", "", "tokens"),
        ]
        for action, value, wanted in looks:
            await scene.press(action, turn_id, value=value, who=BEN, where=GROUP)
            await scene.heard(wanted)
        await scene.press("up", turn_id, who=BEN, where=GROUP)
        await scene.heard("Thank you")
        (voted,) = await scene.parts.store.voted()
        assert (voted.up, voted.down, voted.references) == (1, 0, ("p:a", "p:b"))
        await scene.press("advisors", "gone", who=BEN, where=GROUP)
        await scene.heard("I do not have that answer any more.")
        await scene.press("info", turn_id, who=BEN, where=replace(GROUP, channel="G2"))
        assert scene.chat.texts() == shown

    story(scenario)


@pytest.mark.parametrize(
    ("kind", "listed"), [("telegram", "\n/cost – "), ("slack", "\n/moa cost – ")]
)
def test_help_and_cost(kind, listed):
    async def scenario(scene: Scene):
        await scene.command("help")
        await scene.heard(listed)
        await scene.command("cost")
        await scene.heard("This chat has cost $0 (0 answers) this month.")
        await scene.say("Why?")
        await scene.idle()
        await scene.command("cost")
        await scene.heard("(1 answer) this month.")
        await scene.command("dance")
        await scene.heard("I do not know the command 'dance'.")
        standing = await scene.parts.gateway.chat_parts.standing("fake", "ann", ("T1",))
        assert (standing.preset, standing.turns) == ("review", 1)

    story(scenario, kind=kind)


# --- whatever happens -----------------------------------------------------------------------


class Broken(FakeChat):
    """A chat in which nothing can be said aside."""

    error: Exception = ChatError("no")

    @override
    async def acknowledge(self, message: Message) -> None:
        raise self.error

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        raise self.error


@pytest.mark.parametrize("error", [ChatError("no"), RuntimeError("a bug")])
def test_a_whisper_that_fails_is_a_line_in_the_log_and_nothing_else(error):
    chat = Broken()
    chat.error = error

    async def scenario(scene: Scene):
        await scene.command("help")
        await scene.say("Why?")
        await scene.idle()
        assert chat.texts()[-1].startswith("Yes.")

    with capture_logs() as logs:
        story(scenario, chat=chat)
    failed = [each["what"] for each in logs if each["event"] == "aside_failed"]
    assert failed == ["whisper", "acknowledge"]


class Flooded(FakeChat):
    """A chat under flood control, once."""

    busy = True

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        if self.busy:
            self.busy = False
            raise ChatBusy("wait", retry_after=3)
        await super().whisper(to, frame)


def test_a_whisper_waits_for_a_chat_under_flood_control():
    async def scenario(scene: Scene):
        await scene.command("help")
        await scene.heard("/ask")

    with capture_logs() as logs:
        story(scenario, chat=Flooded())
    assert [each for each in logs if each["event"] == "aside_failed"] == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(StoreDamaged("broken"), "could not be stored"), (RuntimeError("a bug"), "went wrong here")],
)
def test_a_command_is_answered_even_when_it_breaks(error, told):
    class Worn(MemoryStore):
        @override
        async def chosen(self, *_args):
            raise error

    async def scenario(scene: Scene):
        await scene.command("moa")
        await scene.heard(told)
        assert await scene.parts.store.waiting() == []

    with capture_logs():
        story(scenario, store=Worn())


class Hung(FakeChat):
    """Remembers what each message was hung on, and which questions it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.hung: list[str | None] = []
        self.seen: list[str] = []

    @override
    async def post(self, address, frame, *, delivery_id, reply_to=None):
        self.hung.append(reply_to)
        return await super().post(address, frame, delivery_id=delivery_id)

    @override
    async def acknowledge(self, message: Message) -> None:
        self.seen.append(message.text)


def test_a_question_is_acknowledged_and_its_answer_hung_on_it():
    chat = Hung()

    async def scenario(scene: Scene):
        await scene.say("Why?", where=GROUP, reply_to="r9")
        await scene.say("Not for us", where=GROUP, addressed=False)
        await scene.idle()
        assert chat.seen == ["Why?"]
        assert set(chat.hung) == {"r9"}

    story(scenario, chat=chat)


# --- chats that move ------------------------------------------------------------------------

NEW = Address(platform="fake", channel="G-100")


def test_a_chat_goes_on_under_another_id_with_all_that_waits():
    async def scenario(scene: Scene):
        await scene.command("moa", "alone", who=ADMIN, where=GROUP)
        await running(scene, GROUP)
        await scene.say("And then?", where=GROUP)
        await scene.parts.gateway.intake(
            Moved(event_id="m1", address=GROUP, author=ANN, new=NEW, at=2_000)
        )
        await scene.press("stop", where=GROUP)
        await scene.idle()
        turns = await scene.parts.store.turns(NEW.session)
        assert [each.start.question.text for each in turns] == ["Why?", "And then?"]
        assert scene.chat.log[-1].channel == "G-100"
        assert (await scene.parts.gateway.exchange.choices.preset(NEW)).name == "alone"
        assert await scene.parts.store.turns(GROUP.session) == []

    story(scenario, scripts=SLOW)


NAMED = """
access:
  allow: ["fake:chat:G1"]
  deny: ["fake:ben"]
channels: [{platform: fake, channel: G1, preset: alone}]
"""
SHUT = "access: {allow: ['fake:eve'], deny: ['fake:chat:G1']}\n"
MOVED = Moved(event_id="m1", address=GROUP, author=ANN, new=NEW, at=2)


@pytest.mark.parametrize("restarted", ["no", "before it was done", "after it"])
def test_what_the_file_says_of_a_chat_holds_where_it_goes_on(restarted):
    async def told():
        store = MemoryStore()
        async with guarded(store=store, more=NAMED) as scene:
            if restarted == "before it was done":
                await store.accept(MOVED)
            else:
                await scene.parts.gateway.intake(MOVED)
                await scene.idle()
            if restarted == "no":
                await works(scene)
                return
        async with guarded(store=store, more=NAMED) as scene:
            await scene.parts.recover()
            await works(scene)

    async def works(scene: Scene):
        assert await scene.say("Why?", who=EVE, where=NEW)
        assert (await scene.parts.gateway.exchange.choices.preset(NEW)).name == "alone"
        with pytest.raises(UserError, match="closed it to you"):
            await scene.say("Why?", who=BEN, where=NEW)
        await scene.idle()

    run_virtual(told())


def test_a_chat_that_is_denied_stays_denied_where_it_goes_on():
    async def told():
        store = MemoryStore()
        for _ in range(2):
            async with guarded(store=store, more=SHUT) as scene:
                await scene.parts.recover()
                await scene.parts.gateway.intake(MOVED)
                await scene.idle()
                with pytest.raises(UserError, match="closed it to you"):
                    await scene.say("Why?", who=EVE, where=NEW)

    run_virtual(told())


def test_a_move_that_was_not_done_any_more_is_done_after_a_restart():
    async def told():
        store = MemoryStore()
        message = Message(event_id="e1", address=GROUP, author=ANN, text="Why?", at=1, direct=False)
        await store.accept(message)
        await store.accept(Moved(event_id="m1", address=GROUP, author=ANN, new=NEW, at=2))
        async with guarded(store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            (turn,) = await store.turns(NEW.session)
            assert turn.state == "delivered"
            assert await store.waiting() == []

    run_virtual(told())


STOPS: dict[str, Incoming] = {
    "press": Press(event_id="s1", address=DM, author=ANN, action="stop", turn_id="", at=2),
    "command": Command(event_id="s1", address=DM, author=ANN, name="stop", args="", at=2),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_that_was_not_heard_any_more_is_heard_after_a_restart(stop):
    async def told():
        store = MemoryStore()
        async with guarded(SLOW, store=store) as scene:
            await running(scene)
            await scene.parts.sessions.drain(0)
        await store.accept(STOPS[stop])
        async with guarded(SLOW, store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            (turn,) = await store.turns(DM.session)
            assert turn.end is not None
            assert turn.end.ending == "stopped"

    run_virtual(told())


def test_a_retry_that_waited_over_a_restart_is_still_not_for_everybody():
    async def told():
        store = MemoryStore()
        async with guarded(store=store) as scene:
            await scene.say("Why?", where=GROUP)
            await scene.idle()
            turn_id = await scene.last_turn(GROUP)
            press = Press(
                event_id="s1",
                address=GROUP,
                author=BEN,
                action="retry",
                turn_id=turn_id,
                at=2,
                direct=False,
            )
            await store.accept(press)
            await scene.parts.recover()
            await scene.idle()
            (turn,) = await store.turns(GROUP.session)
            assert turn.start.turn_id == turn_id
            assert await store.waiting() == []

    run_virtual(told())


def test_p6_what_comes_while_the_program_stops_stays_with_the_platform():
    async def scenario(scene: Scene):
        scene.parts.gateway.intake.close()
        with pytest.raises(StoreError, match="is stopping"):
            await scene.say("Why?")

    story(scenario)
