"""The configuration: from a file, or from text.

Decides the order of reading: YAML, variables and types, rules between keys, then presets. It
reads the file and those that `<key>_file` names, and touches nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct, inspect, structs

from core.budget import Budgets
from core.errors import ConfigError
from core.presets import Catalogue, Preset
from gateway.config import notices, presets, rules
from gateway.config.budgets import budgets_of
from gateway.config.decode import Decoder
from gateway.config.model import Settings, Telegram, ToolServer
from gateway.config.providers import Provider, missing
from gateway.config.report import Report
from gateway.config.text import LONGEST, read
from gateway.config.values import Secret, Url

_KIND = inspect.type_info(Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that is right, and what it warned of.

    `settings` has every key of the file under its own name. Relative paths begin at the folder
    where the program was started.
    """

    source: str
    settings: Settings
    catalogue: Catalogue
    warnings: tuple[str, ...] = ()

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers by name; `missing` says why one cannot be used."""
        return self.settings.providers

    @property
    def data_dir(self) -> Path:
        """Where everything is kept."""
        return Path(self.settings.data_dir).expanduser()

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "moa-gateway.db"

    @property
    def trace_dir(self) -> Path:
        """Where traces go, if they are saved."""
        wanted = self.settings.moa.trace_dir
        return Path(wanted).expanduser() if wanted else self.data_dir / "traces"

    @property
    def zone(self) -> tzinfo:
        """The zone in which days end."""
        return UTC if self.settings.timezone == "UTC" else ZoneInfo(self.settings.timezone)

    @property
    def budgets(self) -> Budgets:
        """What may be spent."""
        return budgets_of(self.settings)

    @property
    def secrets(self) -> list[str]:
        """Everything that must never stand in a log, a trace or an answer."""
        return [each for each in _confided(self.settings) if each]

    def unavailable(self, preset: Preset) -> str:
        """Say why a preset cannot answer (MOA-7), or nothing.

        Fallbacks help: one usable model that may answer is enough.
        """
        acting = (preset.aggregator, *preset.aggregator.fallbacks)
        reasons = [missing(self.providers[slot.provider]) for slot in acting]
        return f"{preset.aggregator.provider}: {reasons[0]}" if all(reasons) else ""


def _confided(block: object) -> Iterator[str]:
    """Give every secret in a block, whatever its key is called, and the passwords in addresses."""
    match block:
        case Secret():
            yield block.reveal()
        case Url():
            yield urlsplit(block).password or ""
        case _:
            yield from chain.from_iterable(map(_confided, _parts(block)))


def _parts(block: object) -> Iterable[object]:
    match block:
        case ToolServer():
            return (block.confided(), block.headers, block.url)
        case Telegram():
            return (*structs.asdict(block).values(), block.hook_secret)
        case Struct():
            return structs.asdict(block).values()
        case Mapping():
            return block.values()
        case list() | tuple():
            return block
        case _:
            return ()


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: it cannot be read, or something in it is wrong; the text has a line for
            each mistake, `FILE:LINE: key.path: what is wrong`.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(4 * LONGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the path is no path"
        hint = ". Name another file with --config, or try 'moa-gateway demo' without one"
        hint = hint if isinstance(error, FileNotFoundError) else ""
        raise ConfigError(f"{path}: cannot be read: {why}{hint}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: the file is no UTF-8 text") from error
    return parse(text, str(path), environ)


def parse(text: str, source: str, environ: Mapping[str, str]) -> Config:
    """Read a configuration from text; `source` is what mistakes call it.

    Raises:
        ConfigError: something in it is wrong.
    """
    report = Report(source)
    root = read(text, report)
    settings: Settings = Decoder(report, environ).value(root, _KIND, ())
    rules.check(settings, report)
    report.settle()
    notices.notice(settings, report)
    return Config(
        source=source,
        settings=settings,
        catalogue=presets.catalogue(settings.moa),
        warnings=report.warnings(),
    )
