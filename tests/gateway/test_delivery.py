"""Shows what reaches a chat and when: pace, latest state, finals, flood control, the outbox."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest

from core.errors import (
    ChatAway,
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatSpent,
    ChatUnknown,
    MessageGone,
)
from core.events import (
    AnswerDelta,
    AnswerReset,
    ApprovalChanged,
    ReferencesDone,
    TurnFinished,
    TurnStopped,
)
from core.frames import Frame, Notice
from core.records import Approval, Posted
from core.texts.turns import UNSURE
from core.types import Address
from gateway.delivery import ChatBudgets, TurnInfo, deliver, delivery_id
from gateway.delivery.mailbox import Mailbox
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.told import advice, result, started

SENTENCE = "One more sentence of the answer that is being written. "


class Rows:
    """An outbox that writes down its calls beside the chat's requests."""

    def __init__(self, chat: FakeChat) -> None:
        self.chat = chat
        self.rows: list[tuple[str, str, str, int]] = []
        self.kept: dict[str, Posted] = {}

    async def attempting(self, turn_id: str, key: str, *, piece: bool = False) -> None:
        self.rows.append(("attempting", key, "", len(self.chat.log)))

    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        self.rows.append(("posted", key, message_id, len(self.chat.log)))
        self.kept[key] = Posted(
            turn_id=turn_id, key=key, message_id=message_id, state="delivered", shown=shown
        )

    async def unposted(self, turn_id: str, key: str, state: str) -> None:
        self.rows.append((state, key, "", len(self.chat.log)))

    async def hold(self, turn_id: str) -> None:
        """It is held."""

    @property
    def words(self) -> list[tuple[str, str]]:
        return [(what, key) for what, key, *_ in self.rows]


class Room:
    """Turns that stream into one fake platform."""

    def __init__(self, **capabilities) -> None:
        self.chat = FakeChat(**capabilities)
        self.outbox = Rows(self.chat)
        self.budgets = ChatBudgets()
        self.ended: dict[str, float] = {}
        self.done: dict[str, bool] = {}

    async def turn(
        self,
        seconds: float,
        *,
        channel="c",
        thread=None,
        turn_id="t1",
        labels=(),
        posted=(),
        events=(),
        text="",
        **known,
    ) -> None:
        """Stream a sentence every quarter of a second, behind these events."""
        mailbox = Mailbox()
        info = TurnInfo(
            turn_id=turn_id,
            address=Address(platform="fake", channel=channel, thread=thread),
            posted=posted,
            **known,
        )
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(
                deliver(info, mailbox, adapter=self.chat, outbox=self.outbox, budgets=self.budgets)
            )
            mailbox.tell(started(*labels, turn_id=turn_id))
            for event in events:
                mailbox.tell(event)
                await asyncio.sleep(5)
            for _ in range(int(seconds * 4)):
                await asyncio.sleep(0.25)
                text += SENTENCE
                mailbox.tell(AnswerDelta(text=SENTENCE))
            self.ended[turn_id] = asyncio.get_running_loop().time()
            mailbox.tell(TurnFinished(result=result(text or SENTENCE)))
        self.done[turn_id] = shown.result()

    def requests(self, op=None, *, channel=None):
        return [
            each
            for each in self.chat.log
            if (op is None or each.op == op) and (channel is None or each.channel == channel)
        ]


def gaps(requests):
    return [round(b.at - a.at, 6) for a, b in itertools.pairwise(requests)]


def test_edits_are_evenly_spaced_and_the_latest_state_wins():
    """P7: one request per pace; what streamed in between is in the next one."""
    room = Room(pace=1.0)
    run_virtual(room.turn(6.2))
    assert set(gaps(room.requests())[:-1]) == {1.0}
    texts = [each.text for each in room.requests()]
    assert all(len(old) < len(new) for old, new in itertools.pairwise(texts[:-1]))
    assert room.chat.texts() == [(SENTENCE * 24).strip()]


def test_a_final_goes_out_at_once_when_nothing_is_owed():
    room = Room(pace=1.0)

    async def scenario():
        await room.turn(0)

    run_virtual(scenario())
    assert room.chat.log[-1].at == room.ended["t1"]
    assert room.requests()[-1].frame.notify


def test_a_final_waits_for_the_chats_pace_and_no_longer():
    room = Room(pace=3.1)
    run_virtual(room.turn(8))
    assert room.chat.log[-1].at - room.ended["t1"] <= 3.1
    assert min(gaps(room.requests())) >= 3.1 - 1e-6


