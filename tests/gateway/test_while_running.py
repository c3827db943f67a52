"""Shows what becomes of what comes while a turn runs: bursts, steering, changes, deletions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import count

import pytest
from typing_extensions import override

from core.errors import ChatBusy, ChatUnknown, MessageGone, StoreError
from core.records import TurnStart
from core.texts.running import CHANGED
from core.types import Address, Attachment, Author, Line
from gateway.lanes.workplaces import Workplaces
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, GROUP, Scene, guarded
from tests.gateway.test_tooling import wants

SLOW = {"a": [[30.0, "A."]], "b": [[30.0, "B."]], "big": [["Yes."]]}
TALKS = {
    "a": [["A."]],
    "b": [["B."]],
    "big": [["It is a long story. " * 10, 30.0, "The end."], ["Yes."]],
}
CARL = Author(id="carl", name="Carl", circles=("T1",))
STEERS = "defaults: {busy: steer}\n" + ALLOWED


def questions(scene: Scene) -> list[list[str]]:
    """Give what people said, as each call of the aggregator saw it."""
    return [
        [line.text for line in each.call.lines if line.role == "user" and not line.trailing]
        for each in scene.model.of("big")
    ]


async def history(scene: Scene, session: str = DM.session) -> list[str]:
    return [line.text for _, line in await scene.parts.store.lines(session)]


def calls(scene: Scene, name: str) -> Sequence[str]:
    return [each.ending for each in scene.model.of(name)]


# --- bursts -----------------------------------------------------------------------------------


def test_what_one_person_says_in_pieces_while_it_waits_is_one_question():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("One?", at=1_000)
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            for number, text in enumerate(["And two,", "by the way,", "three?"]):
                await scene.say(text, at=20_000 + 2_000 * number)
            await scene.idle()
            assert await history(scene) == [
                "One?",
                "It is a long story. " * 10 + "The end.",
                "And two,\nby the way,\nthree?",
                "Yes.",
            ]
            assert await scene.parts.store.waiting() == []

    run_virtual(scenario())


def test_what_comes_right_behind_a_question_that_was_just_begun_is_asked_with_it():
    async def scenario() -> None:
        async with guarded(SLOW) as scene:
            await scene.say("See this:", at=1_000)
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Is it right?", at=1_400)
            await scene.idle()
            assert await history(scene) == ["See this:\nIs it right?", "Yes."]
            assert questions(scene) == [["See this:\nIs it right?"]]
            assert calls(scene, "a") == ["closed", "finished"]
            assert [t for t in scene.chat.texts() if "Yes." in t] == ["Yes."]
            assert len(scene.chat.messages) == 2  # one panel, one answer
            assert await scene.parts.store.unfinished() == []

    run_virtual(scenario())


class Once(MemoryStore):
    """A turn cannot begin, once."""

    broken = False

    @override
    async def begin(self, start: TurnStart) -> None:
        if self.broken:
            self.broken = False
            raise StoreError("it cannot begin")
        await super().begin(start)


def test_what_had_joined_a_question_that_breaks_is_asked_by_itself():
    """It waited for the next start: nothing had it in line any more."""
    store = Once()

    async def scenario() -> None:
        async with guarded(TALKS, store=store) as scene:
            await scene.say("One?", at=1_000)
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            store.broken = True
            for number, text in enumerate(["And two,", "by the way,", "three?"]):
                await scene.say(text, at=20_000 + 2_000 * number)
            await scene.idle()
            assert (await history(scene))[2:] == ["by the way,\nthree?", "Yes."]
            assert await store.waiting() == []

    run_virtual(scenario())


def test_the_first_message_of_a_burst_waits_for_nothing():
    async def scenario() -> None:
        async with guarded(SLOW) as scene:
            began = asyncio.get_running_loop().time()
            await scene.say("See this:")
            await scene.until(lambda: scene.model.of("a"))
            assert asyncio.get_running_loop().time() - began < 0.1

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("who", "at", "said"),
    [
        (BEN, 1_400, {}),  # somebody else
        (ANN, 1_400, {"preset": "alone"}),  # something else is to answer it
        (ANN, 9_000, {}),  # not in one breath
    ],
)
def test_what_is_not_one_burst_is_asked_by_itself(who, at, said):
    async def scenario() -> None:
        async with guarded(SLOW) as scene:
            await scene.say("One?", at=1_000, where=GROUP, addressed=True)
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Two?", at=at, who=who, where=GROUP, addressed=True, **said)
            await scene.idle()
            assert len(questions(scene)) == 2
            assert calls(scene, "a")[0] == "finished"

    run_virtual(scenario())


def test_another_person_in_between_ends_a_burst():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("Begin.", at=1_000, where=GROUP, addressed=True)
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            for text, who in (("A1", ANN), ("B1", BEN), ("A2", ANN), ("A3", ANN)):
                await scene.say(text, at=20_000, who=who, where=GROUP, addressed=True)
            await scene.idle()
            turns = await scene.parts.store.turns(GROUP.session)
            assert [each.start.question.text for each in turns] == [
                "Begin.",
                "A1",
                "B1",
                "A2\nA3",
            ]

    run_virtual(scenario())


def test_a_burst_that_was_cut_by_a_kill_is_asked_whole():
    store = MemoryStore()

    async def before() -> None:
        async with guarded(SLOW, store=store) as scene:
            await scene.say("See this:", at=1_000)
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Is it right?", at=1_400)
            await scene.until(lambda: len(scene.model.of("a")) == 2)
            await scene.parts.sessions.drain(0)

    async def after() -> None:
        async with guarded(store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            assert await history(scene) == ["See this:\nIs it right?", "Yes."]
            assert await store.unfinished() == []

    run_virtual(before())
    run_virtual(after())


# --- steering ---------------------------------------------------------------------------------


def test_moa_23_a_steered_line_joins_the_next_call_and_asks_nobody_again():
    async def scenario() -> None:
        async with guarded(SLOW, more=STEERS) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Not by car.")
            await scene.idle()
            assert await history(scene) == ["How do I get there?", "Not by car.", "Yes."]
            assert questions(scene) == [["How do I get there?", "Not by car."]]
            assert calls(scene, "a") == ["finished"]
            seen = [line.text for line in scene.model.of("a")[0].call.lines]
            assert not any("Not by car." in each for each in seen)
            assert await scene.parts.store.waiting() == []

    run_virtual(scenario())


AGAIN = {**SLOW, "big": [["No."], ["Maybe."], [30.0, "Or."], ["Yes."]]}


async def steered_and_asked_again(scene: Scene) -> tuple[str, str]:
    """Steer a line into a turn, ask again, and steer one more into that."""
    await scene.say("How do I get there?")
    await scene.until(lambda: scene.model.of("a"))
    first = await scene.say("Not by car.")
    await scene.idle()
    await scene.press("retry", await scene.last_turn())
    await scene.until(lambda: len(scene.model.of("a")) == 2)
    second = await scene.say("Nor by bus.")
    await scene.idle()
    return first or "", second or ""


def test_a_retry_is_asked_with_what_was_steered():
    async def scenario() -> None:
        async with guarded(AGAIN, more=STEERS) as scene:
            await steered_and_asked_again(scene)
            said = ["How do I get there?", "Not by car.", "Nor by bus."]
            assert questions(scene)[1] == said
            assert await history(scene) == [*said, "Maybe."]
            seen = str(scene.model.of("a")[1].call.lines)
            assert "Not by car." in seen  # this time it is known before anybody is asked
            assert "bus" not in seen
            assert await scene.parts.store.waiting() == []

    run_virtual(scenario())


def test_what_was_steered_is_changed_and_deleted_though_it_is_asked_again():
    async def scenario() -> None:
        async with guarded(AGAIN, more=STEERS) as scene:
            first, second = await steered_and_asked_again(scene)
            await scene.press("retry", await scene.last_turn())
            await scene.until(lambda: len(scene.model.of("big")) == 3)
            assert await scene.edit(first, "By no car.")
            await scene.idle()
            assert questions(scene)[3] == ["How do I get there?", "By no car.", "Nor by bus."]
            assert "Not by car." not in str(vars(scene.parts.store))
            assert await scene.delete(second)
            await scene.idle()
            assert "bus" not in str(vars(scene.parts.store))
            assert await history(scene) == ["How do I get there?", "By no car.", "Yes."]

    run_virtual(scenario())


def test_a_retry_that_a_kill_has_cut_is_asked_with_what_was_steered():
    store = MemoryStore()

    async def before() -> None:
        async with guarded(
            {**SLOW, "big": [["No."], [500.0, "Never."]]}, more=STEERS, store=store
        ) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Not by car.")
            await scene.idle()
            await scene.press("retry", await scene.last_turn())
            await scene.until(lambda: len(scene.model.of("big")) == 2)
            await scene.parts.sessions.drain(0)

    async def after() -> None:
        async with guarded(more=STEERS, store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            assert questions(scene) == [["How do I get there?", "Not by car."]]
            assert await history(scene) == ["How do I get there?", "Not by car.", "Yes."]

    run_virtual(before())
    run_virtual(after())


def test_what_has_files_is_a_question_of_its_own():
    async def scenario() -> None:
        async with guarded(SLOW, more=STEERS) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: scene.model.of("a"))
            voice = Attachment(kind="audio", name="voice.ogg")
            await scene.say("And here?", attachments=(voice,))
            await scene.idle()
            assert [each[-1] for each in questions(scene)] == [
                "How do I get there?",
                "And here?\n\n[attached: voice.ogg – not read]",
            ]

    run_virtual(scenario())


def test_a_line_that_no_call_takes_is_the_next_question():
    async def scenario() -> None:
        async with guarded(TALKS, more=STEERS) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            await scene.say("Not by car.")
            await scene.idle()
            said = await history(scene)
            assert said[::2] == ["How do I get there?", "Not by car."]

    run_virtual(scenario())


def test_a_steered_line_is_asked_once_after_a_kill():
    store = MemoryStore()
    stuck = {"a": [["A."]], "b": [["B."]], "big": [[500.0, "Never."]]}

    async def before() -> None:
        async with guarded({**SLOW, "big": stuck["big"]}, more=STEERS, store=store) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Not by car.")
            await scene.until(lambda: scene.model.of("big"))
            await scene.parts.sessions.drain(0)

    async def after() -> None:
        async with guarded(more=STEERS, store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            assert questions(scene) == [["How do I get there?", "Not by car."]]
            assert await history(scene) == ["How do I get there?", "Not by car.", "Yes."]
            assert not scene.model.of("a")

    run_virtual(before())
    run_virtual(after())


# --- changes ----------------------------------------------------------------------------------


def test_a_question_that_is_changed_before_the_first_word_is_asked_anew():
    async def scenario() -> None:
        async with guarded(SLOW) as scene:
            asked = await scene.say("How do I get their?")
            await scene.until(lambda: scene.model.of("a"))
            assert await scene.edit(asked or "", "How do I get there?")
            await scene.idle()
            assert questions(scene) == [["How do I get there?"]]
            assert calls(scene, "a") == ["closed", "finished"]
            assert await history(scene) == ["How do I get there?", "Yes."]
            assert len(scene.chat.messages) == 2
            assert "their" not in str(vars(scene.parts.store))
            assert not scene.whispers

    run_virtual(scenario())


@pytest.mark.parametrize("late", [True, False])
def test_later_it_offers_to_ask_again_with_what_it_says_now(late):
    async def scenario() -> None:
        async with guarded(SLOW if late else TALKS) as scene:
            asked = await scene.say("How do I get their?")
            if late:
                await scene.until(lambda: scene.model.of("a"))
            else:
                await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            at = 60_000 * int((asked or "")[1:]) + (60_001 if late else 1_000)
            assert await scene.edit(asked or "", "How do I get there?", at=at)
            await scene.idle()
            assert len(questions(scene)) == 1
            assert (await history(scene))[0] == "How do I get there?"
            assert scene.whispers == [CHANGED]
            (button,) = scene.buttons
            await scene.press(button.action, button.turn_id)
            await scene.idle()
            assert questions(scene)[-1] == ["How do I get there?"]
            assert await history(scene) == ["How do I get there?", "Yes."]
            assert "their" not in str([each.text for _, each in await scene_lines(scene)])

    run_virtual(scenario())


async def scene_lines(scene: Scene) -> Sequence[tuple[int, Line]]:
    return await scene.parts.store.lines(DM.session)


def test_what_waits_in_line_is_asked_as_it_stands_when_its_turn_comes():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            waits = await scene.say("Too?")
            assert await scene.edit(waits or "", "Two?")
            await scene.idle()
            assert (await history(scene))[2:] == ["Two?", "Yes."]
            assert not scene.whispers

    run_virtual(scenario())


def test_what_says_the_same_is_no_change_and_what_nobody_asked_is_not_stored():
    async def scenario() -> None:
        async with guarded() as scene:
            asked = await scene.say("One?")
            await scene.idle()
            assert await scene.edit(asked or "", "One?")  # when that was is kept
            assert not await scene.edit(asked or "", "One?")
            assert not await scene.edit("e99", "Lunch?", where=GROUP, addressed=False)
            assert not await scene.delete("e99")
            assert "Lunch" not in str(vars(scene.parts.store))
            assert await scene.edit("e98", "Where is it?", where=GROUP, addressed=True)
            await scene.idle()
            assert await history(scene, GROUP.session) == ["Where is it?", "Yes."]
            assert len(questions(scene)) == 2
            assert not scene.whispers

    run_virtual(scenario())


@pytest.mark.parametrize("when", ["waiting", "running", "over"])
@pytest.mark.parametrize("back", [True, False], ids=["as it was", "anew"])
def test_an_older_change_that_is_told_after_a_newer_one_changes_nothing(when, back):
    """A platform that could not deliver a change offers it again, when others have come since."""
    newest = "By car?" if back else "By train?"

    async def scenario() -> None:
        async with guarded(TALKS if when == "waiting" else SLOW) as scene:
            if when == "waiting":
                await scene.say("One?")
                await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            asked = await scene.say("By car?") or ""
            came = 60_000 * int(asked[1:])
            if when == "over":
                await scene.idle()
            if when == "running":
                await scene.until(lambda: scene.model.of("a"))
            await scene.edit(asked, newest, at=came + 9_000)
            await scene.edit(asked, "By bus?", at=came + 5_000)
            await scene.idle()
            assert newest in await history(scene)
            assert "By bus?" not in str(questions(scene))
            await scene.edit(asked, "By bike?", at=came + 9_000)  # of one second, the last one told
            await scene.idle()
            assert "By bike?" in await history(scene)

    run_virtual(scenario())


def test_a_change_that_has_made_a_question_stays_though_an_older_one_is_told_after_it():
    async def scenario() -> None:
        async with guarded() as scene:
            came = 60_000 * 98
            changed = partial(scene.edit, "e98", where=GROUP, addressed=True)
            assert await changed(text="By train?", at=came + 9_000)
            await scene.idle()
            await changed(text="By bus?", at=came + 5_000)
            await scene.idle()
            assert await history(scene, GROUP.session) == ["By train?", "Yes."]
            assert len(questions(scene)) == 1

    run_virtual(scenario())


def test_a_change_of_a_question_that_was_asked_again_reaches_its_newest_answer():
    async def scenario() -> None:
        async with guarded({"big": [["No."], [30.0, "Maybe."], ["Yes."]]}) as scene:
            asked = await scene.say("How do I get their?")
            await scene.idle()
            await scene.press("retry", await scene.last_turn())
            await scene.until(lambda: len(scene.model.of("big")) == 2)
            assert await scene.edit(asked or "", "How do I get there?")
            await scene.idle()
            assert await history(scene) == ["How do I get there?", "Yes."]
            assert [each.ending for each in scene.model.of("big")] == [
                "finished",
                "closed",
                "finished",
            ]

    run_virtual(scenario())


def test_a_change_that_a_kill_cut_is_made_by_the_next_start():
    store = MemoryStore()

    async def before() -> None:
        async with guarded(SLOW, store=store) as scene:
            asked = await scene.say("How do I get their?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.parts.sessions.drain(0)
            scene.parts.gateway.intake.storing._handle = _deaf  # the store alone hears of it
            assert await scene.edit(asked or "", "How do I get there?")

    async def after() -> None:
        async with guarded(store=store) as scene:
            await scene.parts.recover()
            await scene.idle()
            assert questions(scene) == [["How do I get there?"]]
            assert await history(scene) == ["How do I get there?", "Yes."]
            assert await store.waiting() == []

    run_virtual(before())
    run_virtual(after())


async def _deaf(_accepted: object) -> None:
    """Do nothing, as a program does that was killed."""


# --- deletions --------------------------------------------------------------------------------


def test_a_deleted_question_stops_its_turn_and_leaves_nothing():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            asked = await scene.say("How do I get there?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            assert await scene.delete(asked or "")
            await scene.idle()
            assert await history(scene) == []
            assert scene.chat.messages == {}
            assert calls(scene, "big") == ["closed"]
            assert "get there" not in str(vars(scene.parts.store))
            assert await scene.parts.store.unfinished() == []
            assert await scene.parts.store.waiting() == []

    run_virtual(scenario())


def test_a_question_that_is_deleted_when_it_was_answered_leaves_the_store():
    async def scenario() -> None:
        async with guarded() as scene:
            first = await scene.say("How do I get there?")
            await scene.idle()
            await scene.say("And back?")
            await scene.idle()
            assert await scene.delete(first or "")
            await scene.idle()
            assert await history(scene) == ["And back?", "Yes."]
            assert "get there" not in str(vars(scene.parts.store))
            assert len([t for t in scene.chat.texts() if t == "Yes."]) == 2  # others have read it

    run_virtual(scenario())


def test_what_waits_and_is_deleted_is_never_asked():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            waits = await scene.say("Two?")
            await scene.delete(waits or "")
            await scene.idle()
            assert len(questions(scene)) == 1
            assert "Two?" not in str(vars(scene.parts.store))

    run_virtual(scenario())


def test_a_piece_of_a_question_that_is_deleted_leaves_the_rest_to_be_asked():
    async def scenario() -> None:
        async with guarded(SLOW) as scene:
            await scene.say("How do I get there?", at=1_000)
            await scene.until(lambda: scene.model.of("a"))
            secret = await scene.say("My PIN is 1234.", at=1_400)
            await scene.until(lambda: len(scene.model.of("a")) == 2)
            await scene.delete(secret or "")
            await scene.idle()
            assert await history(scene) == ["How do I get there?", "Yes."]
            assert "1234" not in str(vars(scene.parts.store))

    run_virtual(scenario())


# --- the line ---------------------------------------------------------------------------------


def noted(scene: Scene) -> list[str]:
    return [each for each in scene.chat.texts() if "answered before" in each]


def test_a_question_that_waits_shows_its_place_and_the_note_goes_when_its_turn_comes():
    async def scenario() -> None:
        long = [["It is a long story. " * 10, 30.0, "The end."]]
        async with guarded({**TALKS, "big": long}) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            await scene.say("Two?")
            await scene.say("Three?")
            await scene.until(lambda: len(noted(scene)) == 2)
            assert noted(scene) == [
                "One question is answered before this one.",
                "2 questions are answered before this one.",
            ]
            await scene.until(lambda: len(noted(scene)) == 1)
            await scene.until(lambda: noted(scene) == ["One question is answered before this one."])
            await scene.idle()
            assert noted(scene) == []
            assert await scene.parts.store.line_notes() == []
            notes = [each for each in scene.chat.log if "answered before" in each.text]
            assert [each.op for each in notes] == ["post", "post", "edit"]

    run_virtual(scenario())


class Busy(FakeChat):
    """Has no time for the first deletion; `gone`: somebody has deleted the message before."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__()
        self.gone, self.busy = gone, True

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        if self.gone:
            del self.messages[message_id]
            raise MessageGone("no such message")
        if self.busy:
            self.busy = False
            raise ChatBusy("slower", retry_after=5.0)
        await super().delete(address, message_id)


