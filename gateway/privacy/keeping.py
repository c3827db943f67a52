"""Everything that takes texts out again, put together for a running gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import wiring
from gateway.privacy.files import KeptFiles
from gateway.privacy.purge import Purge
from gateway.privacy.sparing import Sparing, SparingSink
from gateway.privacy.terms import KeptFor
from gateway.privacy.wiping import Wiping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.ports import Clock
    from core.storage import Store
    from gateway.config import Config
    from gateway.places import Places
    from gateway.turns import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long things are kept, and how they go."""

    kept: KeptFor
    files: KeptFiles
    wiping: Wiping
    purge: Purge
    sparing: Sparing
    sinks: Sequence[Sink]


def open_keeping(config: Config, store: Store, places: Places, clock: Clock) -> Keeping:
    """Put it together; nothing runs yet."""
    kept = KeptFor(config.settings, places, store)
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
            traces=wiring.open_traces(config),
            copies=wiring.open_copies(config),
            wiping=wiping,
            clock=clock,
            zone=config.zone,
        ),
        sparing=Sparing(store=store, kept=kept, wiping=wiping, clock=clock),
        sinks=tuple(SparingSink(sink=sink, kept=kept) for sink in wiring.open_sinks(config)),
    )
