"""Everything that takes texts out again, put together for a running gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core.audit import COMMAND_LINE, Change
from gateway import wiring
from gateway.control import Control
from gateway.privacy.files import KeptFiles
from gateway.privacy.forgetting import Forgetting
from gateway.privacy.purge import Purge
from gateway.privacy.sparing import Sparing, SparingSink
from gateway.privacy.terms import KeptFor
from gateway.privacy.vendors import vendors
from gateway.privacy.wiping import Wiping

if TYPE_CHECKING:
    from pathlib import Path

    from core.ports import Clock
    from core.ports.remains import Copies, Traces
    from core.presets import Preset
    from core.storage import Store
    from core.texts.privacy import Vendor
    from core.types import Json
    from gateway.access.places import Places
    from gateway.config import Config
    from gateway.control import Asked
    from gateway.privacy.forgetting import Lanes
    from gateway.turn.turns import Sink
    from gateway.wiring.outside import Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long things are kept, and how they go.

    `vendors` are those who get the text of a preset, `contact` is who operates this, and
    `traced` whether traces are written. `folder` is where everything lies.
    """

    kept: KeptFor
    files: KeptFiles
    wiping: Wiping
    purge: Purge
    sparing: Sparing
    sinks: Sequence[Sink]
    traces: Traces
    copies: Copies
    vendors: Callable[[Preset], Sequence[Vendor]]
    contact: str
    traced: bool
    folder: Path
    clock: Clock

    async def open(self) -> None:
        """Take away what an earlier run left, and what has become too old meanwhile.

        Raises:
            StoreError: nobody can say what that is.
        """
        await self.files.open()
        await self.purge.tried(night=False)

    def forgetting(self, store: Store, lanes: Lanes, clear: Callable[[], None]) -> Forgetting:
        """Make what forgets people; `clear` empties what is remembered of advice."""
        return Forgetting(
            store=store,
            traces=self.traces,
            copies=self.copies,
            files=self.files,
            wiping=self.wiping,
            lanes=lanes,
            clear=clear,
        )


def services(
    keeping: Keeping, forgetting: Forgetting, orders: Mapping[str, Asked]
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Give what runs as long as the gateway does, by name.

    `orders` are what else the command line may ask for.
    """
    control = Control(keeping.folder, {**asked_of(forgetting, keeping.clock), **orders})
    return {"wiping": keeping.wiping.run, "purge": keeping.purge.run, "control": control.run}


def asked_of(forgetting: Forgetting, clock: Clock) -> Mapping[str, Asked]:
    """Give what the command line may ask for; that it reaches us says that it may."""

    async def look(wanted: Mapping[str, str]) -> Json:
        return (await forgetting.look_for(wanted["platform"], wanted["person"])).figures

    async def erase(wanted: Mapping[str, str]) -> Json:
        return (await forgetting.erase(wanted["platform"], wanted["person"])).figures

    async def look_at(wanted: Mapping[str, str]) -> Json:
        return (await forgetting.look(wanted["session"])).figures

    async def delete(wanted: Mapping[str, str]) -> Json:
        return (await forgetting.delete(wanted["session"])).figures

    async def sessions(wanted: Mapping[str, str]) -> Json:
        person = wanted["person"]
        found = await forgetting.sessions(wanted["platform"], person)
        await _note(wanted["platform"], f"export of {person}", "people")
        return found

    async def viewed(wanted: Mapping[str, str]) -> Json:
        await _note("sessions", wanted["what"], wanted["scope"])
        return None

    async def _note(value: str, key: str, scope: str) -> None:
        at = int(clock.now().timestamp() * 1000)
        change = Change(scope=scope, key=f"view: {key}", value=value, by=COMMAND_LINE, at=at)
        await forgetting.store.audit(change)

    return {
        "look": look,
        "erase": erase,
        "look_at": look_at,
        "delete": delete,
        "sessions": sessions,
        "viewed": viewed,
    }


def open_keeping(
    config: Config, store: Store, places: Places, clock: Clock, outside: Outside
) -> Keeping:
    """Put it together; nothing runs yet."""
    kept = KeptFor(places, store)
    files = KeptFiles(store=store, shelf=wiring.open_shelf(config), kept=kept)
    wiping = Wiping(store, clock, files)
    return Keeping(
        files=files,
        kept=kept,
        wiping=wiping,
        purge=Purge(
            store=store,
            kept=kept,
            files=files,
            traces=outside.traces,
            copies=outside.copies,
            wiping=wiping,
            clock=clock,
            zone=config.zone,
        ),
        sparing=Sparing(store=store, kept=kept, wiping=wiping),
        sinks=tuple(SparingSink(sink=sink, kept=kept) for sink in wiring.open_sinks(config)),
        traces=outside.traces,
        copies=outside.copies,
        vendors=partial(vendors, places),
        contact=config.settings.privacy.operator_contact,
        traced=config.settings.moa.save_traces,
        folder=config.data_dir,
        clock=clock,
    )
