"""What people and machines are told of this gateway: which presets can answer, what is loading.

Decides when it is ready and what is said of the small model. Answers from memory, at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.chat.web.status import Loading, Offer, PresetInfo, Status
from core.presets import Preset, outside
from core.texts.presets import barred
from core.types import Address
from gateway.http.auth import OWNER
from gateway.newcomer.offers import SMALL_NOTICE

PAGE = "web"
NOT_STORED = "Nothing can be stored now: the log says why."

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.newcomer import offers
    from gateway.program.assembly import Gateway
    from gateway.wiring import LocalModel


class Condition:
    """The state of one gateway."""

    def __init__(self, gateway: Gateway, found: tuple[offers.Offer, ...] = ()) -> None:
        """`found` are the presets that a newcomer is offered, best first; the default is last."""
        self._gateway = gateway
        self._found = found

    def missing(self, preset: Preset) -> str:
        """Say why a preset cannot answer now, or nothing."""
        reason = self._gateway.config.unavailable(preset)
        loading = [model for model in self._models(preset) if model.state.phase != "ready"]
        return reason or next((model.state.message for model in loading), "")

    def unready(self) -> str:
        """Say why no preset can answer now, or nothing is taken in; empty once one can."""
        if self._gateway.exchange.keep.failing:
            return NOT_STORED
        presets = self._gateway.exchange.choices.catalogue().presets.values()
        reasons = [self.missing(preset) for preset in presets]
        return "" if not all(reasons) else reasons[0]

    def status(self) -> Status:
        """Give what the page shows beside conversations."""
        catalogue = self._gateway.exchange.choices.catalogue()
        default = catalogue.presets[catalogue.default]
        reason = self.unready()
        own = next((each for each in self._found if each.name == default.name), None)
        return Status(
            ready=not reason,
            default_preset=catalogue.default,
            presets=tuple(self._infos()),
            reason=reason,
            loading=tuple(self._loading()),
            notice=SMALL_NOTICE if self._tiny(default) else "",
            offers=tuple(
                Offer(title=each.title, text=", ".join(self._labels(each.name)), preset=each.name)
                for each in self._found
                if each.name != default.name
            ),
            starters=own.starters if own else (),
        )

    def _infos(self) -> Iterator[PresetInfo]:
        for preset in self._gateway.exchange.choices.catalogue().presets.values():
            yield PresetInfo(
                name=preset.name,
                references=tuple(slot.label for slot in preset.active),
                aggregator=preset.aggregator.label,
                missing=self._gateway.config.unavailable(preset) or self._barred(preset),
            )

    def _barred(self, preset: Preset) -> str:
        """Say that the operator does not let the page's conversations ask its providers."""
        here = Address(platform=PAGE, channel=OWNER)
        allowed = self._gateway.exchange.places.at(here, (), direct=True).providers
        others = outside(preset, allowed)
        return barred(preset, allowed or (), others) if others else ""

    def _labels(self, name: str) -> list[str]:
        preset = self._gateway.exchange.choices.catalogue().presets[name]
        return list(dict.fromkeys(slot.label for slot in (*preset.active, preset.aggregator)))

    def _models(self, preset: Preset) -> list[LocalModel]:
        """Give the models on this machine that may answer in a preset."""
        embedded = self._gateway.models.embedded
        return (
            [embedded[preset.aggregator.provider]] if preset.aggregator.provider in embedded else []
        )

    def _tiny(self, preset: Preset) -> bool:
        return any(model.tiny for model in self._models(preset))

    def _loading(self) -> Iterator[Loading]:
        for name, model in self._gateway.models.embedded.items():
            state = model.state
            if state.phase != "ready":
                total = state.total or None
                step = state.message if state.phase == "failed" else state.phase
                yield Loading(name=name, step=step, done=state.done, total=total)