@pytest.mark.parametrize("gone", [False, True])
def test_a_note_that_cannot_be_deleted_now_goes_later(gone):
    chat = Busy(gone=gone)

    async def scenario() -> None:
        async with guarded(TALKS, chat=chat) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(chat.texts()))
            await scene.say("Two?")
            await scene.until(lambda: noted(scene))
            await scene.idle()
            await asyncio.sleep(30.0)
            assert noted(scene) == []
            assert await scene.parts.store.line_notes() == []

    run_virtual(scenario())


def test_a_wait_of_less_than_a_second_is_not_worth_a_word():
    async def scenario() -> None:
        quick = {**SLOW, "a": [[0.4, "A."]], "b": [[0.4, "B."]]}
        async with guarded(quick, chat=FakeChat(pace=0.01)) as scene:
            await scene.say("One?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Two?")
            await scene.idle()
            assert not [each for each in scene.chat.log if "answered before" in each.text]

    run_virtual(scenario())


@pytest.mark.parametrize("how", ["button", "command"])
def test_stop_takes_a_question_out_of_the_line(how):
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("One?", where=GROUP, addressed=True)
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            await scene.say("Two?", who=BEN, where=GROUP, addressed=True)
            await scene.until(lambda: noted(scene))
            if how == "button":
                note = [f for f in scene.chat.messages.values() if "before" in str(f.content)]
                (button,) = note[0].buttons
                await scene.press("stop", value=button.value, who=BEN, where=GROUP)
            else:
                await scene.command("stop", who=BEN, where=GROUP)
            await scene.until(lambda: not noted(scene))
            await scene.idle()
            turns = await scene.parts.store.turns(GROUP.session)
            assert [each.start.question.text for each in turns] == ["One?"]
            assert turns[0].end is not None
            assert turns[0].end.ending == "finished"
            assert await scene.parts.store.waiting() == []

    run_virtual(scenario())


