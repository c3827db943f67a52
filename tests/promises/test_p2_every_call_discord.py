"""Shows what people on Discord see whichever call of the program goes wrong, in whatever way.

A table of every call that an answer is written with, by every fault: it stands there once, or
nothing more can be written there (P2, P11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from gateway.delivery import trying
from tests.promises.every_call import ANSWER, CODE, COMMON, Bench, bench, each_of
from tests.simulators.base import Fault


def no(status: int, error: str = "", **more: Any) -> Fault:
    return Fault(kind="refuse", status=status, error=error, **more)


REFUSED: Final[Mapping[str, Fault]] = {
    "429 for the account": no(429, retry_after=1, parameters={"global": True}),
    "429 old messages": no(429, "30046 Maximum number of edits to messages older than 1 hour"),
    "400 invalid form": no(400, "50035 Invalid Form Body"),
    "400 empty": no(400, "50006 Cannot send an empty message"),
    "400 something new": no(400, "99999 Something new"),
    "401": no(401, "0 401: Unauthorized"),
    "403 Cloudflare": no(403, "40333 internal network error"),
    "404 with a page": no(404, body="<html><h1>404</h1></html>"),
    "405": no(405, "0 405: Method Not Allowed"),
    "500 with a word": no(500, "0 500: Internal Server Error"),
    "503 overloaded": no(503, "130000 API resource is currently overloaded"),
}
"""Once only; what is written is written another way, or again."""
CLOSED: Final[Mapping[str, Fault]] = {
    "403 no access": no(403, "50001 Missing Access"),
    "403 no permission": no(403, "50013 Missing Permissions"),
    "403 takes none": no(403, "50007 Cannot send messages to this user"),
    "403 locked": no(403, "160005 Thread is locked"),
    "404 unknown channel": no(404, "10003 Unknown Channel"),
}
"""Nothing more is written there, and the turn is over."""
GONE: Final[Mapping[str, Fault]] = {
    "404 unknown message": no(404, "10008 Unknown Message"),
}
ALL: Final = {**COMMON, **REFUSED, **CLOSED}


@dataclass(frozen=True, slots=True)
class Row:
    """A call that goes wrong while a question is answered in the place that is named.

    `writes`: a chat in which it is refused for good is closed.
    """

    method: str
    where: str = "group"
    writes: bool = False
    panel: bool = False
    answer: str = ANSWER


ANSWERING: Final = (
    Row("create_message", writes=True),
    Row("create_message", "dm", writes=True),
    Row("create_message", writes=True, panel=True),
    Row("create_message", answer=CODE, writes=True),
    Row("edit_message", writes=True),
    Row("create_thread"),
    Row("typing"),
    Row("add_reaction"),
)


def named(row: Row) -> str:
    more = " of a panel" if row.panel else " of a file" if row.answer == CODE else ""
    return f"{row.method} {row.where}{more}"


@pytest.mark.parametrize("row", ANSWERING, ids=named)
async def test_p2_an_answer_stands_on_discord_once_whichever_call_goes_wrong(row):
    faults = {**ALL, **(GONE if row.method == "edit_message" else {})}

    async def case(name: str) -> str:
        async with bench("discord", panel=row.panel, answer=row.answer) as there:
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
    filed = ", a file" * sum(bool(each.files) for each in there.seen(place))
    return f"{there.wholes(place)} of {there.begun(place)}{filed}"


def expected(row: Row, fault: str) -> str:
    if row.writes and fault in CLOSED:
        return "0 of 1" if row.method == "edit_message" else "0 of 0"
    if row.method == "create_thread" and fault == "404 unknown channel":
        return "0 of 0"
    if fault in GONE:
        return "1 of 2"  # what Discord says is gone is written anew
    return "1 of 1" + (", a file" if row.answer == CODE else "")


@pytest.mark.parametrize("method", ["create_message", "create_thread", "edit_message"])
async def test_p11_a_final_waits_for_discord_for_longer_than_a_few_tries(method, monkeypatch):
    monkeypatch.setattr(trying, "BACKOFF", (0.05,) * 5)
    async with bench("discord") as there:
        await there.listening()
        there.fail(method, no(503, body=""), times=12)
        await there.ask(there.group)
        await there.ended()
        assert len(there.sim.requests.of(method)) > 12
        assert seen(there, Row(method)) == "1 of 1"
        assert all(there.desk.over.values())
