"""Stop, removal, permissions and looks: what is done to a turn, or said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core import whispers
from core.reply import figures
from core.texts import commands as said
from core.texts.running import LEFT_LINE
from core.types import Command, Press
from gateway.delivery.posts import taken, unpost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from core.records import StoredTurn, Vote
    from gateway.commands.desk import Desk

log = structlog.get_logger()


async def stop(desk: Desk, request: Command | Press) -> Sequence[Frame]:
    """Stop a turn, or whatever runs here where none is named (MOA-11)."""
    waits = desk.waits(request)
    if waits is not None:
        desk.exchange.sessions().take_out(waits.seq)
        await desk.exchange.keep.drop(waits.seq, "stopped")
        return desk.aloud(request, LEFT_LINE)
    if isinstance(request, Press) and request.value and not request.turn_id:
        await taken(desk.exchange.chats, request)
        return desk.aloud(request, said.ENDED)
    named = await desk.own(request) if isinstance(request, Press) else None
    if named is not None and named.state != "running":
        return desk.aloud(request, said.ENDED)
    known = _at_work(desk, request, named)
    if known is None:
        return desk.aloud(request, said.NOTHING_RUNS)
    desk.exchange.runner.stop_soon(known)
    return [whispers.notice(said.STOPPING)] if isinstance(request, Command) else []


def _at_work(desk: Desk, request: Command | Press, named: StoredTurn | None) -> str | None:
    """Give the turn that is meant."""
    if named is not None:
        return named.start.turn_id
    if isinstance(request, Press) and request.turn_id:
        return None
    running = desk.exchange.running.find(request.address, request.author.id)
    return None if running is None else running[0]


async def remove(desk: Desk, press: Press) -> Sequence[Frame]:
    """Take an exchange out of the history and its messages out of the chat."""
    turn = await desk.own(press)
    if turn is None:
        return desk.aloud(press, said.FORGOTTEN)
    await desk.exchange.keep.remove(press.turn_id)
    await desk.note(press, "removal", f"turn {press.turn_id}")
    desk.exchange.runner.epochs.begin(turn.start.session, "removal")
    await unpost(desk.exchange.chats, turn)
    return []


async def decide(desk: Desk, press: Press) -> Sequence[Frame]:
    """Allow or refuse a call of a tool."""
    turn = await desk.own(press)
    if turn is None:
        return desk.aloud(press, said.FORGOTTEN)
    exchange = desk.exchange
    decided = await exchange.tooling.approvals.press(press, turn, exchange.keep)
    if not decided:
        return desk.aloud(press, said.DECIDED_ALREADY)
    await desk.note(press, "approval", f"{press.action} {_tool(turn, press.value)}")
    return []


def _tool(turn: StoredTurn, number: str) -> str:
    """Name the tool that a call of a turn was to run, and the turn."""
    approvals = [step.approval for round_ in turn.rounds for step in round_.steps]
    named = [each.tool for each in approvals if each is not None and str(each.number) == number]
    return f"{next(iter(named), 'a tool')} in turn {turn.start.turn_id}"


async def advisors(desk: Desk, press: Press) -> Sequence[Frame]:
    """Show the whole texts of the advisors, or of one of them."""
    turn = await desk.own(press)
    if turn is None:
        return desk.aloud(press, said.FORGOTTEN)
    adapter = desk.exchange.chats[press.address.platform]
    return whispers.advice_frames(turn, press.value, adapter.capabilities(press.address))


async def info(desk: Desk, press: Press) -> Sequence[Frame]:
    """Show a turn's figures."""
    turn = await desk.own(press)
    if turn is None:
        return desk.aloud(press, said.FORGOTTEN)
    return [whispers.notice(figures(turn) or said.NOT_OVER)]


async def up(desk: Desk, press: Press) -> Sequence[Frame]:
    """Keep that somebody likes an answer."""
    return await _vote(desk, press, "up")


async def down(desk: Desk, press: Press) -> Sequence[Frame]:
    """Keep that somebody does not."""
    return await _vote(desk, press, "down")


async def _vote(desk: Desk, press: Press, vote: Vote) -> Sequence[Frame]:
    """Keep a vote; a page shows by itself what was pressed."""
    if await desk.own(press) is None:
        return desk.aloud(press, said.FORGOTTEN)
    await desk.exchange.keep.vote(press.turn_id, press.author.id, vote, at=press.at)
    return desk.aloud(press, said.THANKS)


async def unknown(desk: Desk, press: Press) -> Sequence[Frame]:
    """Leave what an older version may have offered."""
    if await desk.own(press) is None:
        return desk.aloud(press, said.FORGOTTEN)
    log.info("ignored", action=press.action)
    return []
