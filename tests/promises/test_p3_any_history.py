"""P3: whatever people and kills do in whatever order, a session has one turn at a time, in order.

A stateful test of inbox, lanes and outbox against a small model: what was said, what was changed or
taken back, and how often each word must stand in the history at the end. With the profile `deep` it
plays thousands of histories.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from typing_extensions import override

from tests.gateway.guarded import ALLOWED, ANN, DM, Scene
from tests.promises.histories import RUNNING
from tests.promises.mishaps import Mishaps
from tests.promises.played import PLAYED, InFile, OnMemory, OnSQLite
from tests.promises.wishes import Forgotten


class Wished(Forgotten, OnSQLite):
    @override
    def texts(self) -> Iterable[str]:
        assert isinstance(self.kept, InFile)
        return self.kept.texts()


class Unlucky(Mishaps, OnSQLite):
    """Messengers fail, and the program stands still for a while."""


class Steered(OnSQLite):
    """What comes while a turn runs joins it."""

    steers = True
    file = "defaults: {busy: steer}\n" + ALLOWED


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_a_question_that_begins_while_its_chat_moves_is_in_one_history(kind):
    machine = kind()
    machine.start()
    try:
        machine.wait(2.0)
        machine.say(1, ANN, breath=False)
        machine.move()
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
@pytest.mark.parametrize("breath", [False, True])
def test_p3_what_is_said_after_hours_is_answered(kind, breath):
    """The machine's own times fell behind, and it was asked about as a backlog."""
    machine = kind()
    machine.start()
    try:
        machine.say(0, ANN, breath=False)
        for _ in range(100):
            machine.wait(RUNNING)
        machine.say(0, ANN, breath=breath)
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0])
def test_p3_a_question_waits_for_the_turn_that_runs_while_its_chat_moves(kind, seconds):
    """It began beside it, in a lane of the new chat."""
    machine = kind()
    machine.start()
    try:
        machine.say(1, ANN, breath=False)
        machine.wait(seconds)
        machine.move()
        machine.say(1, ANN, breath=False)
        for _ in range(40):
            machine.wait(0.3)
            machine.one_turn_at_a_time()
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_a_question_goes_that_is_asked_again_and_deleted_while_its_chat_moves(kind):
    """It was asked again beside the turn that still answered it, and stayed."""
    machine = kind()
    machine.start()
    try:
        machine.say(1, ANN, breath=False)
        machine.wait(2.0)
        machine.move()
        (said,), (turn,), (_, there) = machine.said, machine._turns(), machine.places
        machine.run.do(machine.run.scene.press("retry", turn.start.turn_id, where=there))
        said.fate = "gone"
        machine.run.do(machine.run.scene.delete(said.event, where=there))
    finally:
        machine.teardown()


async def changed_around_a_press(scene: Scene, event: str, turn: str) -> None:
    """Change a message of the turn that runs, have that removed, and change the message again."""
    await scene.edit(event, "Soon.", where=DM, at=481_000, addressed=True)
    await scene.press("remove", turn, where=DM)
    await scene.edit(event, "Late.", where=DM, at=482_000, addressed=True)


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_changes_wait_in_their_order_behind_a_press_that_came_between_them(kind):
    """The second one went before the first, waited for it, and did so again without an end."""
    machine = kind()
    machine.start()
    try:
        machine.say(0, ANN, breath=False)
        machine.wait(2.0)
        (said,), (turn,) = machine.said, machine._turns()
        machine.run.do(changed_around_a_press(machine.run.scene, said.event, turn.start.turn_id))
        said.text, said.fate = "Late.", "may"  # it is removed, and may not be any more
        machine.wait(RUNNING)
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_a_change_waits_for_its_turn_that_runs_where_the_chat_was_before_it_moved(kind):
    """It waited in the lane of the new chat, where it was the only one: it was next, for ever."""
    machine = kind()
    machine.start()
    try:
        machine.say(1, ANN, breath=False)
        machine.wait(2.0)
        machine.move()
        (said,) = machine.said
        said.before, said.text, said.changed = said.text, "Late.", 482_000
        machine._change(said, said.text, said.changed)
        machine.wait(RUNNING)
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_a_turn_whose_question_is_gone_leaves_nothing_to_ask_again(kind):
    """Cut when it was over, and its texts not taken out yet, it was asked again from them."""
    for rounds in range(16):
        machine = kind()
        machine.start()
        try:
            machine.say(0, ANN, breath=False)
            machine.wait(2.0)
            (said,), (turn,) = machine.said, machine._turns()
            said.fate = "gone"
            machine.run.do(machine.run.scene.press("retry", turn.start.turn_id, where=DM))
            machine.run.do(machine.run.scene.delete(said.event, where=DM))
            machine.kill(rounds)
        finally:
            machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_what_is_said_behind_a_wish_to_be_forgotten_is_answered(kind):
    """It waited there when that was done, and went with all that had been said before."""
    machine = kind()
    machine.start()
    try:
        machine.say(0, ANN, breath=False)
        machine.wait(2.0)
        machine.said[0].fate = "gone"
        machine.run.do(machine.run.scene.press("forget", value=f"me:{ANN.id}", where=DM))
        machine.say(0, ANN, breath=False)
    finally:
        machine.teardown()


