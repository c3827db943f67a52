"""Forgets somebody, or a whole session: wherever in our files their words stand (ADR 0040).

Decides what is theirs and what repeats it, with `core.erasure`. Who may ask for it is not its
matter, nor what is said of it. What was sent to a chat or to a model is out of its reach.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from core.crashpoints import crashpoint
from core.erasure import Counts, Said
from core.history import REQUEST
from core.retention import EVER
from core.storage.erasing import PAGE, Texts
from core.types import Address

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.facts import Fact
    from core.ports.remains import Copies, Traced, Traces
    from core.storage import Store
    from core.storage.erasing import Came, Told
    from gateway.privacy.files import KeptFiles
    from gateway.privacy.wiping import Wiping

T = TypeVar("T")

log = structlog.get_logger()


class Lanes(Protocol):
    """Where work of a session waits: nothing may answer meanwhile what is being forgotten."""

    def stop(self, session: str, person: str) -> None:
        """Stop what runs of `person` there ("": of anybody)."""
        ...

    async def alone(self, session: str, person: str, work: Callable[[], Awaitable[T]]) -> T:
        """Stop what runs of `person` there, then do `work` in between."""
        ...

    def withdraw(self, session: str, messages: Collection[int]) -> None:
        """Let nobody answer these messages that wait."""
        ...


class NoLanes:
    """Those of a gateway that does not run."""

    def stop(self, session: str, person: str) -> None:
        """Nothing runs."""

    async def alone(self, session: str, person: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do it."""
        return await work()

    def withdraw(self, session: str, messages: Collection[int]) -> None:
        """Nothing waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is somebody's in a session, or all of it. `since` (ms): when their words began.

    `turns` are exchanges, `quoting` those of others that repeat them, `messages` everything that
    came in with them, `besides` those of these that belong to no exchange and have words. `echoes`
    are the messages that others sent, and `orders` those that wait and wish all this.
    """

    turns: tuple[str, ...] = ()
    quoting: tuple[str, ...] = ()
    messages: tuple[int, ...] = ()
    echoes: tuple[int, ...] = ()
    orders: tuple[int, ...] = ()
    besides: int = 0
    since: int | None = None

    @property
    def counts(self) -> Counts:
        """Count it."""
        return Counts(exchanges=len(self.turns), quoting=len(self.quoting), messages=self.besides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Forgets. `clear` empties what is remembered of advice and searches, whoever's it is."""

    store: Store
    traces: Traces
    copies: Copies
    files: KeptFiles
    wiping: Wiping
    lanes: Lanes
    clear: Callable[[], None]

    # --- one session --------------------------------------------------------------------------

    async def look(self, session: str, person: str = "") -> Counts:
        """Say how much would be forgotten of somebody in a session, or of everybody.

        Raises:
            StoreError, OSError: nobody can tell.
        """
        found = await self._find(session, person)
        traces = [each for each in await self.traces.heads(session) if _goes(found, person, each)]
        facts = await self._facts(session, person)
        return found.counts + Counts(traces=len(traces), facts=len(facts))

    async def forget(
        self, session: str, person: str, *, others: Sequence[str] = (), wish: int | None = None
    ) -> Counts:
        """Forget somebody ("": everybody) in a session, where nothing may run meanwhile.

        `others` are sessions where it is done, too, as soon as nothing of this person runs there.
        Who wished it in the chat has that `wish` in the inbox until all is done; not what is later.

        Raises:
            StoreError, OSError: it could not be finished; what was done stays done.
        """
        counts = await self._forget(session, person, wished=True, wish=wish)
        crashpoint("forget.here")
        for other in others:
            work = partial(self._forget, other, person, wish=wish)
            counts += await self.lanes.alone(other, person, work)
        crashpoint("forget.unwiped")
        await self.wiping.now()
        crashpoint("forget.wiped")
        wishes = (await self._find(session, person, wish)).orders
        if wishes:
            await self.store.erase(Texts(messages=wishes))
            crashpoint("forget.closed")
            await self.store.scrub(whole=False)
        return counts

    async def _forget(
        self, session: str, person: str, *, wished: bool = False, wish: int | None = None
    ) -> Counts:
        """Take it out in such an order that, cut anywhere, what is left is found again by it."""
        found = await self._find(session, person, wish)
        traces = await self.traces.drop(session, partial(_goes, found, person))
        crashpoint("forget.untraced")
        own = {*found.messages} - {*found.echoes} - ({*found.orders} if wished else set())
        await self._erase(found.quoting, found.echoes)
        await self._erase(found.turns, sorted(own))
        self.lanes.withdraw(session, found.messages)  # what could not be erased waits on
        self.clear()
        facts = await self._facts(session, person)
        for fact in facts:
            await self.store.unpin(Address.of(session).whole.session, fact.place)
        crashpoint("forget.unpinned")
        files = await self.files.sweep()
        crashpoint("forget.swept")
        counts = found.counts + Counts(traces=traces, facts=len(facts), files=files)
        if counts:
            log.info("forgotten", session=session, **counts.figures)
        return counts

    async def _erase(self, turns: Sequence[str], messages: Sequence[int]) -> None:
        for at in range(0, max(len(turns), len(messages)), PAGE):
            page = slice(at, at + PAGE)
            await self.store.erase(Texts(turns=tuple(turns[page]), messages=tuple(messages[page])))
            crashpoint("forget.erased")

    async def _facts(self, session: str, person: str) -> Sequence[Fact]:
        """Give what somebody has pinned in the channel of a session.

        Where a session goes as a whole these stay: they are the channel's, and not the session's.
        """
        found = await self.store.facts(Address.of(session).whole.session) if person else ()
        return [each for each in found if each.author.id == person]

    async def _find(self, session: str, person: str, wish: int | None = None) -> Found:
        came = [each async for each in self._came(session) if not _later(each, person, wish)]
        told = [each async for each in self._told(session)]
        return _found(came, told, person)

    async def _told(self, session: str) -> AsyncIterator[Told]:
        page: Sequence[Told] = ()
        while page := await self.store.told(session, after=page[-1].number if page else 0):
            for each in page:
                yield each

    async def _came(self, session: str) -> AsyncIterator[Came]:
        page: Sequence[Came] = ()
        while page := await self.store.came(session, after=page[-1].seq if page else 0):
            for each in page:
                yield each

    # --- one person, everywhere ---------------------------------------------------------------

    async def look_for(self, platform: str, person: str) -> Counts:
        """Say how much would be forgotten of somebody everywhere.

        Raises:
            StoreError, OSError: nobody can tell.
        """
        counts = Counts()
        for session in await self.sessions(platform, person):
            counts += await self.look(session, person)
        return counts

    async def erase(self, platform: str, person: str) -> Counts:
        """Forget somebody everywhere, with their votes and choices, and copies from before.

        Raises:
            StoreError, OSError: it could not be finished; what was done stays done.
        """
        counts = Counts()
        for session in await self.sessions(platform, person):
            work = partial(self._forget, session, person)
            counts += await self.lanes.alone(session, person, work)
        votes, settings = await self.store.erase_person(platform, person)
        crashpoint("forget.person")
        counts += Counts(votes=votes, settings=settings, copies=await self.copies.drop(None))
        await self.wiping.whole()
        return counts

    async def delete(self, session: str) -> Counts:
        """Forget a whole session, whatever runs in it.

        Raises:
            StoreError, OSError: it could not be finished; what was done stays done.
        """
        counts = await self.lanes.alone(session, "", partial(self._forget, session, ""))
        await self.wiping.whole()
        return counts

    async def sessions(self, platform: str, person: str) -> Sequence[str]:
        """List the sessions that may have words of somebody ("": of anybody) on a platform.

        Traces may outlive what they tell of.
        """
        if person:
            named = {*await self.store.sessions_of(platform, person)}
        else:
            named = {each.session for each in await self.store.held(before=EVER)}
        traced = {*await self.traces.sessions()} - named
        named |= {each for each in traced if await self._is_in(each, person)}
        return sorted(each for each in named if Address.of(each).platform == platform)

    async def _is_in(self, session: str, person: str) -> bool:
        """Tell whether there are traces of what somebody asked in a session."""
        return any(person in {"", each.asker} for each in await self.traces.heads(session))


def _found(came: Sequence[Came], told: Sequence[Told], person: str) -> Found:
    """Tell what of a session is somebody's, repeats them, or (without a person) all of it."""
    mine = {each.seq: each for each in came if person in {"", each.author}}
    turns = [each for each in told if person in {"", each.asker}]
    said = Said([*(each.text for each in mine.values()), *(each.question for each in turns)])
    began = min((each.started for each in turns), default=EVER)
    quoting = [each for each in told if _repeats(each, person, said, began)]
    gone = {each.turn_id for each in (*turns, *quoting)}
    messages = [each for each in came if _goes_along(each, mine, gone, said)]
    moments = [*(each.at for each in mine.values()), *(each.started for each in (*turns, *quoting))]
    return Found(
        turns=tuple(each.turn_id for each in turns),
        quoting=tuple(each.turn_id for each in quoting),
        messages=tuple(each.seq for each in messages),
        echoes=tuple(each.seq for each in messages if each.seq not in mine),
        orders=tuple(each.seq for each in messages if each.orders),
        besides=len([each for each in messages if _besides(each, gone)]),
        since=min(moments, default=None),
    )


def _later(each: Came, person: str, wish: int | None) -> bool:
    """Tell whether it waits, and was said when this was wished already: that shall be answered."""
    return wish is not None and each.seq > wish and not each.turn_id and person in {"", each.author}


def _besides(each: Came, gone: Collection[str]) -> bool:
    return bool(each.text) and each.turn_id not in gone


def _goes_along(each: Came, mine: Collection[int], gone: Collection[str], said: Said) -> bool:
    return each.seq in mine or each.turn_id in gone or said.repeated_in(each.text)


def _repeats(each: Told, person: str, said: Said, began: int) -> bool:
    """Tell whether what is another's repeats somebody; a summary does so in words of its own."""
    if person in {"", each.asker}:
        return False
    if each.question == REQUEST.text and each.started >= began:
        return True
    return person in each.speakers or said.repeated_in(*each.texts)


def _goes(found: Found, person: str, line: Traced) -> bool:
    """Tell whether a trace goes: it was somebody's, or was shown what they had said."""
    if not person or line.asker == person:
        return True
    return found.since is not None and line.started >= found.since