def test_nobody_else_takes_a_question_out_of_the_line():
    async def scenario() -> None:
        async with guarded(TALKS) as scene:
            await scene.say("One?", where=GROUP, addressed=True)
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            await scene.say("Two?", where=GROUP, addressed=True)
            await scene.until(lambda: noted(scene))
            (seq,) = [each.seq for each in await scene.parts.store.waiting()]
            await scene.press("stop", value=str(seq), who=BEN, where=GROUP)
            await scene.idle()
            assert len(questions(scene)) == 2

    run_virtual(scenario())


def test_notes_outlive_a_restart_and_go_when_they_are_over():
    store = MemoryStore()
    chats = []

    async def before() -> None:
        async with guarded(TALKS, store=store) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(scene.chat.texts()))
            await scene.say("Two?")
            await scene.until(lambda: noted(scene))
            scene.parts.gateway.line.close()
            await scene.parts.sessions.drain(0)
            chats.append(scene.chat)

    async def after() -> None:
        async with guarded(TALKS, store=store, chat=chats[0]) as scene:
            await scene.parts.recover()
            await scene.parts.gateway.line.recall(scene.parts.gateway.exchange.places.guarded)
            assert len(noted(scene)) == 1
            await scene.idle()
            await scene.until(lambda: not noted(scene))
            assert await store.line_notes() == []
            assert len([each for each in scene.chat.log if "before this" in each.text]) <= 2

    run_virtual(before())
    run_virtual(after())


