"""Which presets a key of /v1 may use: its own list, what is kept for others, the place's providers.

Decides that; never who asks. A key is a person to nobody: in `allow` of a preset it is named as
`v1:KEY`, and whoever lists a preset for a key has let it in. Rows of the file for the platform
`v1` and the channel KEY hold for its calls, `defaults` hold for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.budget import PROGRAMS
from core.errors import UnknownPreset, UsageError
from core.presets import Catalogue, Preset, outside
from core.texts import presets as said
from core.types import Address

if TYPE_CHECKING:
    from gateway.access.places import Places
    from gateway.http.auth import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """What holds for keys. `allowed` has each key's presets; none are all of them."""

    catalogue: Callable[[], Catalogue]
    places: Places
    allowed: dict[str, tuple[str, ...]]

    def take(self, allowed: Mapping[str, tuple[str, ...]]) -> None:
        """Go by other lists from now on."""
        self.allowed.clear()
        self.allowed.update(allowed)

    def of(self, caller: Caller) -> Catalogue:
        """Give the presets of a key; the others' names are none of its business."""
        mine = self._listed(caller)
        usable = {
            name: each
            for name, each in mine.presets.items()
            if not self._kept(each, caller) and not self._barred(each, caller)
        }
        return replace(mine, presets=usable)

    def get(self, caller: Caller, name: str) -> Preset:
        """Find a preset for a key.

        Raises:
            UnknownPreset: there is none of that name, or not for this key.
            UsageError: it asks providers that may not be asked there.
        """
        usable = self.of(caller)
        found = self._listed(caller).find(name)
        if found is not None and (barred := self._barred(found, caller)):
            raise UsageError(said.barred(found, self._providers(caller) or (), barred))
        if usable.find(name) is None and self.catalogue().find(name) is not None:
            mine = ", ".join(usable.presets)
            raise UnknownPreset(f"This key cannot use the preset {name!r}. It may use: {mine}.")
        return usable.get(name)

    def _listed(self, caller: Caller) -> Catalogue:
        catalogue = self.catalogue()
        allowed = () if caller.owner else self.allowed.get(caller.name, ())
        if not allowed:
            return catalogue
        named = [catalogue.find(name) for name in allowed]
        mine = {name: each for name, each in catalogue.presets.items() if each in named}
        return replace(catalogue, presets=mine)

    def _kept(self, preset: Preset, caller: Caller) -> bool:
        listed = bool(self.allowed.get(caller.name))
        if caller.owner or listed or not preset.allow:
            return False
        return f"{PROGRAMS}:{caller.name}" not in preset.allow

    def _barred(self, preset: Preset, caller: Caller) -> tuple[str, ...]:
        return outside(preset, self._providers(caller))

    def _providers(self, caller: Caller) -> tuple[str, ...] | None:
        address = Address(platform=PROGRAMS, channel=caller.name)
        return self.places.at(address, (), direct=True).providers