def test_a_last_word_that_comes_after_a_long_silence_goes_out_with_the_end():
    """No edit takes the slot that the final, a moment later, would have to wait for."""
    room = Room(pace=1.0)

    async def scenario():
        mailbox = Mailbox()
        info = TurnInfo(turn_id="t1", address=Address(platform="fake", channel="c"))
        async with asyncio.TaskGroup() as group:
            group.create_task(
                deliver(info, mailbox, adapter=room.chat, outbox=room.outbox, budgets=room.budgets)
            )
            mailbox.tell(started())
            mailbox.tell(AnswerDelta(text=SENTENCE * 2))
            await asyncio.sleep(5)
            mailbox.tell(AnswerDelta(text=SENTENCE))
            await asyncio.sleep(0.02)
            mailbox.tell(TurnFinished(result=result(SENTENCE * 3)))
            room.ended["t1"] = asyncio.get_running_loop().time()

    run_virtual(scenario())
    assert [each.op for each in room.chat.log] == ["post", "edit"]
    assert room.chat.log[-1].at == room.ended["t1"]


def test_no_edit_repeats_what_stands_there():
    room = Room(pace=0.05)
    run_virtual(room.turn(5, labels=("a", "b")))
    shown: dict[str, object] = {}
    for each in room.requests():
        state = (each.frame.content, each.frame.buttons)
        assert shown.get(each.key) != state
        shown[each.key] = state


def test_the_panel_comes_before_the_answer():
    room = Room(pace=0.5)
    run_virtual(room.turn(3, labels=("a",)))
    assert [each.key for each in room.requests("post")] == ["panel", "answer/0"]


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_turns_in_one_chat_share_its_budget_fairly(seed):
    room = Room(pace=1.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for name in ("t1", "t2", "t3"):
                group.create_task(room.turn(30, turn_id=name))

    run_virtual(scenario(), seed=seed)
    assert min(gaps(room.requests())) >= 1 - 1e-6
    counts: dict[str, int] = {}
    for each in room.requests()[:27]:
        turn = each.frame.content.turn_id
        counts[turn] = counts.get(turn, 0) + 1
    assert max(counts.values()) - min(counts.values()) <= 1, counts


def test_two_chats_do_not_wait_for_one_another():
    room = Room(pace=1.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(6, channel="a"))
            group.create_task(room.turn(6, channel="b", turn_id="t2"))

    run_virtual(scenario())
    times = [[each.at for each in room.requests(channel=name)] for name in "ab"]
    assert times[0] == times[1]


@pytest.mark.parametrize(("paced", "pace"), [("chat", 1.0), ("thread", 0.5)])
def test_threads_share_the_pace_of_their_chat_unless_each_has_its_own(paced, pace):
    room = Room(pace=1.0, paced=paced)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for name in ("t1", "t2"):
                group.create_task(room.turn(20, thread=name, turn_id=name))

    run_virtual(scenario())
    streamed = [each for each in room.requests() if not each.frame.final]
    assert 20 / len(streamed) == pytest.approx(pace, rel=0.1)


def test_flood_control_stalls_its_own_chat_only():
    """P7: nothing is sent there before `retry_after`, the final right after it."""
    room = Room(pace=1.0)
    room.chat.fail("a", None, None, ChatBusy("slow down", retry_after=20))

    async def scenario():
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(6, channel="a"))
            group.create_task(room.turn(6, channel="b", turn_id="t2"))

    run_virtual(scenario())
    *_, refused, final = room.requests(channel="a")
    assert round(final.at - refused.at, 6) == 20
    assert final.frame.final
    assert room.requests(channel="b")[-1].at < refused.at + 8


def test_p7_what_was_refused_takes_no_slot_so_that_a_final_waits_for_what_was_said_alone():
    room = Room(pace=5.0)
    room.chat.fail("c", None, ChatBusy("slow down", retry_after=1))
    run_virtual(room.turn(4.0))
    *_, refused, final = room.requests()
    assert final.frame.final
    assert refused.at > room.ended["t1"]
    assert round(final.at - refused.at, 6) == 1


def test_a_final_does_not_wait_where_only_our_own_budget_is_spent():
    """P7: what is left of the account's rate is for finals."""
    room = Room(pace=1.0)
    room.chat.fail("c", None, None, *[ChatSpent("spent", retry_after=5)] * 9)
    run_virtual(room.turn(4.0))
    *_, refused, final = room.requests()
    assert final.frame.final
    assert final.at == room.ended["t1"] < refused.at + 5
    assert room.chat.texts() == [(SENTENCE * 16).strip()]


def test_what_finds_the_budget_spent_is_shown_when_there_is_some_again():
    room = Room(pace=1.0)
    room.chat.fail("c", ChatSpent("spent", retry_after=3))
    run_virtual(room.turn(10))
    refused, shown, *_ = room.requests()
    assert (shown.op, shown.at - refused.at) == ("post", 3)
    assert len(shown.text) > len(refused.text)