@pytest.mark.parametrize("kind", [OnMemory, OnSQLite])
def test_p3_the_note_of_a_question_that_is_forgotten_goes_though_it_is_cut_then(kind):
    """Nothing told of it any more once the question was erased: it stood there for good."""
    for rounds in range(36, 46):
        machine = kind()
        machine.start()
        try:
            machine.say(0, ANN, breath=False)
            machine.say(0, ANN, breath=False)
            machine.wait(2.0)
            for said in machine.said:
                said.fate = "gone"
            machine.run.do(machine.run.scene.press("forget", value=f"me:{ANN.id}", where=DM))
            machine.kill(rounds)
        finally:
            machine.teardown()


def test_p3_of_a_note_that_could_not_be_posted_nothing_is_kept():
    """Its row stood in the store until the next start."""
    machine = Unlucky()
    machine.start()
    try:
        machine.say(0, ANN, breath=False)
        machine.wait(0.3)
        machine.say(0, ANN, breath=False)
        machine.trouble(0, ["away"] * 3)
        for _ in range(3):
            machine.wait(RUNNING)
        assert machine.run.do(machine.run.store.line_notes()) == []
    finally:
        machine.teardown()


@pytest.mark.parametrize(
    ("chats", "cuts", "rounds"), [([0], 1, range(6)), ([0, 1], 2, range(36, 54))]
)
def test_p3_a_run_that_wakes_as_it_takes_up_a_turn_leaves_it_as_it_ended(chats, cuts, rounds):
    """It went on with the turn as it had read it, or wrote over what stood there."""
    for frozen in rounds:
        machine = Unlucky()
        machine.start()
        try:
            for chat in chats:
                machine.say(chat, ANN, breath=False)
            machine.wait(2.0)
            for _ in range(cuts):
                machine.kill(0)
            machine.freeze(frozen, None)
        finally:
            machine.teardown()


def test_p3_what_joined_a_turn_that_is_given_up_stays_in_the_history():
    """It was the turn's own by then, and the turn ended before it had read it: it was lost."""
    machine = Steered()
    machine.start()
    try:
        machine.say(0, ANN, breath=False)
        machine.kill(17)
        machine.kill(21)
        machine.say(0, ANN, breath=False)
        machine.wait(0.0)
    finally:
        machine.teardown()


TestP3AnyHistory = OnMemory.TestCase
TestP3AnyHistory.settings = PLAYED
TestP3AnyHistoryOnSQLite = OnSQLite.TestCase
TestP3AnyHistoryOnSQLite.settings = PLAYED
TestP3AnyHistoryThatIsSteered = Steered.TestCase
TestP3AnyHistoryThatIsSteered.settings = PLAYED
TestP3AnyHistoryThatIsForgotten = Wished.TestCase
TestP3AnyHistoryThatIsForgotten.settings = PLAYED
TestP3AnyHistoryAmongMishaps = Unlucky.TestCase
TestP3AnyHistoryAmongMishaps.settings = PLAYED
