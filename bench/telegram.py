"""The rows about Telegram: what a message costs, 200 people at once, when the first poll comes.

The program and the floor (`floor_telegram.py`) run in processes of their own and take turns; each
speaks to a Bot API of its own (`bot_api.py`), which has limits in the scene of the crowd alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from time import monotonic, sleep
from urllib.request import Request, urlopen

from bench.bot_api import TOKEN, Chat, bot_api
from bench.process import Process
from bench.program import TOKEN as OWNER
from bench.program import running
from bench.scene import Plan, Scene
from bench.table import Row

CONFIG = """\
http: {{host: 127.0.0.1, port: 0, token: {owner}}}
platforms:
  telegram: {{token: "{token}", base_url: "{api}/bot", base_file_url: "{api}/file/bot"}}
providers:
  bench: {{api: chat_completions, base_url: "{provider}", api_key: none-needed}}
moa:
  presets:
    bench: {slots}
access: {{public: true}}
budgets: {{total: {{daily: 1}}, unpriced: 0}}
"""
AT_ONCE = Scene(references=(), aggregator=Plan(first=0.0, pieces=20))
ALONE = Scene(references=(), aggregator=Plan(first=0.2, pieces=20, between=0.05))
ADVISOR = Plan(first=0.2, pieces=40, between=0.05)
MIXED = Scene(references=(ADVISOR,) * 4, aggregator=ADVISOR)
LONG = Scene(references=(), aggregator=Plan(first=0.5, pieces=50, between=0.05))
SOME, CROWD = 20, 200
SETTLES = 4.0
"""Seconds after its start in which the program still reads its tables of prices."""
AFTERWARDS = 0.5
"""Seconds in which it writes down what it did, once everybody has an answer."""
PATIENCE = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The program or the floor, and the Bot API that it speaks to."""

    process: Process
    api: str
    people: Iterator[int] = field(default_factory=lambda: count(1000))

    def ask(self, crowd: int, words: int) -> list[Chat]:
        """Let new people ask at once; come back when each has the whole answer."""
        body = json.dumps({"chats": [next(self.people) for _ in range(crowd)], "words": words})
        request = Request(f"{self.api}/ask", body.encode())  # noqa: S310 - our own http address
        with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
            return [Chat(**each) for each in json.load(response)]


@dataclass(slots=True)
class Seen:
    """What one side's people saw, and the CPU that each of their messages took, by rounds."""

    chats: list[Chat] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return 1000 * median(self.cpu)

    @property
    def first(self) -> float:
        return median(each.first - each.asked for each in self.chats)

    @property
    def final(self) -> float:
        return median(each.final - each.asked for each in self.chats)


def config(provider: str, api: str, scene: Scene) -> str:
    """Write a configuration with one messenger and one preset."""
    return CONFIG.format(owner=OWNER, token=TOKEN, api=api, provider=provider, slots=slots(scene))


def slots(scene: Scene) -> str:
    """Write a preset; without references it is its aggregator alone."""
    models = [f'{{provider: bench, model: "{each.model}"}}' for each in scene.references]
    enabled = str(bool(models)).lower()
    aggregator = f'{{provider: bench, model: "{scene.aggregator.model}"}}'
    return (
        f"{{reference_models: [{', '.join(models)}], aggregator: {aggregator}, enabled: {enabled}}}"
    )


@contextmanager
def _floor(provider: str, api: str, scene: Scene) -> Iterator[Process]:
    models = [each.model for each in (scene.aggregator, *scene.references)]
    command = [sys.executable, "-m", "bench.floor_telegram", api, provider, *models]
    with subprocess.Popen(command) as child:
        try:
            yield Process(pid=child.pid)
        finally:
            child.terminate()


@contextmanager
def sides(provider: str, scene: Scene, *, limits: bool = False) -> Iterator[tuple[Side, Side]]:
    """Start the floor and the program."""
    with ExitStack() as stack:
        apis = [stack.enter_context(bot_api(limits=limits)) for _ in range(2)]
        floor = stack.enter_context(_floor(provider, apis[0], scene))
        ours = stack.enter_context(running(config(provider, apis[1], scene)))
        for api in apis:
            _polled(api)
        sleep(SETTLES)
        yield Side(process=floor, api=apis[0]), Side(process=ours, api=apis[1])


