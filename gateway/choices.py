"""Which preset answers where: what the file says, and over it what people chose in the chat.

Decides the levels (MOA-5) and where a choice is kept. It answers nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.presets import DEFAULT, OFF, in_force
from core.texts.commands import LOCKED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.commands import Scope
    from core.presets import Catalogue, Level, Preset
    from core.storage import Settings
    from core.types import Address, Author, Command, Press
    from gateway.patience import PatientStore
    from gateway.places import Place, Places

PRESET = "preset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The preset in force. `level` says where it comes from.

    `file`: the file chose it for this channel, and not somebody in the chat.
    """

    preset: Preset
    level: Level
    file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen, and choosing. Reads from `settings`, writes through `keep`."""

    settings: Settings
    keep: PatientStore
    places: Places
    catalogue: Callable[[], Catalogue]

    async def there(
        self, address: Address, author: Author | None = None, *, turn: str | None = None
    ) -> Chosen:
        """Find the preset in force for `author`, or for nobody in particular."""
        place = self._place(address, author)
        levels: dict[Level, str | None] = {**place.presets, "turn": turn}
        said = {} if place.locked else await self._said(address, author)
        preset, level = in_force({**levels, **said}, self.catalogue())
        return Chosen(preset=preset, level=level, file=level == "channel" and level not in said)

    async def _said(self, address: Address, author: Author | None) -> dict[Level, str]:
        """Read what people chose, by level."""
        levels = self._scopes(address, author)
        found = await self.settings.chosen(PRESET, *(scope for _, scope in levels))
        return {level: found[scope].value for level, scope in levels if scope in found}

    def _scopes(self, address: Address, author: Author | None) -> Sequence[tuple[Level, str]]:
        channel = replace(address, thread=None)
        scopes: list[tuple[Level, str]] = [("channel", _session(channel))]
        if address.thread is not None:
            scopes.append(("thread", _session(address)))
        if author is not None and self.places.guarded(address.platform):
            scopes.append(("me", f"user:{address.platform}:{author.id}"))
        return scopes

    def _place(self, address: Address, author: Author | None) -> Place:
        circles = author.circles if author else ()
        return self.places.at(address, circles, direct=True)

    async def choose(self, name: str, scope: Scope, *, request: Command | Press) -> Level:
        """Set the preset, or take the choice back (`default`); give where that holds.

        Raises:
            UnknownPreset: nobody is called that; the text names the nearest. Nothing changed.
            UsageError: it cannot be changed there, or the preset is kept for others.
        """
        address, author = request.address, request.author
        if self._place(address, author).locked:
            raise UsageError(LOCKED)
        value = self._value(name, request)
        scopes = dict(self._scopes(address, author))
        level = _level(scope, scopes)
        await self.keep.set(scopes[level], PRESET, value, by=author.id, at=request.at)
        return level

    def _value(self, name: str, request: Command | Press) -> str | None:
        """Give what is stored for a name; None takes a choice back."""
        if name in {DEFAULT, OFF}:
            return OFF if name == OFF else None
        preset = self.catalogue().get(name)
        self.places.require_choosable(preset, request)
        return preset.key


def _level(scope: Scope, scopes: dict[Level, str]) -> Level:
    """Give the level that a word means: here is the thread if inside one, else the channel."""
    if scope == "me" and "me" in scopes:
        return "me"
    return "thread" if "thread" in scopes and scope != "channel" else "channel"


def _session(address: Address) -> str:
    return f"session:{address.session}"
