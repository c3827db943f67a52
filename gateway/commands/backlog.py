"""What people say about what was put aside: answer it, skip it, try it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.access import permits
from core.commands import number_in
from core.texts import backlog as said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from core.records import Accepted
    from core.types import Press
    from gateway.commands.desk import Desk


async def answer(desk: Desk, press: Press) -> Sequence[Frame]:
    """Have one's own messages answered, as an admin everybody's, in the order of their coming."""
    held, own = await _own(desk, press)
    if not own:
        return desk.aloud(press, said.NOT_YOURS if held else said.GONE)
    number = await desk.health.backlog.answer(own)
    desk.health.backlog.settled(press.address)
    return desk.aloud(press, said.answering(number))


async def skip(desk: Desk, press: Press) -> Sequence[Frame]:
    """Have them answered never."""
    held, own = await _own(desk, press)
    if not own:
        return desk.aloud(press, said.NOT_YOURS if held else said.GONE)
    await desk.health.backlog.skip(own)
    desk.health.backlog.settled(press.address)
    return desk.aloud(press, said.SKIPPED)


async def again(desk: Desk, press: Press) -> Sequence[Frame]:
    """Try again what broke the program off."""
    number = number_in(press.value) or 0
    here = press.address.whole
    letters = await desk.health.backlog.letter(number)
    found = [each for each in letters if each.incoming.address.whole == here]
    if not await desk.health.backlog.answer(found):
        return desk.aloud(press, said.GONE)
    await desk.note(press, "dead letter", f"tried again: {number}")
    return desk.aloud(press, said.TRYING)


async def _own(desk: Desk, press: Press) -> tuple[Sequence[Accepted], Sequence[Accepted]]:
    """Give what was put aside here, and what of it this person may decide about."""
    held = await desk.health.backlog.of(press.address)
    role, who = desk.role(press), press.author.id
    return held, [
        each for each in held if permits("asker", role, own=each.incoming.author.id == who)
    ]