def test_a_final_goes_before_other_turns_edits():
    room = Room(pace=4.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(60, turn_id="t1"))
            group.create_task(room.turn(60, turn_id="t2"))
            group.create_task(room.turn(9, turn_id="t3"))

    run_virtual(scenario())
    final = next(
        each for each in room.requests() if each.frame.content.turn_id == "t3" and each.frame.final
    )
    assert final.at - room.ended["t3"] <= 4.0


def test_a_row_is_written_before_each_post_and_the_id_after_it_and_none_for_edits():
    """P2."""
    room = Room(pace=1.0, limit=400)
    run_virtual(room.turn(6, labels=("a",)))
    posts = [each.key for each in room.requests("post")]
    assert len(posts) > 2
    assert room.outbox.words == [
        pair for key in posts for pair in (("attempting", key), ("posted", key))
    ]
    for what, key, _, seen in room.outbox.rows:
        place = next(
            n for n, each in enumerate(room.chat.log) if each.op == "post" and each.key == key
        )
        assert seen <= place if what == "attempting" else seen > place
    assert len(room.requests("edit")) > 3


def test_a_piece_that_may_have_been_posted_is_followed_by_the_whole_and_nothing_else():
    """P2: a piece is known to be no final."""
    room = Room(pace=1.0)
    room.chat.fail("c", ChatUnknown("the connection broke"))
    run_virtual(room.turn(6))
    first, second = room.requests()
    assert not first.frame.final
    assert second.frame.final
    assert room.chat.texts()[-1] == (SENTENCE * 24).strip()
    assert room.done["t1"]


def test_a_whole_answer_that_may_have_been_posted_is_never_posted_again():
    """P2: the person is told once that nobody can tell."""
    room = Room(pace=1.0)
    room.chat.fail("c", ChatUnknown("the connection broke"))
    run_virtual(room.turn(0))
    assert [each.key for each in room.requests()] == ["answer/0", "note"]
    assert room.outbox.words[:2] == [("attempting", "answer/0"), ("unknown", "answer/0")]
    assert room.chat.texts()[-1] == UNSURE
    assert room.done["t1"]


def test_a_whole_that_may_have_been_posted_behind_a_piece_is_told_to_be_in_doubt():
    """P2: whoever saw a piece at most is not left alone with it."""
    room = Room(pace=1.0)
    room.chat.fail("c", ChatUnknown("the connection broke"), ChatUnknown("and once more"))
    run_virtual(room.turn(6))
    assert [each.key for each in room.requests()] == ["answer/0", "answer/0", "note"]
    assert room.chat.texts()[-1] == UNSURE
    assert room.done["t1"]


def test_a_refused_post_is_tried_again_with_the_same_delivery_id():
    room = Room(pace=1.0)
    room.chat.fail("c", ChatError("no"), ChatError("no"), ChatError("no"), ChatError("no"))
    run_virtual(room.turn(8))
    assert room.chat.texts() == [(SENTENCE * 32).strip()]
    assert {each.delivery_id for each in room.requests("post")} == {delivery_id("t1", "answer/0")}
    assert room.outbox.words[:2] == [("attempting", "answer/0"), ("failed", "answer/0")]


def test_a_post_that_misses_a_message_is_a_post_that_failed():
    """What it hangs on is gone, or what it is to be appended to; itself it never stood there."""
    room = Room(pace=1.0, files=True, limit=400)
    gone = MessageGone("message_not_found")
    room.chat.fail("c", gone, None, gone, gone)
    run_virtual(room.turn(0, text="Look:\n\n```python\n" + "x = 1\n" * 200 + "```\n\nDone."))
    assert [each.key for each in room.requests("post")] == ["answer/0"] * 2 + ["file/0"] * 3
    assert len(room.chat.messages) == 2
    assert room.done["t1"]
    assert room.outbox.words.count(("failed", "file/0")) == 2


@pytest.mark.parametrize("posted", [False, True])
def test_an_answer_waits_for_a_platform_that_is_away_for_minutes(posted):
    room = Room(pace=1.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(4))
            await asyncio.sleep(2.0 if posted else 0.0)
            room.chat.fail("c", *[ChatAway("502")] * 24)

    run_virtual(scenario())
    assert room.chat.texts() == [(SENTENCE * 16).strip()]
    assert room.done["t1"]
    assert 240 < room.chat.log[-1].at - room.ended["t1"] < 400


def test_a_platform_that_stays_away_is_waited_for_a_quarter_of_an_hour():
    room = Room(pace=1.0)
    room.chat.fail("c", *[ChatAway("502")] * 1000)
    run_virtual(room.turn(4))
    assert room.done["t1"] is False
    assert 880 < room.chat.log[-1].at - room.ended["t1"] < 960


