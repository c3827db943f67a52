"""Lives a day with the program of a checkout, and keeps what it leaves: `N.sql` and `N.json`.

How it is run stands in tests/fixtures/databases/README.md. Everything that a program may leave is
there at its end, which is a kill: each person is in one of these states on each messenger.
"""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.gateway.harness import refused_gateway
from tests.gateway.page import stored
from tests.promises.olden import PEOPLE, SECONDS, Day, opened
from tests.promises.olden_worlds import WORLDS
from tests.simulators.base import Fault

POSTS = {"sendMessage", "create_message", "chat.startStream", "chat.postMessage"}
HANGS = Fault(kind="delay", seconds=600)
FAULTS = {
    "Dropped": Fault(kind="drop"),
    "Hanging": HANGS,
    "Piece": HANGS,
    "Refused": Fault(kind="refuse", status=400, error="invalid_blocks"),
    "Reset": Fault(kind="reset"),
    "Unshown": HANGS,
}
GROUP = ("telegram", "Piece")
"""In private, drafts are shown there until an answer is whole."""
FIRST = {"Unshown"}
"""Of whom the panel hangs; of the others, the answer does."""


class Weather:
    """What becomes of what is sent to whom."""

    def __init__(self, day: Day, platform: str) -> None:
        self.names = {
            str(where.id): name for (each, name), where in day.where.items() if each == platform
        }
        self.panels = 0 if platform == "slack" else 1
        self.posts = Counter[str]()
        self.struck: set[str] = set()

    def __call__(self, method: str, given: Mapping[str, Any]) -> Fault | None:
        place = next((str(each) for each in given.values() if str(each) in self.names), "")
        name = self.names.get(place, "")
        if name in self.struck and name != "Refused":
            return Fault(kind="reset")
        if name not in FAULTS or method not in POSTS:
            return None
        self.posts[name] += 1
        if self.posts[name] <= (0 if name in FIRST else self.panels):
            return None
        self.struck.add(name)
        return FAULTS[name]


async def lived(day: Day) -> None:
    _people(day)
    dies = {"MOA_GATEWAY_CRASH_AT": "turn.unbegun@telegram"}
    async with day.started(**dies) as process:
        await day.say("telegram", "Letter", "This is from Letter.")
        await process.ended(seconds=SECONDS)
    for _ in range(2):
        await refused_gateway(day.text, day.folder, environ=dies)
    async with day.started() as process:
        await day.sims["telegram"].until(day.listening, seconds=SECONDS)
        await stored(day.folder, "SELECT 1 FROM inbox WHERE state = 'aside'", seconds=SECONDS)
        await _chosen(day)
        for platform, sim in day.each():
            sim.faults.chance = Weather(day, platform)
        await _asked(day)
        process.child.send_signal(signal.SIGKILL)
        await process.ended()


def _people(day: Day) -> None:
    for platform, sim in day.each():
        for name in PEOPLE:
            who = day.who[platform, name] = sim.person(name)
            group = (platform, name) == GROUP
            day.where[platform, name] = sim.group("team", who) if group else sim.dm(who)


async def _chosen(day: Day) -> None:
    """Ann's day: two answers, a file, what she has chosen and pinned, and a summary."""
    for platform, _ in day.each():
        files = [("notes.txt", b"The station is in the north.")]
        await day.say(platform, "Ann", "How do I get there?", files=files)
    await day.until(lambda p, n: ended(day, p, n) >= 1, "Ann")
    for platform, _ in day.each():
        await day.say(platform, "Ann", "And back?")
    await day.until(lambda p, n: ended(day, p, n) >= 2, "Ann")
    for platform, _ in day.each():
        await day.command(platform, "Ann", "memory", do="add", what="We meet on Mondays.")
        await day.command(platform, "Ann", "moa", preset="review", scope="me")
        await day.command(platform, "Ann", "compact")
    # In Slack each question in private has a thread of its own, and nothing to sum up.
    await stored(day.folder, "SELECT 1 WHERE (SELECT count(*) FROM epochs) >= 2", seconds=SECONDS)


async def _asked(day: Day) -> None:
    bills = {
        platform: await day.say(platform, "Ann", "Pay the bill.") for platform, _ in day.each()
    }
    await stored(
        day.folder,
        "SELECT 1 WHERE (SELECT count(*) FROM tool_calls WHERE decision = 'waiting') >= 3",
        seconds=SECONDS,
    )
    for platform, _ in day.each():
        for name in PEOPLE:
            if name not in {"Ann", "Letter"}:
                mention = {"mention": True} if (platform, name) == ("telegram", "Piece") else {}
                await day.say(
                    platform, name, f"How do I get there? This is from {name}.", **mention
                )
        below = {"thread": bills[platform]} if platform == "slack" else {}
        await day.say(platform, "Ann", "What does it cost?", **below)
    await asyncio.sleep(12)


def ended(day: Day, platform: str, name: str) -> int:
    return sum("The end." in each.text for each in day.shown(platform, name))


def keep(day: Day, target: Path) -> None:
    whole: dict[str, Any] = {"ended": int(time.time())}  # noqa: TID251 - it stands in the file
    for platform, sim in day.each():
        known = {n: (day.who[p, n], day.where[p, n]) for p, n in day.who if p == platform}
        whole[platform] = WORLDS[platform].keep(sim, known)
    whole["files"] = {
        each.name: base64.b64encode(each.read_bytes()).decode()
        for each in sorted((day.data / "files").glob("*"))
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    target.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    with closing(sqlite3.connect(day.data / "moa-gateway.db")) as connection:
        marks = [
            f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        ]
        lines = [*marks, *connection.iterdump()]
    target.with_suffix(".sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as day:
            await lived(day)
            keep(day, target)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
