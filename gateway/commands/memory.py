"""Pins facts for a channel, lists them and takes them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core import whispers
from core.access import permits
from core.commands import number_in
from core.history import one_line
from core.texts import sessions as said
from core.texts.names import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.facts import Fact
    from core.frames import Frame
    from core.types import Command
    from gateway.commands.desk import Desk

MOST: Final = 30
"""Facts that a channel may have: each is sent with every question in it."""
LONGEST: Final = 300
"""Characters of a fact."""


async def memory(desk: Desk, command: Command) -> Sequence[Frame]:
    """Do what the first word says."""
    verb, _, rest = command.args.strip().partition(" ")
    match verb.lower():
        case "" | "list":
            text = await _list(desk, command)
        case "add" if rest.strip():
            text = await _add(desk, command, _clean(rest))
        case "remove" if (place := number_in(rest.strip().lstrip("#"))) is not None:
            text = await _remove(desk, command, place)
        case _:
            text = _how(desk, command)
    return [whispers.notice(text)]


async def _list(desk: Desk, command: Command) -> str:
    facts = await desk.exchange.store.facts(command.address.whole.session)
    if not facts:
        return f"{said.NOTHING_PINNED} {_how(desk, command)}"
    return "\n".join([said.PINNED_HERE, *map(_shown, facts)])


async def _add(desk: Desk, command: Command, text: str) -> str:
    if len(text) > LONGEST:
        return said.PIN_TOO_LONG.format(most=LONGEST, length=len(text))
    channel = command.address.whole.session
    there = await desk.exchange.store.facts(channel)
    same = next((each for each in there if each.text.casefold() == text.casefold()), None)
    if same is not None:
        return said.PINNED_ALREADY.format(place=same.place)
    at = int(desk.exchange.clock.now().timestamp() * 1000)
    place = await desk.exchange.keep.pin(channel, text, author=command.author, at=at, most=MOST)
    if place is None:
        return said.PINS_FULL.format(most=MOST)
    _changed(desk, channel)
    return said.PINNED.format(place=place)


async def _remove(desk: Desk, command: Command, place: int) -> str:
    channel = command.address.whole.session
    facts = await desk.exchange.store.facts(channel)
    fact = next((each for each in facts if each.place == place), None)
    if fact is None:
        return said.NO_SUCH_PIN.format(place=place)
    own = fact.author.id == command.author.id
    if not permits("asker", desk.role(command), own=own):
        return said.NOT_YOUR_PIN
    if not await desk.exchange.keep.unpin(channel, place):
        return said.NO_SUCH_PIN.format(place=place)
    await desk.note(command, "memory", f"removed #{place}")
    _changed(desk, channel)
    return said.UNPINNED.format(text=fact.text)


def _changed(desk: Desk, channel: str) -> None:
    desk.exchange.runner.epochs.begin_below(channel, "pinned facts")


def _shown(fact: Fact) -> str:
    return f"{fact.place}. {fact.text} ({named(fact.author.name)})"


def _how(desk: Desk, command: Command) -> str:
    return said.MEMORY_HOW.format(prefix=desk.places.prefix(command.address.platform))


def _clean(text: str) -> str:
    """Put a fact on one line, of characters that every store and every platform takes."""
    return one_line(text.encode("utf-8", "replace").decode().replace("\0", " "))
