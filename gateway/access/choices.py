"""Which preset answers where: what the file says, and over it what people chose in the chat.

Decides the levels (MOA-5), where a choice is kept, and which presets may be chosen and asked in a
place. It answers nobody; who may choose is asked before it is reached.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.errors import UsageError
from core.presets import DEFAULT, OFF, in_force, outside, passed_over
from core.texts import presets as said
from core.types import Command, Message, Press

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.commands import Scope
    from core.presets import Catalogue, Level, Preset
    from core.records import Setting
    from core.storage import Settings
    from core.types import Address, Author, Incoming
    from gateway.access.places import Place, Places
    from gateway.patience import PatientStore

PRESET = "preset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The preset in force. `level` says where it comes from.

    `by` is what somebody chose in the chat there; None: the file says so. `gone` are more exact
    choices of presets that are no more. `providers` are those that may be asked there, `barred`
    those that the preset asks all the same.
    """

    preset: Preset
    level: Level
    by: Setting | None = None
    gone: tuple[tuple[Level, str], ...] = ()
    providers: tuple[str, ...] | None = None
    barred: tuple[str, ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What choosing came to. `before` and `now` are what is set at that level; None is nothing."""

    level: Level
    before: Setting | None
    now: Setting | None

    @property
    def same(self) -> bool:
        """Whether it was so already, and nothing was changed."""
        return self.before == self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen, and choosing. Reads from `settings`, writes through `keep`."""

    settings: Settings
    keep: PatientStore
    places: Places
    catalogue: Callable[[], Catalogue]
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def there(
        self, address: Address, author: Author | None = None, *, turn: str | None = None
    ) -> Chosen:
        """Find the preset in force for `author`, or for nobody in particular."""
        place = self._place(address, author)
        said = {} if place.locked else await self._said(address, author)
        return self._in_force(place, said, turn)

    async def preset(self, place: Address) -> Preset:
        """Find the preset in force for nobody in particular; `off` leaves its aggregator alone."""
        return (await self.there(place)).preset

    def _in_force(
        self, place: Place, said: Mapping[Level, Setting], turn: str | None = None
    ) -> Chosen:
        catalogue = self.catalogue()
        levels: dict[Level, str | None] = {**place.presets, "turn": turn}
        levels |= {level: each.value for level, each in said.items()}
        preset, level = in_force(levels, catalogue)
        return Chosen(
            preset=preset,
            level=level,
            by=said.get(level),
            gone=passed_over(levels, catalogue, level),
            providers=place.providers,
            barred=outside(preset, place.providers),
            locked=place.locked,
        )

    async def _said(self, address: Address, author: Author | None) -> dict[Level, Setting]:
        """Read what people chose, by level."""
        levels = self._scopes(address, author)
        found = await self.settings.chosen(PRESET, *(scope for _, scope in levels))
        return {level: found[scope] for level, scope in levels if scope in found}

    def _scopes(self, address: Address, author: Author | None) -> Sequence[tuple[Level, str]]:
        channel = address.whole
        scopes: list[tuple[Level, str]] = [("channel", _session(channel))]
        if address.thread is not None:
            scopes.append(("thread", _session(address)))
        if author is not None and self.places.guarded(address.platform):
            scopes.append(("me", f"user:{address.platform}:{author.id}"))
        return scopes

    def _place(self, address: Address, author: Author | None) -> Place:
        circles = author.circles if author else ()
        return self.places.at(address, circles, direct=True)

    # --- what may be chosen and asked -----------------------------------------------------------

    def offered(self, request: Command | Press) -> Sequence[Preset]:
        """Give the presets that whoever asks may choose there, in the file's order."""
        every = self.catalogue().presets.values()
        return [each for each in every if self.places.may_choose(each, request)]

    def names(self, request: Command | Press) -> Sequence[str]:
        """Name them."""
        return [each.name for each in self.offered(request)]

    async def refusal(self, incoming: Incoming, turn: str | None) -> str:
        """Say why the preset in force answers nothing there; empty if it does. `turn` names one.

        It is refused and never silently substituted: neither one whose providers the place does
        not allow, nor a choice of one's own that is kept for others by now.
        """
        if not isinstance(incoming, Message | Press):
            return ""
        place = self._place(incoming.address, incoming.author)
        kept = any(each.allow for each in self.catalogue().presets.values())
        if place.providers is None and not kept:
            return ""  # as it is nearly everywhere: nothing has to be looked up
        there = await self.there(incoming.address, incoming.author, turn=turn)
        if there.barred:
            return said.in_force_barred(there.preset, there.providers or (), there.barred)
        own = there.level in {"turn", "me"}
        if own and not self.places.is_for(there.preset, incoming):
            return said.in_force_kept(there.preset)
        return ""

    # --- choosing -------------------------------------------------------------------------------

    async def choose(self, name: str, scope: Scope, *, request: Command | Press) -> Changed:
        """Set the preset, or take the choice back (`default`).

        Raises:
            UnknownPreset: nobody is called that; the text names the nearest. Nothing changed.
            UsageError: it cannot be changed there, or the preset is not for this person or place.
        """
        value = await self._value(name, scope, request)
        level, where = self._aim(scope, request)
        async with self.changing:  # what was there before is told, so it has to be what was there
            return await self._set(level, where, value, request)

    async def restore(
        self, name: str, scope: Scope, stands: Callable[[Setting | None], bool], *, request: Press
    ) -> Changed | None:
        """Bring back what was set before; None where what is set now no longer `stands`."""
        value = await self._value(name, scope, request)
        level, where = self._aim(scope, request)
        async with self.changing:
            now = (await self.settings.chosen(PRESET, where)).get(where)
            return await self._set(level, where, value, request) if stands(now) else None

    async def _set(
        self, level: Level, where: str, value: str | None, request: Command | Press
    ) -> Changed:
        before = (await self.settings.chosen(PRESET, where)).get(where)
        if (before.value if before else None) == value:
            return Changed(level=level, before=before, now=before)
        by = request.author
        crashpoint("setting.unkept", request.address.platform)
        await self.keep.set(where, PRESET, value, by=by.id, at=request.at, name=by.name)
        crashpoint("setting.kept", request.address.platform)
        now = (await self.settings.chosen(PRESET, where)).get(where)
        return Changed(level=level, before=before, now=now)

    async def _value(self, name: str, scope: Scope, request: Command | Press) -> str | None:
        """Give what is stored for a name; None takes a choice back."""
        if self._place(request.address, request.author).locked:
            raise UsageError(said.LOCKED)
        if name == DEFAULT:
            return None
        if name == OFF:
            await self._require_alone(scope, request)
            return OFF
        preset = self.catalogue().get(name)
        self.places.require_choosable(preset, request)
        return preset.key

    async def _require_alone(self, scope: Scope, request: Command | Press) -> None:
        """See that whoever would answer alone may be asked there."""
        place = self._place(request.address, request.author)
        if place.providers is None:
            return
        level, _ = self._aim(scope, request)
        said_now = {
            each: one
            for each, one in (await self._said(request.address, request.author)).items()
            if each != level
        }
        there = self._in_force(place, said_now)
        alone = replace(there.preset, enabled=False, auto=False)
        if barred := outside(alone, place.providers):
            raise UsageError(said.barred(alone, place.providers, barred))

    def _aim(self, scope: Scope, request: Command | Press) -> tuple[Level, str]:
        """Give the level that a word means: here is the thread if inside one, else the channel."""
        scopes = dict(self._scopes(request.address, request.author))
        level: Level = "thread" if "thread" in scopes and scope != "channel" else "channel"
        if scope == "me" and "me" in scopes:
            level = "me"
        return level, scopes[level]


def _session(address: Address) -> str:
    return f"session:{address.session}"
