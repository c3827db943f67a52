"""`moa-gateway presets`: which mixtures there are, one to copy, a try with real models, and votes.

Decides what is printed and the exit codes; what a preset comes to is the engine's own doing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import FAILED, config_option, json_option, load, operator, quiet, say
from gateway.signals import awaited

if TYPE_CHECKING:
    from core.presets import Preset
    from core.types import Json
    from gateway.config import Config


@click.group()
def presets() -> None:
    """Look at the mixtures, and try one."""


@presets.command("list")
@config_option
@json_option
def list_presets(path: Path, *, as_json: bool) -> None:
    """Say which presets there are, and which of them can answer."""
    config = load(path)
    found = config.catalogue.presets.values()
    lines = (_line(preset, config) for preset in found)
    say(lines, [_row(preset, config) for preset in found], as_json=as_json)


@presets.command()
@config_option
@click.argument("name")
@json_option
def show(path: Path, name: str, *, as_json: bool) -> None:
    """Print a preset as it can be put into a configuration file."""
    from gateway.config.written import as_block, as_yaml

    config = load(path)
    with operator():
        preset = config.catalogue.get(name)
    block = as_block(config.settings.moa.presets[preset.name])
    shown = {"moa": {"presets": {preset.name: block}}}
    click.echo(json.dumps(shown, indent=2) if as_json else as_yaml(shown), nl=as_json)


@presets.command()
@config_option
@click.argument("name")
@click.option("-m", "--message", help="The question; - is standard input.")
@json_option
def test(path: Path, name: str, message: str | None, *, as_json: bool) -> None:
    """Ask every model of a preset one question; exit code 1 if there is no answer.

    It is a real question to real models, and costs what it costs.
    """
    from gateway.cli import trial
    from gateway.clock import SystemClock

    config = load(path)
    quiet(config)  # why a model failed is said there
    question = sys.stdin.read() if message == "-" else message or trial.QUESTION
    if sys.stderr.isatty():
        click.echo("Asking; this takes as long as the slowest of them …", err=True)
    with operator():
        tried = awaited(trial.attempt(config, name, question, SystemClock()))
    say(trial.as_text(tried), trial.as_json(tried), as_json=as_json)
    if tried.error:
        sys.exit(FAILED)


@presets.command()
@config_option
@json_option
def stats(path: Path, *, as_json: bool) -> None:
    """Say what people thought of the answers; judges from 30 votes on."""
    from core.feedback import tallied
    from gateway.cli import preset_stats
    from gateway.wiring import read_votes

    settings = load(path)
    with operator():
        tallies = tallied(awaited(read_votes(settings).voted()))
    say(preset_stats.as_text(tallies), preset_stats.as_json(tallies), as_json=as_json)


def _line(preset: Preset, config: Config) -> str:
    default = " (default)" if preset.name == config.catalogue.default else ""
    reason = config.unavailable(preset)
    state = f" · unavailable ({reason})" if reason else ""
    return f"{preset.name}{default}: {_mixture(preset)}{state}"


def _row(preset: Preset, config: Config) -> dict[str, Json]:
    reason = config.unavailable(preset)
    condensing = preset.synthesizer
    return {
        "name": preset.name,
        "default": preset.name == config.catalogue.default,
        "available": not reason,
        "reason": reason or None,
        "references": [slot.label for slot in preset.active],
        "aggregator": (condensing or preset.aggregator).label,
        "acting_model": preset.aggregator.label if condensing else None,
    }


def _mixture(preset: Preset) -> str:
    """Write 'a + b → c', with who acts behind who condenses."""
    asked = " + ".join(slot.label for slot in preset.active)
    answering = [each.label for each in (preset.synthesizer, preset.aggregator) if each]
    return " → ".join(filter(None, (asked, *answering)))