def test_a_panel_that_is_refused_holds_up_no_answer():
    room = Room(pace=1.0)
    room.chat.fail("c", ChatError("no"), ChatError("no"))
    run_virtual(room.turn(0, labels=("a",)))
    final = next(each for each in room.requests() if each.key == "answer/0")
    assert final.at - room.ended["t1"] <= 1.0


def test_a_chat_that_refuses_for_good_is_given_up_in_bounded_time():
    room = Room(pace=1.0)
    room.chat.fail("c", *[ChatError("kicked")] * 100)
    run_virtual(room.turn(60))
    assert len(room.requests()) < 14
    assert room.done["t1"] is False
    assert room.chat.log[-1].at - room.ended["t1"] < 60


def test_a_deleted_answer_is_posted_anew_once_when_it_is_whole():
    room = Room(pace=1.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(6))
            await asyncio.sleep(2.6)
            room.chat.messages.clear()

    run_virtual(scenario())
    first, second = room.requests("post")
    assert second.frame.final
    assert first.delivery_id != second.delivery_id
    assert room.chat.texts() == [(SENTENCE * 24).strip()]


def test_an_answer_begun_anew_takes_its_further_messages_back_and_posts_them_as_new_ones():
    room = Room(pace=0.1, limit=200)

    async def scenario():
        mailbox = Mailbox()
        info = TurnInfo(turn_id="t1", address=Address(platform="fake", channel="c"))
        async with asyncio.TaskGroup() as group:
            group.create_task(
                deliver(info, mailbox, adapter=room.chat, outbox=room.outbox, budgets=room.budgets)
            )
            for event in (
                AnswerDelta(text=SENTENCE * 5),
                AnswerReset(),
                AnswerDelta(text="Anew. "),
                TurnFinished(result=result("Anew. " + SENTENCE * 5)),
            ):
                mailbox.tell(event)
                await asyncio.sleep(2)

    run_virtual(scenario())
    posts = [(each.key, each.delivery_id) for each in room.requests("post")]
    assert [key for key, _ in posts] == ["answer/0", "answer/1", "answer/1"]
    assert len(set(posts)) == 3
    assert [each.key for each in room.requests("delete")] == ["answer/1"]
    assert " ".join(room.chat.texts()) == "Anew. " + (SENTENCE * 5).strip()


def test_after_a_restart_messages_are_edited_in_place_and_surplus_ones_go():
    """P2: the outbox names them."""
    room = Room(pace=1.0)
    rows = [
        Posted(turn_id="t1", key=key, message_id=key, state="delivered")
        for key in ("panel", "answer/0", "answer/1", "answer/2")
    ]

    async def scenario():
        room.chat.messages.update(
            {row.key: Frame(key=row.key, content=Notice(text="")) for row in rows}
        )
        await room.turn(0, labels=("a",), posted=rows)

    run_virtual(scenario())
    assert not room.requests("post")
    assert room.chat.deleted == {"answer/1", "answer/2"}
    assert room.chat.messages["answer/0"].final


@pytest.mark.parametrize(("trouble", "goes"), [(ChatAway("503"), True), (ChatError("no"), False)])
def test_what_a_question_that_was_deleted_has_shown_goes_as_soon_as_the_platform_is_there(
    trouble, goes
):
    """Its panel stood there for good, with a Stop below it, if one call met a moment's outage."""
    room = Room(pace=1.0)

    async def scenario():
        mailbox = Mailbox()
        info = TurnInfo(turn_id="t1", address=Address(platform="fake", channel="c"))
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(
                deliver(info, mailbox, adapter=room.chat, outbox=room.outbox, budgets=room.budgets)
            )
            mailbox.tell(started("a", turn_id="t1"))
            mailbox.tell(AnswerDelta(text=SENTENCE))
            await asyncio.sleep(4)
            assert room.chat.messages
            room.chat.undeletable += [trouble] * 3
            mailbox.tell(TurnStopped(result=result(""), withdrawn=True))
        assert shown.result()

    run_virtual(scenario())
    assert (not room.chat.messages) is goes


def test_after_a_restart_a_message_without_an_id_is_not_posted_again():
    room = Room(pace=1.0)
    row = Posted(turn_id="t1", key="answer/0", message_id=None, state="attempting")
    run_virtual(room.turn(0, posted=[row]))
    assert [each.key for each in room.requests()] == ["note"]


