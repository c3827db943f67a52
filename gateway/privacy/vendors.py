"""Who gets the text of a question: the providers of a preset, fallbacks included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.presets import slots_of
from core.texts.privacy import Vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.presets import Preset, Slot
    from gateway.access.places import Places


def vendors(places: Places, preset: Preset) -> Sequence[Vendor]:
    """List whoever may be sent something, those first who are sent it in any case."""
    asked = replace(preset, references=preset.active)
    first = {slot.provider: slot for slot in _first(asked)}
    found: dict[str, list[str]] = {}
    for slot in sorted(slots_of(asked), key=lambda each: each.provider not in first):
        models = found.setdefault(slot.provider, [])
        if slot.model not in models:
            models.append(slot.model)
    return [
        Vendor(name=name, host=_host(places, name), models=tuple(models), spare=name not in first)
        for name, models in found.items()
    ]


def _first(preset: Preset) -> Iterator[Slot]:
    yield from preset.references
    yield preset.aggregator
    if preset.synthesizer is not None:
        yield preset.synthesizer


def _host(places: Places, provider: str) -> str:
    """Give where a provider is reached, without whatever else stands in its address."""
    url: str = getattr(places.settings.providers.get(provider), "base_url", "")
    return urlsplit(url).hostname or ""
