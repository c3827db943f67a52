"""The command line. Decides what is printed; everything else is somebody else's."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.crashpoints import arm
from gateway.cli.access import audit, pair
from gateway.cli.backup import backup
from gateway.cli.command import (
    DEFAULT_CONFIG,
    FAILED,
    config_option,
    json_option,
    load,
    operator,
    quiet,
    say,
)
from gateway.cli.dead_letters import dead_letters
from gateway.cli.lean import hand_back, without
from gateway.cli.people import people, sessions
from gateway.cli.presets import presets
from gateway.cli.reload import reload
from gateway.cli.tools import tools
from gateway.signals import awaited, leave_at_once

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from gateway.config import Config
    from gateway.config.model import Http

GARBAGE = (10_000, 5, 40)
"""How many objects are made before cycles are looked for. A message makes thousands, and nearly all
go by themselves: looking after every 700, as Python does, took a tenth of the CPU. Looking at more
than 50,000 at once would hold everything up for a tenth of a second."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def root() -> None:
    """A chat gateway whose one agent asks several models before it answers."""
    if crash_at := os.environ.get("MOA_GATEWAY_CRASH_AT"):
        with operator():
            arm(crash_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
        click.echo(f"moa-gateway: MOA_GATEWAY_CRASH_AT: it kills itself at {crash_at}", err=True)


root.add_command(audit)
root.add_command(backup)
root.add_command(dead_letters)
root.add_command(pair)
root.add_command(people)
root.add_command(presets)
root.add_command(sessions)
root.add_command(tools)
root.add_command(reload)


@root.command()
@config_option
def run(path: Path) -> None:
    """Run the gateway until it is told to stop."""
    gc.disable()  # imports make nothing that could be let go of again: a tenth of a second
    with without("rich", "pygments", "cryptography", "greenlet"):
        config = load(path)
        from gateway.cli.serving import run_gateway
        from gateway.http.face import Face
        from gateway.wiring import import_chats

        with operator():
            import_chats(config)
    hand_back()
    gc.freeze()
    gc.enable()
    _finish(run_gateway(Face(config=config)))


@root.command()
@click.option("--data-dir", default="data", show_default=True, help="Where to keep everything.")
def demo(data_dir: str) -> None:
    """Try it in the browser: no key, no token, a real model on this machine."""
    from gateway.cli.serving import run_gateway
    from gateway.http.face import Face
    from gateway.newcomer.demo import demo_config

    with operator():
        config, offers = awaited(demo_config(data_dir, os.environ))
    any_port = not os.environ.get("PORT")
    _finish(run_gateway(Face(config=config, offers=offers, any_port=any_port)))


@root.command()
@config_option
@click.option("-p", "--preset", help="Which preset answers.")
@click.option("-m", "--message", help="Ask this one question and leave; - is standard input.")
@click.option("--plain", is_flag=True, help="No live region and no colours.")
def chat(path: Path, preset: str | None, message: str | None, *, plain: bool) -> None:
    """Talk to it in the terminal; exit code 1 if a question got no answer."""
    from gateway.terminal import run_chat

    config = _load_or_demo(path)
    with operator():
        answered = awaited(run_chat(config, preset=preset, message=message, plain=plain))
    if not answered:
        sys.exit(FAILED)


@root.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@config_option
def check(path: Path) -> None:
    """Say what is wrong with the file, or what it amounts to."""
    from gateway.clock import SystemClock
    from gateway.config import describe
    from gateway.wiring import held_tools, open_pricer, warm_prices

    found = load(path)
    for line in [*describe(found), *(f"warning: {each}" for each in held_tools(found))]:
        click.echo(line)
    with operator():
        awaited(warm_prices(found, open_pricer(found, SystemClock())))
        for line in awaited(_decided_in_chat(found)):
            click.echo(line)


@config.command()
def schema() -> None:
    """Print the JSON Schema of the file."""
    import json

    from gateway.config import schema as of_the_file

    click.echo(json.dumps(of_the_file(), indent=2))


@root.command()
@config_option
@click.option("--url", help="Where it listens, if not where the file says.")
def health(path: Path, url: str | None) -> None:
    """Ask a running gateway whether it can answer; exit code 1 if not."""
    from gateway.cli.probe import probe

    address = url or _address(load(path).settings.http)
    with operator():
        ready, text = probe(address)
    click.echo(text, err=not ready)
    sys.exit(0 if ready else 1)


@root.command()
@config_option
@json_option
def cost(path: Path, *, as_json: bool) -> None:
    """Say what was spent today and this month; the gateway may be running."""
    from gateway.cli import costs
    from gateway.clock import SystemClock
    from gateway.wiring import read_costs

    found = load(path)
    with operator():
        now, store = SystemClock().now(), read_costs(found)
        read = costs.reports(store, found.budgets, now=now, zone=found.zone)
        told = awaited(read)
    say(costs.as_text(told), costs.as_json(told), as_json=as_json)


@root.command()
@config_option
@click.argument("trace")
@click.option("-p", "--preset", help="Which preset is asked; else the one of the same name.")
@click.option("--turn", "turn_id", help="Which turn of the file; else the last one.")
@click.option("--compare", is_flag=True, help="Print the old answer as well.")
@json_option
def replay(
    path: Path, trace: str, preset: str | None, turn_id: str | None, *, compare: bool, as_json: bool
) -> None:
    """Run a turn of a TRACE (FILE or FILE:TURN) again; exit code 1 if there is no answer."""
    import logging

    from core.events import TurnFinished
    from gateway import replay as replaying

    config = load(path)
    quiet(config, logging.ERROR)  # what goes wrong in the turn is printed
    with operator():
        traced = replaying.find(trace, turn_id)
        ending = awaited(replaying.ask_again(config, traced, preset))
    lines = replaying.as_text(traced, ending, compare=compare)
    say(lines, replaying.as_json(traced, ending), as_json=as_json)
    sys.exit(0 if isinstance(ending, TurnFinished) else FAILED)


@root.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    click.echo(f"moa-gateway {installed('moa-gateway')}")


async def _decided_in_chat(config: Config) -> list[str]:
    from gateway.access.grants import Grants
    from gateway.clock import SystemClock
    from gateway.program.overrides import found_in
    from gateway.wiring import read_settings

    settings, grants = read_settings(config), Grants(SystemClock())
    if settings is None:
        return []
    chosen = await found_in(settings, config)
    await grants.load(settings, config.settings.platforms)
    return [*grants.told(), *chosen]


def _address(http: Http) -> str:
    host = "127.0.0.1" if http.host in {"0.0.0.0", "::"} else http.host  # noqa: S104 - not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{http.port}"


def _load_or_demo(path: Path) -> Config:
    """Take the file, or what this machine offers where there is none by the default name."""
    if path.exists() or str(path) != DEFAULT_CONFIG:
        return load(path)
    from gateway.newcomer.demo import demo_config

    with operator():
        return awaited(demo_config("data", os.environ))[0]


def _finish(work: Coroutine[None, None, None]) -> None:
    import asyncio

    from gateway.logs import watch_crashes

    watch_crashes()
    gc.set_threshold(*GARBAGE)
    with operator(), asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(work)
    leave_at_once()


def _new_loop() -> asyncio.AbstractEventLoop:
    import asyncio

    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
