"""Shows what people in Telegram see whichever call of the program goes wrong, in whatever way.

A table of every call that the program makes to Telegram, by every fault: the answer stands there
once, or nobody can tell and it is said, or nothing more can be written there (P2, P11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.promises.every_call import (
    ANSWER,
    CODE,
    COMMON,
    DONE,
    DOUBTFUL,
    Bench,
    bench,
    each_of,
)
from tests.simulators.base import Fault


def no(status: int, error: str, **more: Any) -> Fault:
    return Fault(kind="refuse", status=status, error=error, **more)


REFUSED: Final[Mapping[str, Fault]] = {
    "400 can't parse entities": no(400, "can't parse entities: Unsupported start tag at byte 7"),
    "400 message to be replied not found": no(400, "message to be replied not found"),
    "400 text is too long": no(400, "message is too long"),
    "400 something new": no(400, "SOMETHING_NEW"),
    "401": no(401, ""),
    "404": no(404, ""),
    "409": no(409, "terminated by other getUpdates request"),
    "413": no(413, "Request Entity Too Large"),
}
"""Once only; what is written is written another way, or again."""
CLOSED: Final[Mapping[str, Fault]] = {
    "400 chat not found": no(400, "chat not found"),
    "400 thread not found": no(400, "message thread not found"),
    "400 topic closed": no(400, "TOPIC_CLOSED"),
    "400 no rights": no(400, "not enough rights to send text messages to the chat"),
    "403 blocked": no(403, "bot was blocked by the user"),
    "403 kicked": no(403, "bot was kicked from the supergroup chat"),
    "403 not a member": no(403, "bot is not a member of the supergroup chat"),
}
"""Nothing more is written there, and the turn is over."""
GONE: Final[Mapping[str, Fault]] = {
    "400 message to edit not found": no(400, "message to edit not found"),
    "400 can't be edited": no(400, "message can't be edited"),
    "400 id invalid": no(400, "MESSAGE_ID_INVALID"),
}


FILES: Final = frozenset({*COMMON, "400 message to be replied not found", "409"}) - {
    "cut before it is done"
}
"""After these the file stands there; after the others its text does, or nobody can tell."""
ALL: Final = {**COMMON, **REFUSED, **CLOSED}


@dataclass(frozen=True, slots=True)
class Row:
    """A call that goes wrong while a question is answered in the place that is named.

    `writes`: a chat in which it is refused for good is closed. `posts`: whether it was done nobody
    can tell afterwards; `whole`: and it was the whole answer.
    """

    method: str
    where: str = "group"
    writes: bool = False
    posts: bool = False
    whole: bool = False
    panel: bool = False
    answer: str = ANSWER


ANSWERING: Final = (
    Row("sendMessage", writes=True, posts=True),
    Row("sendMessage", "dm", writes=True, posts=True, whole=True),
    Row("sendMessage", writes=True, panel=True),
    Row("editMessageText", writes=True),
    Row("sendDocument", answer=CODE),
    Row("sendMessageDraft", "dm"),
    Row("sendChatAction"),
    Row("setMessageReaction"),
    Row("getChatAdministrators"),
)


def named(row: Row) -> str:
    return f"{row.method} {row.where}" + (" of a panel" if row.panel else "")


@pytest.mark.parametrize("row", ANSWERING, ids=named)
async def test_p2_an_answer_stands_in_telegram_once_whichever_call_goes_wrong(row):
    faults = {**ALL, **(GONE if row.method == "editMessageText" else {})}

    async def case(name: str) -> str:
        async with bench("telegram", panel=row.panel, answer=row.answer) as there:
            await there.listening()
            there.fail(row.method, faults[name])
            await there.ask(getattr(there, row.where))
            await asyncio.wait_for(there.hit.wait(), 30)
            await there.ask(there.other, there.ben)
            await there.ended(2)
            assert there.wholes(there.other) == 1, "another chat goes on"
            assert all(there.desk.over.values()), "no answer was given up"
            return seen(there, row)

    fates = await each_of(faults, case)
    wrong = {each: fate for each, fate in fates.items() if fate != expected(row, each)}
    assert not wrong, "\n".join(f"{row.method}, {each}: {fate}" for each, fate in wrong.items())


def seen(there: Bench, row: Row) -> str:
    """Say what people see in the end: so many whole answers of so many that were begun."""
    place = getattr(there, row.where)
    noted = ", noted" if there.notes(place) else ""
    filed = ", a file" * sum(bool(each.files) for each in there.seen(place))
    return f"{there.wholes(place)} of {there.begun(place)}{noted}{filed}"


def expected(row: Row, fault: str) -> str:
    if row.answer == CODE:
        doubt = ", noted" if fault in DOUBTFUL else ""
        return f"1 of 1{doubt}" + (", a file" if fault in FILES else "")
    if row.writes and fault in CLOSED:
        return "0 of 1" if row.method == "editMessageText" else "0 of 0"
    if fault in GONE:
        return "1 of 2"  # what Telegram says is gone is written anew
    if row.whole and fault in DOUBTFUL:
        return "1 of 1, noted" if fault in DONE else "0 of 0, noted"
    if row.posts and fault in DONE:
        return "1 of 2"  # a piece may stay where its post was lost; the whole follows it
    return "1 of 1"


async def test_p2_an_answer_goes_to_where_its_group_has_moved_and_stands_there_once():
    async with bench("telegram") as there:
        await there.listening()
        moved = there.sim.group("team, bigger", there.ann, there.ben)
        told = {"migrate_to_chat_id": int(moved.id)}
        words = "group chat was upgraded to a supergroup chat"
        there.fail("sendMessage", no(400, words, parameters=told))
        await there.ask(there.group)
        await there.ended()
        assert (there.wholes(there.group), there.begun(there.group)) == (0, 0)
        assert (there.wholes(moved), there.begun(moved)) == (1, 1)


async def test_p2_an_edit_that_changes_nothing_is_done():
    async with bench("telegram") as there:
        await there.listening()
        late = Fault(kind="drop")  # done, and asked for again: Telegram says that nothing changes
        there.fail("editMessageText", late)
        await there.ask(there.group)
        await there.ended()
        said = [each.error for each in there.sim.requests.of("editMessageText")]
        assert any("message is not modified" in each for each in said)
        assert (there.wholes(there.group), there.begun(there.group)) == (1, 1)