# --- deleted while a recovered turn waits for its place -----------------------------------------


async def cut(store: MemoryStore, first: str, second: str, *, who: Author, settings: str) -> None:
    """End a run while Carl and Ann are answered, and Ann's turn answers one thing more."""
    stuck = {"a": [["A."]], "b": [["B."]], "big": [[500.0, "Never."]]}
    async with guarded({**SLOW, "big": stuck["big"]}, more=settings, store=store) as scene:
        await scene.say("Where am I?", who=CARL)
        await scene.say(first, at=200_000, where=GROUP, addressed=True)
        await scene.until(lambda: len(scene.model.of("a")) == 2)
        await scene.say(second, at=200_100, who=who, where=GROUP, addressed=True)
        await scene.until(lambda: len(scene.model.of("big")) == 2)
        await scene.parts.sessions.drain(0)


@pytest.mark.parametrize(("who", "settings"), [(BEN, STEERS), (ANN, ALLOWED)])
@pytest.mark.parametrize("early", [False, True])
def test_what_had_joined_a_recovered_turn_is_asked_when_its_question_is_deleted(
    who, settings, early
):
    store = MemoryStore()

    async def after() -> None:
        async with guarded(
            {"big": [[9.0, "Here."], ["Yes."]]}, more=settings, store=store
        ) as scene:
            scene.numbers = count(9)
            scene.parts.sessions._workplaces = Workplaces(1)  # Carl's turn has it
            storing = scene.parts.gateway.intake.storing
            if early:
                hears, storing._handle = storing._handle, _deaf  # the store alone hears of it
                assert await scene.delete("e2", where=GROUP)
                storing._handle = hears
            await scene.parts.recover()
            await scene.until(lambda: scene.model.of("big"))
            if not early:
                assert await scene.delete("e2", where=GROUP)
            await scene.say("And then?", where=GROUP, addressed=True)
            await scene.idle()
            said = [[line.text for line in each.call.lines] for each in scene.model.of("big")]
            assert not any("Dover" in text for lines in said for text in lines)
            joins = [] if settings == STEERS else ["Yes."]
            told = ["By bus?", *joins, "And then?", "Yes."]
            assert await history(scene, GROUP.session) == told
            assert [t for t in scene.chat.texts() if t == "Yes."] == ["Yes.", *joins]
            assert await store.waiting() == []
            assert "Dover" not in str(vars(store))

    run_virtual(cut(store, "How do I get to Dover?", "By bus?", who=who, settings=settings))
    run_virtual(after())


