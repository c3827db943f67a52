"""What is kept of people, and being forgotten: /privacy, /forget, /forget all and its button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from core import whispers
from core.erasure import Counts
from core.errors import StoreError
from core.frames import Button
from core.texts import privacy as said
from core.wording import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from core.types import Command, Press
    from gateway.commands.desk import Desk

log = structlog.get_logger()

ALL: Final = "all"
MINE: Final = "me"


async def privacy(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say what is kept here, how long, who gets it, and how it goes."""
    chosen = await desk.choices.there(command.address, command.author)
    text = said.about(
        desk.keeping.kept.there(command.address, command.author.circles),
        chosen.preset.name,
        desk.keeping.vendors(chosen.preset),
        traced=desk.keeping.traced,
        contact=desk.keeping.contact,
        prefix=desk.places.prefix(command.address.platform),
    )
    return [whispers.notice(text)]


async def forget(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say what would go, and ask back."""
    wanted = command.args.strip().lower()
    if wanted not in {"", ALL}:
        prefix = desk.places.prefix(command.address.platform)
        return [whispers.notice(said.HOW.format(prefix))]
    everything = wanted == ALL
    person = "" if everything else command.author.id
    counts = Counts()
    for session in await _sessions(desk, command, person):
        counts += await desk.forgetting.look(session, person)
    if not counts:
        return [whispers.notice(said.NOTHING_AT_ALL if everything else said.NOTHING)]
    button = Button(
        action="forget",
        label=LABELS["forget"],
        turn_id="",
        value=f"{ALL if everything else MINE}:{command.author.id}",
    )
    return [whispers.notice(said.ask_back(counts, everything=everything), [button])]


async def halt(desk: Desk, press: Press) -> None:
    """Stop what runs of whoever is to be forgotten, for it is done only when that is over."""
    kind, person = _meant(press)
    if person == press.author.id:
        session = await desk.scopes.session(press)
        desk.forgetting.lanes.stop(session, "" if kind == ALL else person)


async def forgotten(desk: Desk, press: Press) -> Sequence[Frame]:
    """Forget; in its session's lane, so that nothing is answered meanwhile."""
    kind, author = _meant(press)
    if author != press.author.id:
        return [whispers.notice(said.NOT_YOUR_BUTTON)]
    person = "" if kind == ALL else author
    here, *others = await _sessions(desk, press, person)
    wish = await desk.exchange.store.kept(press.address.platform, press.event_id)
    seq = None if wish is None else wish.accepted.seq
    try:
        counts = await desk.forgetting.forget(here, person, others=others, wish=seq)
        if kind == ALL:
            await desk.note(press, "forget", "the whole conversation")
    except StoreError as error:
        log.warning("not_forgotten", session=here, error=str(error))
        return [whispers.notice(said.UNFINISHED)]
    return [whispers.notice(said.gone(counts))]


async def _sessions(desk: Desk, request: Command | Press, person: str) -> Sequence[str]:
    """Give the session of a place, and those of its threads: few platforms take commands there."""
    here = await desk.scopes.session(request)
    if request.direct or request.address.thread is not None:
        return [here]
    platform, below = request.address.platform, f"{request.address.session}/"
    named = await desk.forgetting.sessions(platform, person)
    return [here, *(each for each in named if each.startswith(below) and each != here)]


def _meant(press: Press) -> tuple[str, str]:
    kind, _, person = press.value.partition(":")
    return kind, person
