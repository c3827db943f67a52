"""What a turn needs before it runs: its question, files and all, and how it is to be shown.

Decides nothing about what is asked. A Stop while files are fetched ends the fetching at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from core.types import Message, Press
from gateway.delivery import TurnInfo

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from core.engine import TurnRequest
    from core.records import Accepted, TurnStart
    from core.steering import Steer
    from core.types import Address, Incoming, Line
    from gateway.access.places import Places
    from gateway.tools.tooling import OpenTools
    from gateway.turn.asked import Questions
    from gateway.turn.turns import TurnRunner

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn, ready to be run."""

    request: TurnRequest
    start: TurnStart
    tools: OpenTools | None
    steer: Steer | None


async def read(
    questions: Questions, runner: TurnRunner, accepted: Accepted, turn_id: str
) -> Line | None:
    """Make the question of the turn `turn_id`; None if there is nothing to answer any more."""
    incoming = accepted.incoming
    if not isinstance(incoming, Message) or not incoming.attachments:
        return await questions.line(accepted)
    read, line = await _unless_stopped(questions.line(accepted), runner, turn_id)
    return line if read else questions.unread(incoming)


async def shown(
    questions: Questions, runner: TurnRunner, lines: Sequence[Line], turn_id: str
) -> tuple[Line, ...]:
    """Give lines as models read them, once there is room for their pictures."""
    if not any(line.files for line in lines):
        return tuple(lines)
    read, found = await _unless_stopped(questions.shown(lines, turn_id), runner, turn_id)
    return found if read and found else tuple(replace(line, files=()) for line in lines)


async def _unless_stopped(
    work: Coroutine[None, None, T], runner: TurnRunner, turn_id: str
) -> tuple[bool, T | None]:
    """Do something that a Stop of the turn ends; give whether it was done, and what came of it."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(work, name="files")
        runner.reading[turn_id] = reading
        try:
            await asyncio.wait([reading])
        finally:
            del runner.reading[turn_id]
    return (False, None) if reading.cancelled() else (True, reading.result())


def turn_info(places: Places, start: TurnStart, incoming: Incoming | None) -> TurnInfo:
    """Say how a turn is to be shown, by the settings of the place where it was asked."""
    address = start.place
    info = TurnInfo(turn_id=start.turn_id, address=address, asker=start.asker, since=start.started)
    if incoming is not None:  # by the platform's clock, which dates what was posted, too
        info = replace(info, since=min(start.started, incoming.at))
    if not isinstance(incoming, Message | Press):
        return info
    place = places.at(address, incoming.author.circles, direct=incoming.direct)
    shared = places.guarded(address.platform) and not incoming.direct
    return replace(
        info,
        detail=place.advisors,
        cost=place.cost,
        mention=start.asker if shared and place.notify == "asker" else None,
        reply_to=incoming.reply_to,
    )


def prompt_of(places: Places, address: Address, incoming: Incoming | None) -> str:
    """Give what the file tells the acting model about the channel where it was asked."""
    if not isinstance(incoming, Message | Press):
        return ""
    circles = incoming.author.circles
    return places.at(address, circles, direct=incoming.direct).system_prompt