@pytest.mark.parametrize("tells", [True, False])
def test_a_note_that_was_perhaps_posted_is_never_posted_again(tells):
    """Where the platform can tell it is found, and goes; where not it stays, alone."""

    async def scenario() -> None:
        long = [["It is a long story. " * 10, 30.0, "The end."]]
        chat = FakeChat(tells=tells)
        async with guarded({**TALKS, "big": long}, chat=chat) as scene:
            await scene.say("One?")
            await scene.until(lambda: "It is a long" in str(chat.texts()))
            await scene.say("Two?")
            await scene.until(lambda: noted(scene))
            chat.fail(DM.channel, ChatUnknown("reset"))
            await scene.say("Three?")
            await scene.until(lambda: len(noted(scene)) == 2)
            await scene.idle()
            notes = [each for each in chat.log if "answered before" in each.text]
            assert [each.op for each in notes].count("post") == 2
            assert len(noted(scene)) == (0 if tells else 1)

    run_virtual(scenario())


def test_the_question_of_a_recovered_turn_is_deleted_though_something_was_steered_into_it():
    """What joined it made it pass for a question that is still being read: it was answered."""
    store = MemoryStore()
    stuck = {"a": [["A."]], "b": [["B."]], "big": [[500.0, "Never."]]}

    async def before() -> None:
        async with guarded(stuck, more=STEERS, store=store) as scene:
            await scene.say("How do I get to Dover?")
            await scene.until(lambda: scene.model.of("big"))
            await scene.parts.sessions.drain(0)

    async def after() -> None:
        calls = [wants(("get", "{}")), [5.0, "To Dover."], ["Yes."]]
        server = FakeServer("files", "get", seconds=5.0)
        file = "tools: {servers: {files: {command: [x], approve: never}}}\n" + STEERS
        async with guarded({"big": calls}, more=file, store=store, servers=[server]) as scene:
            scene.numbers = count(9)
            await scene.parts.recover()
            await scene.until(lambda: server.calls)
            await scene.say("By bus.")
            await scene.until(lambda: len(scene.model.of("big")) == 2)
            assert await scene.delete("e1")
            await scene.idle()
            assert "Dover" not in str(await history(scene))
            assert "To Dover." not in scene.chat.texts()
            assert await store.waiting() == []

    run_virtual(before())
    run_virtual(after())
