"""The gateway's own parts put together as the program does it, around fakes. For tests.

async with assembled(MemoryStore(), model) as parts:
    await parts.ask("Why?")
    await parts.idle()
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import count

from msgspec import structs

from core.asking import World
from core.ports import Model, Provider, ToolServer
from core.records import Accepted
from core.storage import Store
from core.types import Address, Author, Command, Message, Press
from gateway import config as configuration
from gateway.config.access import LISTS
from gateway.lanes.sessions import Sessions
from gateway.program.assembly import Gateway, assemble
from gateway.program.ground import Ground
from gateway.program.recovery import Recovery
from gateway.wiring import Models
from gateway.wiring.outside import Outside
from tests.fakes.chat import FakeChat
from tests.fakes.model import LoopClock, cents
from tests.fakes.remains import NoCopies, NoTraces

_FAKES = re.compile(r"\bfake:(?=\S)")
ANNA = Author(id="u1", name="Anna")
TEXT = """
providers:
  p: {api: scripted, answers: {"*": unused}}
moa:
  default_preset: review
  presets:
    review:
      reference_models: [{provider: p, model: a}, {provider: p, model: b}]
      aggregator: {provider: p, model: big}
      fanout: user_turn
    alone:
      enabled: false
      aggregator: {provider: p, model: big}
"""


@dataclass
class Parts:
    """A gateway without HTTP. The chat's platform is "fake"."""

    gateway: Gateway
    sessions: Sessions
    chat: FakeChat
    store: Store
    numbers: count[int] = field(default_factory=lambda: count(1))
    minutes: count[int] = field(default_factory=lambda: count(1))

    async def ask(
        self,
        text: str,
        *,
        room: str = "room",
        event_id: str | None = None,
        who: Author = ANNA,
        direct: bool = True,
        at: int | None = None,
    ) -> bool:
        """Say something, a minute after what was said before unless `at` (ms) says otherwise."""
        return await self.gateway.intake(
            Message(
                event_id=event_id or self._event(),
                address=Address(platform="fake", channel=room),
                author=who,
                text=text,
                at=60_000 * next(self.minutes) if at is None else at,
                direct=direct,
            )
        )

    async def press(
        self,
        action: str,
        turn_id: str,
        *,
        room: str = "room",
        value: str = "",
        who: Author = ANNA,
        direct: bool = True,
    ) -> bool:
        return await self.gateway.intake(
            Press(
                event_id=self._event(),
                address=Address(platform="fake", channel=room),
                author=who,
                action=action,
                turn_id=turn_id,
                at=1_000,
                value=value,
                direct=direct,
            )
        )

    async def command(self, args: str, *, room: str = "room") -> bool:
        return await self.gateway.intake(
            Command(
                event_id=self._event(),
                address=Address(platform="fake", channel=room),
                author=ANNA,
                name="moa",
                args=args,
                at=1_000,
            )
        )

    async def idle(self) -> None:
        """Return when no lane has anything to do."""
        while self.sessions.running:
            await asyncio.wait(set(self.sessions._tasks))

    async def recover(self) -> None:
        recovery = Recovery(
            store=self.store,
            sessions=self.sessions,
            moves=self.gateway.exchange.moves,
            quarantine=self.gateway.exchange.quarantine,
            platforms={"fake"},
            amend=partial(self.gateway.changes.act, starting=True),
            sift=_all,
        )
        await recovery.recover()
        await self.gateway.line.recall(self.gateway.exchange.places.guarded)

    def _event(self) -> str:
        return f"e{next(self.numbers)}"


async def _all(waiting: Sequence[Accepted]) -> Sequence[Accepted]:
    """Put nothing aside: times here are small numbers."""
    return waiting


@lru_cache(maxsize=32)
def read(text: str) -> configuration.Config:
    """Read a file in which the people and places of "fake" have any ids, as readable as names."""
    config = configuration.parse(_FAKES.sub("unknown:", text), "config.yaml", {})
    said, catalogue = config.settings.access, config.catalogue

    def ours(subjects: Collection[str]) -> list[str]:
        return [each.replace("unknown:", "fake:", 1) for each in subjects]

    access = {each: tuple(ours(getattr(said, each))) for each in LISTS}
    presets = {
        name: replace(each, allow=tuple(ours(each.allow)))
        for name, each in catalogue.presets.items()
    }
    return replace(
        config,
        settings=structs.replace(config.settings, access=structs.replace(said, **access)),
        catalogue=replace(catalogue, presets=presets),
    )


@asynccontextmanager
async def assembled(
    store: Store,
    model: Model | Mapping[str, Provider],
    *,
    chat: FakeChat | None = None,
    text: str = TEXT,
    servers: Sequence[ToolServer] = (),
) -> AsyncIterator[Parts]:
    """Put the parts together; at the end what still runs is cut, as a deadline would."""
    config = read(text)
    known = model if isinstance(model, Mapping) else {"p": Provider(name="p", model=model)}
    ground = Ground(
        config=config,
        store=store,
        models=Models(providers=dict(known), embedded={}),
        world=World(providers=known, pricer=cents, clock=LoopClock()),
        outside=Outside(
            servers={each.name: each for each in servers}, traces=NoTraces(), copies=NoCopies()
        ),
    )
    chat = chat or FakeChat()
    async with asyncio.TaskGroup() as root:
        gateway = assemble(ground, root)
        gateway.chats[chat.platform] = chat
        await gateway.doors.grants.load(store, config.settings.platforms)
        try:
            yield Parts(gateway=gateway, sessions=gateway.sessions, chat=chat, store=store)
        finally:
            gateway.line.close()
            await gateway.sessions.drain(0)
            gateway.intake.storing.finishing.cut()
            gateway.asides.close()
            gateway.backlog.close()
