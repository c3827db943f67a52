"""Begins a session anew, condenses it, and takes either the last exchange or that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core import whispers
from core.commands import number_in
from core.export import NAME, as_markdown
from core.frames import Button, File, Frame
from core.texts import commands as general
from core.texts import sessions as said
from core.texts.names import named
from gateway.access.scopes import Scopes
from gateway.delivery.posts import unpost
from gateway.turn.compaction import Summing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.types import Command, Press
    from gateway.commands.desk import Desk

MINUTES: Final = 10
"""How long a session that began anew can be taken back."""

MOST: Final = 1_000
"""Exchanges that a file has at most."""


async def new(desk: Desk, command: Command) -> Sequence[Frame]:
    """Begin anew; what was said stays where it is, and is not read any more."""
    exchange, session = desk.exchange, await session_of(desk, command)
    number = await exchange.keep.renew(session, by=command.author.id, at=_now(desk))
    if number is None:
        return [whispers.notice(said.NEW_ALREADY)]
    exchange.runner.epochs.begin(session, "new session")
    undo = Button(action="back", label=said.UNDO, turn_id="", value=str(number))
    return [whispers.notice(said.NEW.format(minutes=MINUTES), [undo])]


async def back(desk: Desk, press: Press) -> Sequence[Frame]:
    """Go back to what was before a session began anew."""
    if await _back(desk, press, number_in(press.value) or 0):
        return [whispers.notice(said.BACK)]
    return [whispers.notice(said.BACK_TOO_LATE.format(minutes=MINUTES))]


async def nothing_since(desk: Desk, command: Command) -> Sequence[Frame]:
    """Take back that a session began anew, for nothing was said since; else say so."""
    done = await _back(desk, command, None)
    return [whispers.notice(said.BACK if done else said.NOTHING_TO_UNDO)]


async def _back(desk: Desk, request: Command | Press, number: int | None) -> bool:
    since = _now(desk) - MINUTES * 60_000
    session = await session_of(desk, request)
    done = await desk.exchange.keep.unrenew(session, number=number, since=since)
    if done:
        desk.exchange.runner.epochs.begin(session, "new session undone")
    return done


async def undo(desk: Desk, press: Press) -> Sequence[Frame]:
    """Take an exchange out of the history; where a page shows the history, out of that, too."""
    turn = await desk.own(press)
    if turn is None or turn.removed:
        return [whispers.notice(general.FORGOTTEN if turn is None else said.NOTHING_TO_UNDO)]
    await desk.exchange.keep.remove(press.turn_id)
    desk.exchange.runner.epochs.begin(turn.start.session, "undo")
    text = said.TAKEN_OUT.format(question=f"“{named(turn.start.question.text)}”")
    if desk.places.guarded(press.address.platform):
        return [whispers.notice(text + said.STANDS_THERE)]
    await unpost(desk.exchange.chats, turn)
    return [whispers.notice(text)]


async def compact(desk: Desk, command: Command) -> Sequence[Frame]:
    """Put a summary in the place of all but the last exchange."""
    there = await desk.choices.there(command.address, command.author)
    summing = Summing(
        session=await session_of(desk, command),
        place=command.address,
        asker=command.author.id,
        preset=there.preset,
    )
    lines, failure = await desk.exchange.compaction.now(summing)
    if failure:
        return [whispers.notice(said.NOT_COMPACTED.format(why=failure.rstrip(".")))]
    if not lines:
        return [whispers.notice(said.NOTHING_TO_COMPACT)]
    return [whispers.notice(said.COMPACTED.format(lines=lines))]


async def session_of(desk: Desk, request: Command | Press) -> str:
    """Name the history that somebody means who asks for something here."""
    return await Scopes(places=desk.places, store=desk.exchange.store).session(request)


async def export(desk: Desk, command: Command) -> Sequence[Frame]:
    """Give somebody this conversation as a file: they are in it, or they could not ask."""
    session = await session_of(desk, command)
    turns = await desk.exchange.store.turns(session, last=MOST + 1)
    if not turns:
        return [whispers.notice(said.NOTHING_TO_EXPORT)]
    at = desk.exchange.clock.now()
    text = as_markdown(turns[-MOST:], at=at, more=len(turns) > MOST)
    content = File(turn_id="", name=NAME, text=text)
    file = Frame(key="file/0", content=content, final=True)
    if not desk.places.guarded(command.address.platform):
        return [file]
    sent, closed = whispers.notice(said.EXPORTED), whispers.notice(said.EXPORT_CLOSED)
    desk.asides.hand(command, file, sent=sent, closed=closed)
    return []


def _now(desk: Desk) -> int:
    return int(desk.exchange.clock.now().timestamp() * 1000)
