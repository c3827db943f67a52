"""What a turn is asked with: the question as a line, what was said before it, and the preset.

Decides what of a message and of a conversation models are shown. It runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.advice import quoted_prompt
from core.gate import forced, gated
from core.history import facts_line
from core.quotes import unpacked
from core.steering import CARRIED
from core.texts import files as texts
from core.types import Address, Line, Message, Press, Speaker
from gateway.turn.attachments import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.facts import Fact, Recalled
    from core.presets import Preset
    from core.records import Accepted, Steered, StoredTurn, TurnStart
    from core.storage import Store
    from core.types import Incoming
    from gateway.access.choices import Choices
    from gateway.access.scopes import Scopes
    from gateway.patience import PatientStore
    from gateway.turn.attachments import Attachments
    from gateway.turn.quoting import Quoting


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before a history: for the aggregator, and for references beside it."""

    lines: tuple[Line, ...] = ()
    context: tuple[Line, ...] = ()

    @classmethod
    def of(cls, facts: Sequence[Fact], prompt: str) -> Head:
        """Put it together: the channel's prompt is the acting model's, and advisors read it."""
        pinned = (facts_line(facts),) if facts else ()
        if not prompt:
            return cls(lines=pinned)
        return cls(lines=(Line.of("system", prompt), *pinned), context=(quoted_prompt(prompt),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Makes questions of what came in. Reads from `store`, writes with patience through `keep`."""

    store: Store
    keep: PatientStore
    choices: Choices
    attachments: Attachments
    scopes: Scopes
    quoting: Quoting

    async def line(self, accepted: Accepted) -> Line | None:
        """Give what is asked; a retry takes the old exchange out of the history first.

        Returns:
            None if there is nothing to answer any more.
        """
        incoming = accepted.incoming
        if isinstance(incoming, Message):
            return await self._of(accepted, incoming)
        if not isinstance(incoming, Press):
            return None
        old = await self.store.turn(incoming.turn_id)
        if old is None or old.start.place != incoming.address:
            return None
        if await self.went_on(old):
            return None
        await self.keep.remove(incoming.turn_id)
        return old.start.question

    async def _of(self, accepted: Accepted, message: Message) -> Line:
        """Give a question with what came along: models are told of files that they cannot read."""
        quotes, brought = unpacked(await self.quoting.of(accepted, message))
        attachments = (*message.attachments, *brought)
        if not attachments:
            return replace(self.said(message), quotes=quotes)
        said, files = await self.attachments.taken(accepted, attachments)
        return replace(self.said(message, said), files=files, quotes=quotes)

    def unread(self, message: Message) -> Line:
        """Give a question whose files were not fetched, for it was stopped."""
        return self.said(message, named(message.attachments, texts.STOPPED))

    def said(self, message: Message, files: str = "") -> Line:
        """Give the words of a message: with their speaker, by today's name, where others speak."""
        author = message.author
        speaker = Speaker(id=author.id, name=author.name) if self.scopes.shares(message) else None
        text = "\n\n".join(part for part in (message.text.strip(), files) if part)
        return replace(Line.of("user", text), speaker=speaker)

    async def shown(self, lines: Sequence[Line], turn_id: str) -> tuple[Line, ...]:
        """Give lines as models read them in a turn: with what their files hold."""
        return await self.attachments.shown(lines, turn_id)

    async def origin(self, incoming: Incoming) -> str:
        """Give the turn that asked first what this asks again; "" where it asks by itself."""
        old = await self.store.turn(incoming.turn_id) if isinstance(incoming, Press) else None
        return "" if old is None else old.start.origin or old.start.turn_id

    async def carried(self, start: TurnStart) -> tuple[Steered, ...]:
        """Give what came while an earlier turn was asked the same, and is said to this one, too."""
        turn = await self.store.turn(start.turn_id) if start.origin else None
        steered = () if turn is None else turn.steered
        return tuple(each for each in steered if each.iteration == CARRIED)

    async def history(self, session: str, *, upto: int | None = None) -> Recalled:
        """Give what was said before, and what is pinned there; `upto` is inclusive."""
        channel = Address.of(session).whole.session
        return await self.store.recalled(session, channel, upto=upto)

    async def went_on(self, old: StoredTurn) -> bool:
        """Tell whether a turn was removed and asked again: its Retry has come before.

        A press that was cut between removing and asking has to be gone on with.
        """
        if not old.removed:
            return False
        last = await self.store.turns(old.start.session, last=1)
        return any((each.start.seq or 0) > (old.start.seq or 0) for each in last)

    async def preset(self, incoming: Incoming, lines: Sequence[Line]) -> Preset:
        """Give the preset that a turn begins with, as the gate leaves it (MOA-35)."""
        turn = await self.preset_named(incoming)
        preset = (await self.choices.there(incoming.address, incoming.author, turn=turn)).preset
        if isinstance(incoming, Press) and await self._asks_all(incoming):
            return forced(preset)
        return gated(preset, lines)

    async def preset_named(self, incoming: Incoming) -> str | None:
        """Give the preset that a question names for itself; asked again, it names it again."""
        if isinstance(incoming, Message):
            return incoming.preset
        first = await self.store.turn(await self.origin(incoming))
        seq = None if first is None else first.start.seq
        accepted = None if seq is None else await self.store.accepted(seq)
        said = None if accepted is None else accepted.incoming
        named = said.preset if isinstance(said, Message) else None
        return named if named and self.choices.catalogue().find(named) else None

    async def _asks_all(self, press: Press) -> bool:
        """Tell whether all advisors are wanted; a Retry of such an answer wants them again."""
        if press.action == "advise":
            return True
        old = await self.store.turn(press.turn_id)
        return old is not None and bool(old.start.preset.active) and not old.start.preset.auto