def account(api: str) -> dict[str, float]:
    """Give when the bot first polled and how often it was refused."""
    with urlopen(f"{api}/account") as response:  # noqa: S310 - our own http address
        found: dict[str, float] = json.load(response)
    return found


def until(true: Callable[[], object]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it never was.
    """
    begun = monotonic()
    while not true():
        if monotonic() > begun + PATIENCE:
            raise TimeoutError
        sleep(0.005)


def _play(pair: Sequence[Side], scene: Scene, crowd: int, repeat: int) -> tuple[Seen, Seen]:
    """Let people ask both sides by turns: whatever disturbs the machine disturbs both."""
    seen = Seen(), Seen()
    for number in range(repeat + 1):
        for side, found in zip(pair, seen, strict=True):
            before = side.process.cpu
            chats = side.ask(crowd, scene.aggregator.pieces)
            sleep(AFTERWARDS)
            if number:  # the first time opens connections and fills caches
                found.chats += chats
                found.cpu.append((side.process.cpu - before) / crowd)
    return seen


def rows(provider: str, *, repeat: int, starts: int) -> list[Row]:
    """Measure."""
    with sides(provider, AT_ONCE) as pair:
        at_once = _play(pair, AT_ONCE, SOME, 2 * repeat)
    with sides(provider, ALONE) as pair:
        alone = _play(pair, ALONE, SOME, repeat)
    with sides(provider, MIXED) as pair:
        mixed = _play(pair, MIXED, SOME, repeat)
    with sides(provider, LONG, limits=True) as pair:
        crowd = _play(pair, LONG, CROWD, max(1, repeat // 2))
        refused = [int(account(side.api)["refused"]) for side in pair]
    return [
        _cpu("Telegram: CPU per message, 20 pieces at once", at_once, 6),
        _cpu("Telegram: CPU per message, 20 pieces within 1 s", alone, 6),
        _cpu("Telegram: CPU per turn, 4 references, panel, 5 × 40 pieces", mixed, 27),
        *_crowd(crowd, refused),
        *_polls(provider, starts),
    ]


def _cpu(what: str, seen: tuple[Seen, Seen], limit: float | None = None) -> Row:
    floor, ours = seen
    target = "-" if limit is None else f"≤ {limit:.0f} ms"
    return Row(
        what=what,
        unit="ms",
        floor=floor.milliseconds,
        ours=ours.milliseconds,
        target=target,
        limit=limit,
    )


def _crowd(seen: tuple[Seen, Seen], refused: Sequence[int]) -> list[Row]:
    floor, ours = seen
    about = f"Telegram: {CROWD} people at once"
    times = [("first text", floor.first, ours.first), ("whole answer", floor.final, ours.final)]
    return [
        *(
            Row(
                what=f"{about}: {what}",
                unit="s",
                floor=one,
                ours=other,
                target="≤ 1.3 × floor",
                limit=1.3 * one,
            )
            for what, one, other in times
        ),
        _cpu(f"{about}: CPU per message", seen),
        Row(
            what=f"{about}: answers to 429",
            unit="",
            floor=refused[0],
            ours=refused[1],
            target="0",
            limit=0,
        ),
    ]


def _polls(provider: str, starts: int) -> list[Row]:
    taken: list[float] = []
    held: list[float] = []
    for _ in range(starts):
        with bot_api() as api, running(config(provider, api, ALONE)) as program:
            taken.append(_polled(api) - program.began)
            sleep(SETTLES)
            held.append(program.megabytes)
    return [
        Row(
            what="start to the first poll of Telegram",
            unit="s",
            ours=median(taken),
            target="≤ 1.5 s",
            limit=1.5,
        ),
        Row(
            what="memory, idle, Telegram alone",
            unit="MB",
            ours=median(held),
            target="≤ 75 MB",
            limit=75,
        ),
    ]


def _polled(api: str) -> float:
    """Wait for the first poll; give its time."""
    until(lambda: account(api)["polled"])
    return account(api)["polled"]