def test_p2_a_note_that_was_perhaps_posted_is_posted_again():
    room = Room(pace=1.0)
    rows = [
        Posted(turn_id="t1", key="answer/0", message_id=None, state="unknown"),
        Posted(turn_id="t1", key="note", message_id=None, state="attempting"),
    ]
    run_virtual(room.turn(0, posted=rows))
    assert [each.key for each in room.requests("post")] == ["note"]
    assert room.done["t1"]


@pytest.mark.parametrize("said", [0, 8])
def test_p2_after_a_restart_the_whole_follows_a_piece_of_which_nobody_can_tell(said):
    """That the whole was never posted is known, so the asker is not left with a doubt."""
    room = Room(pace=1.0)
    row = Posted(turn_id="t1", key="answer/0", message_id=None, state="piece")
    run_virtual(room.turn(said, posted=[row]))
    (whole,) = room.requests("post")
    assert (whole.key, whole.frame.final) == ("answer/0", True)
    assert room.outbox.words == [("attempting", "answer/0"), ("posted", "answer/0")]


def test_a_cancelled_turn_leaves_the_budget_to_the_others():
    room = Room(pace=1.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            doomed = group.create_task(room.turn(60))
            group.create_task(room.turn(12, turn_id="t2"))
            await asyncio.sleep(5.1)
            doomed.cancel()

    run_virtual(scenario())
    late = [each for each in room.requests() if each.at > 1006.2]
    assert {each.frame.content.turn_id for each in late} == {"t2"}
    assert set(gaps(late)[:-1]) == {1.0}


DOUBT = Posted(turn_id="t1", key="answer/0", message_id=None, state="attempting")


def test_every_message_is_hung_on_the_question():
    room = Room(pace=0.5, limit=400)
    run_virtual(room.turn(3, labels=("a",), reply_to="q7"))
    assert {each.reply_to for each in room.requests("post")} == {"q7"}


def test_the_panel_stands_before_an_answer_that_came_before_the_chat_was_free():
    room = Room(pace=3.1)

    async def scenario():
        await room.turn(0, labels=("a",))
        await room.turn(0, labels=("a",), turn_id="t2")

    run_virtual(scenario())
    assert [each.key for each in room.requests("post")] == ["panel", "answer/0"] * 2


def test_an_answer_waits_for_no_panel_that_is_refused():
    room = Room(pace=1.0)
    room.chat.fail("c", ChatError("no"))
    run_virtual(room.turn(0, labels=("a",)))
    first, second = room.requests()[:2]
    assert (first.key, second.key) == ("panel", "answer/0")
    assert second.at - first.at <= 1.5


# --- previews -------------------------------------------------------------------------------


def test_what_streams_is_previewed_and_posted_once_when_it_is_whole():
    """The panel stands first; previews have their own pace and no row; none repeats another."""
    room = Room(pace=1.0, preview=0.25)
    run_virtual(room.turn(6, labels=("a",)))
    previews = room.requests("preview")
    assert room.chat.log.index(previews[0]) > room.chat.log.index(room.requests("post")[0])
    assert [each.key for each in room.requests("post")] == ["panel", "answer/0"]
    assert room.requests("post")[1].frame.final
    assert len(previews) > 15
    assert len({each.text for each in previews}) == len(previews)
    assert min(gaps(previews)) >= 0.25 - 1e-6
    assert {key for _, key in room.outbox.words} == {"panel", "answer/0"}
    assert room.requests("post")[1].at == room.ended["t1"]


def test_a_panel_that_has_to_wait_holds_up_no_preview():
    room = Room(pace=3.0, preview=0.25)

    async def scenario():
        mailbox = Mailbox()
        info = TurnInfo(turn_id="t1", address=Address(platform="fake", channel="c"))
        async with asyncio.TaskGroup() as group:
            group.create_task(
                deliver(info, mailbox, adapter=room.chat, outbox=room.outbox, budgets=room.budgets)
            )
            mailbox.tell(started("a"))
            await asyncio.sleep(1)
            mailbox.tell(ReferencesDone(advice=(advice(1),)))
            for _ in range(16):
                mailbox.tell(AnswerDelta(text=SENTENCE))
                await asyncio.sleep(0.25)
            mailbox.tell(TurnFinished(result=result(SENTENCE * 16)))

    run_virtual(scenario())
    panel, settled = [each.at for each in room.chat.log if each.key == "panel"][:2]
    previews = room.requests("preview")
    assert settled - panel == pytest.approx(3.0)
    assert previews[0].at - panel == pytest.approx(1.0)
    assert max(gaps(previews)) <= 0.5


def test_p7_previews_take_nothing_of_the_accounts_rate_and_a_final_waits_for_none():
    room = Room(pace=1.0, preview=0.25, rate=2.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for n in range(8):
                group.create_task(room.turn(4, channel=f"c{n}", turn_id=f"t{n}"))

    run_virtual(scenario())
    first = [room.requests("preview", channel=f"c{n}")[0].at for n in range(8)]
    assert len(set(first)) == 1
    posts = room.requests("post")
    assert posts[0].at == room.ended["t0"]
    assert gaps(posts) == [0.5] * 7


@pytest.mark.parametrize(("behind", "apart"), [(0.0, 0.25), (0.75, 1.0), (0.99, 2.5)])
def test_p5_who_has_more_waiting_is_shown_fewer_previews_and_the_same_answer(behind, apart):
    room = Room(pace=1.0, preview=0.25)
    room.budgets = ChatBudgets(lambda _: behind)
    run_virtual(room.turn(10.0))
    assert apart - 1e-6 <= min(gaps(room.requests("preview"))) < apart + 0.3
    assert room.requests("post")[-1].text.count("One more sentence") == 40


def test_p5_nothing_is_previewed_while_the_loop_is_late_and_the_answer_comes_all_the_same():
    room, late = Room(pace=1.0, preview=0.25), [True]
    room.budgets = ChatBudgets(late=lambda: bool(late))

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(room.turn(10.0))
            await asyncio.sleep(5.0)
            assert not room.requests("preview")
            late.clear()

    run_virtual(story())
    assert len(room.requests("preview")) > 15
    assert room.requests("post")[-1].text.count("One more sentence") == 40


def test_p7_an_answer_that_ends_while_its_first_words_wait_goes_ahead_of_others_words():
    """Whoever waits for the account is asked now and then how urgent it is: an end is told."""
    room, crowd = Room(pace=1.0, rate=20.0), {f"t{number}": 20.0 for number in range(80)}
    short = {"t76": 1.0, "t77": 1.25, "t78": 1.5, "t79": 1.75}

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            for turn_id, seconds in (crowd | short).items():
                group.create_task(room.turn(seconds, channel=turn_id, turn_id=turn_id))

    run_virtual(story())
    waited = [room.requests("post", channel=each)[0].at - room.ended[each] for each in short]
    assert max(waited) < 2 / 20.0


def test_p7_previews_stop_where_the_platform_says_to_wait():
    room = Room(pace=1.0, preview=0.25)
    room.chat.fail("c", None, ChatBusy("wait", retry_after=3.0))
    run_virtual(room.turn(6))
    assert max(gaps(room.requests("preview"))) == pytest.approx(3.0)


def test_the_whole_parts_of_a_long_answer_are_posted_while_the_rest_is_previewed():
    room = Room(pace=1.0, preview=0.25, limit=400)
    run_virtual(room.turn(6))
    assert all(each.frame.final for each in room.requests("post"))
    assert room.requests("post")[0].at < room.ended["t1"]
    assert not room.requests("edit")
    assert " ".join(room.chat.texts()) == (SENTENCE * 24).strip()


def test_where_previews_are_refused_the_turn_posts_and_edits():
    room = Room(pace=1.0, preview=0.25)
    room.chat.refuses = True
    run_virtual(room.turn(6))
    assert len(room.requests("preview")) == 1
    assert [each.key for each in room.requests("post")] == ["answer/0"]
    assert len(room.requests("edit")) > 3
    assert min(gaps(room.requests("edit"))) >= 1.0 - 1e-6
    assert room.chat.texts() == [(SENTENCE * 24).strip()]


# --- what was perhaps posted ----------------------------------------------------------------


@pytest.mark.parametrize("repeatable", [False, True])
def test_after_a_restart_a_message_that_is_found_is_edited(repeatable):
    """P2: it is looked for from when the question came, for no platform remembers ids for ever."""
    room = Room(tells=True, repeatable=repeatable)
    room.chat._stand("m9", Frame(key="answer/0", content=Notice(text="")), _id("answer/0"))
    run_virtual(room.turn(0, posted=[DOUBT], since=5000, reply_to="m1"))
    assert room.chat.searches == [(_id("answer/0"), 5000, "m1")]
    assert not room.requests("post")
    assert room.chat.texts() == [SENTENCE.strip()]
    assert room.outbox.words == [("posted", "answer/0")]


def test_a_platform_that_wants_no_questions_now_is_asked_for_as_long_as_a_final_waits():
    """P2: a hundred turns that are taken up at once ask more than Slack answers in a minute."""
    room = Room(tells=True)
    room.chat.deaf = [ChatBusy("not now", retry_after=60)] * 9
    room.chat._stand("m9", Frame(key="answer/0", content=Notice(text="")), _id("answer/0"))
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert not room.requests("post")
    assert room.chat.texts() == [SENTENCE.strip()]


def test_a_platform_that_is_busy_for_ever_is_asked_no_longer_than_a_final_waits():
    room = Room(tells=True)
    room.chat.deaf = [ChatBusy("not now", retry_after=60)] * 99
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert len(room.chat.deaf) > 70
    assert UNSURE in room.chat.texts()


@pytest.mark.parametrize("key", ["arguments/0", "approval/0"])
def test_nobody_is_told_that_an_answer_may_be_missing_where_only_a_question_is(key):
    """A tool's arguments, or who is to say yes, were perhaps posted: the answer stands there."""
    room = Room(files=True)
    asked = Approval(
        number=0,
        server="files",
        tool="files__delete",
        arguments=json.dumps({"text": "x" * 2_000}),
        digest="d",
        expires=1,
    )
    known = Posted(turn_id="t1", key=key, message_id=None, state="attempting")
    run_virtual(room.turn(0, posted=[known], events=[ApprovalChanged(approval=asked, read=())]))
    assert SENTENCE.strip() in room.chat.texts()
    assert UNSURE not in room.chat.texts()


NEEDED = Approval(
    number=0, server="files", tool="files__delete", arguments="{}", digest="d", expires=9**9
)


def questions(room: Room) -> list[str]:
    """The ids of the messages that ask for a yes."""
    return [mid for mid, frame in room.chat.messages.items() if frame.key == "approval/0"]


@pytest.mark.parametrize("lost", [1, 2, 9])
def test_who_is_to_say_yes_is_asked_once_more_where_nobody_can_tell_whether_it_was_asked(lost):
    """Else the turn, and all behind it, would wait for a button that nobody sees."""
    room = Room()
    room.chat.fail("c", *[ChatUnknown("the connection broke")] * lost)
    run_virtual(room.turn(0, events=[ApprovalChanged(approval=NEEDED, read=())]))
    assert len(questions(room)) == 2


def test_after_a_restart_who_is_to_say_yes_is_asked_where_nobody_can_tell_whether_it_was_asked():
    room = Room()
    row = Posted(turn_id="t1", key="approval/0", message_id=None, state="attempting")
    run_virtual(room.turn(0, posted=[row], events=[ApprovalChanged(approval=NEEDED, read=())]))
    assert len(questions(room)) == 1


@pytest.mark.parametrize("repeatable", [False, True])
def test_after_a_restart_a_message_that_is_not_there_is_posted(repeatable):
    room = Room(tells=True, repeatable=repeatable)
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert room.chat.texts() == [SENTENCE.strip()]


def test_after_a_restart_what_is_known_as_another_message_is_not_taken_for_one_in_doubt():
    """Slack's streams bear no mark: the answer stood where a question for a yes was looked for."""
    room = Room(tells=True)
    room.chat._stand("m9", Frame(key="panel", content=Notice(text="")), _id("answer/0"))
    known = Posted(turn_id="t1", key="panel", message_id="m9", state="delivered")
    run_virtual(room.turn(0, labels=("a",), posted=[known, DOUBT]))
    assert [each.key for each in room.requests("post")] == ["answer/0"]
    assert room.chat.messages["m9"].key == "panel"


def test_after_a_restart_what_nobody_can_tell_of_is_posted_where_that_is_posting_once():
    room = Room(repeatable=True)
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert [(each.op, each.key) for each in room.requests()] == [
        ("post", "answer/0"),
        ("edit", "answer/0"),
    ]
    assert room.requests("post")[0].delivery_id == _id("answer/0")
    assert room.chat.texts() == [SENTENCE.strip()]


@pytest.mark.parametrize("key", ["answer/0", "panel"])
def test_a_post_whose_answer_was_lost_is_looked_for_and_goes_on_in_place(key):
    room = Room(tells=True)
    room.chat.fail("c", ChatUnknown("the connection broke"))
    run_virtual(room.turn(6, labels=("a",) if key == "panel" else ()))
    posts = [each.key for each in room.requests("post")]
    assert len(posts) == len(set(posts))
    assert room.chat.texts()[-1] == (SENTENCE * 24).strip()
    assert UNSURE not in room.chat.texts()


def test_where_posting_twice_is_posting_once_a_lost_answer_is_posted_again():
    room = Room(repeatable=True)
    room.chat.fail("c", ChatUnknown("the connection broke"))
    run_virtual(room.turn(0))
    first, second = room.requests("post")
    assert first.delivery_id == second.delivery_id
    assert room.done["t1"]


@pytest.mark.parametrize("stands", [True, False])
def test_where_posting_twice_is_posting_once_for_minutes_it_is_looked_for_after_them(stands):
    """The answer to a post was lost, and the platform is away for longer than it remembers it."""
    room = Room(repeatable=True, lasting=True, tells=True)
    away = [ChatAway("nowhere")] * 8
    room.chat.fail("c", *([ChatUnknown("the connection broke")] if stands else []), *away)
    run_virtual(room.turn(0))
    assert room.chat.texts() == [SENTENCE.strip()]
    assert len(room.chat.searches) == stands
    assert room.done["t1"]


def test_where_nobody_can_tell_after_those_minutes_nothing_is_posted_twice():
    room = Room(repeatable=True, lasting=True)
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert [each.key for each in room.requests("post")] == ["note"]


def test_a_platform_that_is_away_after_a_restart_is_asked_for_as_long_as_a_final_waits():
    room = Room(tells=True)
    room.chat.deaf = [ChatAway("nowhere")] * 30
    room.chat._stand("m9", Frame(key="answer/0", content=Notice(text="")), _id("answer/0"))
    run_virtual(room.turn(0, posted=[DOUBT]))
    assert not room.requests("post")
    assert room.chat.texts() == [SENTENCE.strip()]


# --- chats that are closed, files ------------------------------------------------------------


@pytest.mark.parametrize("before", [0, 2])
def test_a_closed_chat_is_left_at_once_and_the_turn_is_over(before, caplog):
    room = Room(pace=1.0)
    room.chat.fail("c", *[None] * before, *[ChatClosed("kicked")] * 50)
    with caplog.at_level("INFO"):
        run_virtual(room.turn(20))
    assert len(room.requests()) == before + 1
    assert room.done["t1"]
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_files_follow_the_answer_and_are_never_edited():
    room = Room(pace=1.0, files=True, limit=400)
    code = "Look:\n\n```python\n" + "x = 1\n" * 200 + "```\n\nDone."
    run_virtual(room.turn(0, text=code))
    assert [each.key for each in room.requests()] == ["answer/0", "file/0"]
    rows = [
        Posted(turn_id="t1", key=key, message_id=key, state="delivered")
        for key in ("answer/0", "file/0")
    ]
    again = Room(pace=1.0, files=True, limit=400)
    again.chat.messages["answer/0"] = room.requests()[0].frame
    run_virtual(again.turn(0, text=code, posted=rows))
    assert [(each.op, each.key) for each in again.requests()] == [("edit", "answer/0")]


def test_p7_many_chats_stay_within_the_accounts_rate_and_each_gets_its_share():
    room = Room(pace=1.0, rate=10.0)

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for n in range(40):
                group.create_task(room.turn(30, channel=f"c{n}", turn_id=f"t{n}"))

    run_virtual(scenario())
    assert min(gaps(room.requests())) >= 0.1 - 1e-6
    streamed = [each for each in room.requests() if not each.frame.final]
    counts = [sum(each.channel == f"c{n}" for each in streamed) for n in range(40)]
    assert max(counts) - min(counts) <= 1
    assert all(room.done.values())


def test_p7_a_chat_that_waits_for_an_hour_waits_exactly_and_holds_up_none_of_the_others():
    room = Room(pace=1.0, rate=10.0)
    room.chat.fail("c0", None, ChatBusy("slow down", retry_after=3600))

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for n in range(40):
                group.create_task(room.turn(10, channel=f"c{n}", turn_id=f"t{n}"))

    run_virtual(scenario())
    *_, refused, last = room.requests(channel="c0")
    assert round(last.at - refused.at, 6) == 3600
    assert last.frame.final
    assert len(room.requests("post", channel="c0")) == 1
    others = [each for each in room.requests() if each.channel != "c0"]
    assert max(each.at for each in others) <= max(room.ended.values()) + 4
    assert all(room.done.values())


def test_p7_where_every_chat_is_told_to_wait_each_waits_exactly_and_nothing_is_said_twice():
    room = Room(pace=1.0, rate=10.0)
    for n in range(20):
        room.chat.fail(f"c{n}", None, ChatBusy("slow down", retry_after=60))

    async def scenario():
        async with asyncio.TaskGroup() as group:
            for n in range(20):
                group.create_task(room.turn(10, channel=f"c{n}", turn_id=f"t{n}"))

    run_virtual(scenario())
    finals = []
    for n in range(20):
        post, refused, final = room.requests(channel=f"c{n}")
        assert (post.op, refused.op, final.op) == ("post", "edit", "edit")
        assert final.frame.final
        assert 60 <= round(final.at - refused.at, 6) <= 60 + 20 / 10
        finals.append(final)
    assert min(gaps(sorted(finals, key=lambda each: each.at))) >= 0.1 - 1e-6
    assert room.chat.texts() == [(SENTENCE * 40).strip()] * 20


def _id(key):
    return delivery_id("t1", key)
