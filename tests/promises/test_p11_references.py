"""P11: what becomes of a question while one of its advisors is out of order, on all messengers.

The real program; one provider of two stands behind the chaos proxy. No deadline but that of the
preset is near: whoever waited for another one would wait for too long here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

import pytest

from gateway.clock import SystemClock
from tests.adapters.llm.stands import SIZE, TEXT
from tests.promises.messengers import messengers
from tests.simulators.chaos import FINE, ChaosProxy, Trouble
from tests.simulators.provider import ProviderSimulator, Reply
from tests.simulators.troubles import SILENT, says
from tests.transcripts.stages import Stage

SECONDS = 4.0  # the good one has them, too, on a busy machine
LONG = {"connect": 60, "first_token": 60, "between_tokens": 60, "total": 60}
PRESET = {
    "reference_models": [{"provider": "fine", "model": "a"}, {"provider": "bad", "model": "b"}],
    "aggregator": {"provider": "fine", "model": "big"},
    "reference_timeout": SECONDS,
}
ANSWER = "Go by train."


def tomorrow() -> str:
    return format_datetime(SystemClock().now() + timedelta(days=1), usegmt=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """What befalls the advisor, and what the panel says of it.

    `late`: only the deadline finds it out. `at` is where its provider is said to be instead.
    """

    trouble: Trouble = FINE
    told: str = "failed: overloaded or out of order"
    late: bool = False
    at: str = ""


LATE = f"timed out after {SECONDS} s"
GONE = "failed: could not be reached"
CASES = {
    "429 for 60 seconds": Bad(trouble=says("429 Too Many Requests", b"", "Retry-After: 60")),
    "429 until a date": Bad(
        trouble=says("429 Too Many Requests", b"", f"Retry-After: {tomorrow()}")
    ),
    "a byte a second": Bad(trouble=Trouble(then="trickle", seconds=1.0), told=LATE, late=True),
    "no word": Bad(trouble=SILENT["a head"], told=LATE, late=True),
    "nothing at all": Bad(trouble=SILENT["silence"], told=LATE, late=True),
    "torn in the middle": Bad(trouble=Trouble(then="reset", after=b"eagle"), told=GONE),
    "nobody there": Bad(at="http://127.0.0.1:9/v1", told=GONE),  # a name would ask the network
}


@pytest.mark.parametrize("bad", CASES.values(), ids=CASES)
async def test_p11_a_bad_advisor_costs_its_advice_and_no_more_than_its_deadline(tmp_path, bad):
    replies = {
        "a": Reply(text="Walk."),
        "b": Reply(text=TEXT, size=SIZE),
        "big": Reply(text=ANSWER),
    }
    async with (
        ProviderSimulator(replies) as models,
        ChaosProxy(models.base_url) as proxy,
    ):
        proxy.befall(bad.trouble)
        at = {"fine": models.base_url, "bad": bad.at or proxy.base_url}
        providers = {
            name: {"api": "chat_completions", "base_url": url, "timeouts": LONG}
            for name, url in at.items()
        }
        async with messengers(tmp_path, providers=providers, preset=PRESET) as there:

            async def answered(stage: Stage) -> None:
                await stage.until(stage.listening)
                began = asyncio.get_running_loop().time()
                await stage.ask(f"How do I get there, {stage.platform}?")
                await stage.answered(ANSWER)
                if bad.late:
                    assert asyncio.get_running_loop().time() - began >= SECONDS
                await stage.until(lambda: "1 of 2 advisors" in panel(stage))
                assert f"bad:b · {bad.told}" in panel(stage)
                assert "fine:a · done" in panel(stage)

            await there.everywhere(answered)
        asked = Counter(each.body["model"] for each in models.seen)
        assert (asked["a"], asked["big"]) == (3, 3)
        assert proxy.asked == (0 if bad.at else 3)  # nothing of it is asked for twice


def panel(stage: Stage) -> str:
    return "".join(stage.panels())
