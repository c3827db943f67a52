"""P10: the machine's own clock is set while the real program runs, on all three messengers.

libfaketime stands between the program and the system's clocks: what it reads of the day is what a
file says, and the clock that only goes on is left alone, as it is where an administrator sets one.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import aiohttp
import yaml

from core.wording import LABELS
from tests.gateway.harness import process_gateway
from tests.gateway.messenger_scene import Scene, finals, scene, unsure
from tests.simulators.provider import Reply
from tests.transcripts.stages import MESSENGERS, Stage, Where

BANK = Path(__file__).parents[1] / "chaos" / "bank.py"
FUNCTION = {"name": "bank__pay", "arguments": '{"text": "bill"}'}
CALL = {"id": "call_1", "type": "function", "function": FUNCTION}
DAY = 86_400
COSTS = {"a": 9, "b": 9, "big": 12}
"""Three turns on three messengers; in the last one a tool is called, and its result told."""


class Clock:
    """The clock of the day, of one program. `set` it wrong by so many seconds."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)

    def set(self, seconds: int) -> None:
        made = self._file.with_suffix(".new")
        made.write_text(f"{seconds:+}")
        made.replace(self._file)  # never half of it

    @property
    def environ(self) -> dict[str, str]:
        found = find_spec("libfaketime")
        assert found is not None
        assert found.origin is not None
        library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def with_bank(there: Scene) -> Path:
    paid = there.folder / "paid.txt"
    whole = yaml.safe_load(there.text)
    command = [sys.executable, "-I", "-S", str(BANK), str(paid)]
    whole["tools"] = {"servers": {"bank": {"command": command, "approve": "always"}}}
    whole["retention"] = {"messages": "1d"}
    there.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    return paid


async def test_p10_the_clock_is_set_a_day_ahead_and_back_while_people_talk(tmp_path):
    clock = Clock(tmp_path)
    async with scene(tmp_path, "dm") as there:
        paid = with_bank(there)
        async with process_gateway(there.text, tmp_path, environ=clock.environ) as process:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as page:
                async with page.get(f"{process.url}/?code={process.code}") as signed_in:
                    assert signed_in.status == 200
                for number, wrong in enumerate((DAY, -DAY), start=1):
                    there.models.close("big")
                    await there.ask(f"How do I get to place {number}?")
                    await there.rows("turns", number * len(MESSENGERS), "references_done")
                    await process.logged("tool_server_ready", seconds=60)  # a second of imports
                    clock.set(wrong)  # in the middle of a turn on each messenger
                    there.models.open()
                    await there.answered(number)
                    await there.settled(number * len(MESSENGERS))
                    async with page.get(f"{process.url}/") as seen:
                        assert seen.status == 200, wrong
            there.models.wants = Reply(text="Let me see.", tool_calls=(CALL,), finish="tool_calls")
            await there.ask("Pay the bill")
            await there.everywhere(offered)
            clock.set(-2 * DAY)
            await there.each(allow)
            await there.answered(3)
            assert len(process.stderr) < 100, process.stderr
            assert "Traceback" not in "\n".join(process.stderr)
        assert paid.read_text() == "bill\n" * len(MESSENGERS)
        await whole(there)


async def whole(there: Scene) -> None:
    """Assert that nothing is lost, doubled or paid twice, and that the clock was set indeed."""
    await there.settled(3 * len(MESSENGERS))
    assert Counter(each.body["model"] for each in there.models.seen) == COSTS
    ((went,),) = await there.stored("SELECT max(started) - min(started) FROM turns")
    assert went > 1_900 * DAY  # in milliseconds
    ((texts,),) = await there.stored("SELECT count(*) FROM history WHERE removed = 0")
    assert texts >= 2 * 3 * len(MESSENGERS)  # none was purged early
    for stage in there.stages:
        in_order(there, stage)


def offered(stage: Stage, where: Where) -> bool:
    return any(LABELS["approve"] in label for each in stage.seen(where) for label in each.buttons)


async def allow(stage: Stage, where: Where) -> None:
    await stage.press(LABELS["approve"], where=where)


def in_order(there: Scene, stage: Stage) -> None:
    """Assert that each was answered once, and the last one asked below all before it."""
    assert (len(finals(stage, "dm")), len(unsure(stage, "dm"))) == (3, 0)
    if stage.platform == "slack":  # each question in private has a thread of its own
        return
    words = f"Pay the bill ({stage.platform} dm)"
    bodies = [str(each.body["messages"]) for each in there.models.seen]
    last = next(body for body in reversed(bodies) if words in body)
    places = [last.index(f"place {number}?") for number in (1, 2)]
    assert [*places, last.index(words)] == sorted([*places, last.index(words)])
