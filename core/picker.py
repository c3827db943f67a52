"""The native picker of presets, in no platform's words: what it says, and what its buttons carry.

Pure. A button carries where the choice shall hold and what is chosen; whether it may be, and what
is in force, is decided elsewhere. What an Undo carries knows whether it came too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from core.commands import Scope, aim
from core.frames import Button, Frame
from core.presets import DEFAULT, OFF, Catalogue, Preset
from core.records import Setting
from core.texts import presets as said
from core.whispers import notice
from core.wording import LABELS

VALUE_BYTES: Final = 40
"""The longest value that every platform's buttons carry beside action, turn and place."""
MOST_CHOICES: Final = 20
NOTHING: Final = "-"
"""The stamp of what is not set."""


def value_of(preset: Preset) -> str:
    """Give what a button carries for a preset: its key, or a digest where that is too long."""
    return _short(preset.key)


def _short(key: str) -> str:
    if len(key.encode()) <= VALUE_BYTES:
        return key
    return "#" + blake2b(key.encode(), digest_size=12).hexdigest()


def picked(value: str, catalogue: Catalogue) -> str | None:
    """Give the name that a button stands for; None if that preset is gone."""
    if value in {OFF, DEFAULT}:
        return value
    keys = {value_of(each): each.key for each in catalogue.presets.values()}
    return keys.get(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody is shown who asks what answers here.

    `because` says where the preset in force comes from. `presets` are those that may be chosen,
    `scope` where a choice by button holds. `backwards`: there is a choice that can be taken back.
    """

    here: Preset
    because: str
    presets: Sequence[Preset] = ()
    scope: Scope = "here"
    notes: Sequence[str] = ()
    backwards: bool = False
    fixed: bool = False


def picker(offer: Offer) -> Frame:
    """Say which preset is in force and why, and offer those that may be chosen."""
    lines = [said.answers_here(offer.here, offer.because), *offer.notes]
    if offer.fixed:
        return notice("\n".join(lines))
    if more := [each.name for each in offer.presets[MOST_CHOICES:]]:
        lines.append(said.more(more))
    buttons = [
        _pick(_ticked(each, offer.here), value_of(each), offer.scope)
        for each in offer.presets[:MOST_CHOICES]
    ]
    if offer.here.active:
        buttons.append(_pick("Aggregator alone", OFF, offer.scope))
    if offer.backwards:
        buttons.append(_pick("Back to the default", DEFAULT, offer.scope))
    return notice("\n".join(lines), buttons)


def _ticked(preset: Preset, here: Preset) -> str:
    is_it = preset.name == here.name and preset.enabled == here.enabled
    return f"✓ {preset.name}" if is_it else preset.name


def _pick(label: str, value: str, scope: Scope) -> Button:
    return Button(action="pick", label=label, turn_id="", value=aim(scope, value))


# --- undo -------------------------------------------------------------------------------------


def stamp(now: Setting | None) -> str:
    """Give a short mark of what is set, by which a later change is noticed."""
    if now is None:
        return NOTHING
    whole = f"{now.value}\n{now.by}\n{now.at}"
    return blake2b(whole.encode(errors="surrogatepass"), digest_size=4).hexdigest()


def undo_button(scope: Scope, now: Setting | None, before: Setting | None) -> Button:
    """Make a button that brings back what was set before, for as long as `now` stands."""
    key = DEFAULT if before is None else before.value
    value = aim(scope, f"{stamp(now)}>{_short(key)}")
    return Button(action="restore", label=LABELS["restore"], turn_id="", value=value)


def undone(value: str) -> tuple[str, str]:
    """Read what an Undo carries, without its place: the stamp, and what is brought back."""
    mark, _, key = value.partition(">")
    return mark, key
