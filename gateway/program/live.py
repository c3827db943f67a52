"""The configuration in force: what was read last and was right.

Decides which keys of a changed file can be taken while the program runs, and which wait for the
next start. It reads no file and tells nobody.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from msgspec import structs

from gateway.config.providers import Embedded

if TYPE_CHECKING:
    from core.presets import Catalogue, Preset
    from gateway.config import Config
    from gateway.config.model import Settings
    from gateway.config.providers import Provider

_WAIT: Final = ("data_dir", "database", "timezone", "platforms", "retention", "privacy", "tools")
"""Blocks that are read once, at the start."""
_WAIT_WITHIN: Final = {"http": ("host", "port", "token"), "moa": ("save_traces", "trace_dir")}


class Live:
    """Holds it. Whoever needs a key that may change asks here each time."""

    def __init__(self, config: Config) -> None:
        """Begin with what was read at the start."""
        self.config = config

    def catalogue(self) -> Catalogue:
        """Give the presets there are."""
        return self.config.catalogue

    def unavailable(self, preset: Preset) -> str:
        """Say why a preset cannot answer (MOA-7), or nothing."""
        return self.config.unavailable(preset)


def merged(old: Config, new: Config) -> tuple[Config, list[str]]:
    """Give what of a new file can be taken now, and the keys that wait for a restart."""
    was, now = old.settings, new.settings
    waits = [name for name in _WAIT if getattr(was, name) != getattr(now, name)]
    kept = {name: getattr(was, name) for name in _WAIT}
    for block, keys in _WAIT_WITHIN.items():
        before, after = getattr(was, block), getattr(now, block)
        waits += [f"{block}.{key}" for key in keys if getattr(before, key) != getattr(after, key)]
        kept[block] = structs.replace(after, **{key: getattr(before, key) for key in keys})
    local = _local(was.providers, now.providers)
    waits += [f"providers.{name}" for name in local]
    kept["providers"] = {
        **now.providers,
        **{name: was.providers[name] for name in local if name in was.providers},
    }
    return dataclasses.replace(new, settings=structs.replace(now, **kept)), waits


def _local(was: dict[str, Provider], now: dict[str, Provider]) -> list[str]:
    """Name the models of this machine that are others now: they have a process of their own."""
    return [
        name
        for name, shape in now.items()
        if shape != was.get(name)
        and (isinstance(shape, Embedded) or isinstance(was.get(name), Embedded))
    ]


def changed(old: Settings, new: Settings) -> list[str]:
    """Name the blocks that are others now."""
    return [each for each in old.__struct_fields__ if getattr(old, each) != getattr(new, each)]
