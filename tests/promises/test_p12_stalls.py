"""P12: a stalled stream is noticed, after as many seconds as the file says and no others.

The real program, all three messengers, and a provider behind the chaos proxy that stalls.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.adapters.llm.stands import SIZE, TEXT
from tests.promises.messengers import messengers
from tests.simulators.chaos import FINE, ChaosProxy, Trouble
from tests.simulators.provider import ProviderSimulator, Reply
from tests.simulators.troubles import SILENT

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
LONG = {"connect": 40, "first_token": 40, "between_tokens": 40, "total": 50}
SLOW = Reply(text="Go by train. " * 999, between=0.1)


@dataclass(frozen=True)
class Stall:
    """What stalls, which deadline is short, and what people are told."""

    deadline: str
    seconds: float
    told: str
    trouble: Trouble | None = FINE
    """None: nobody takes the connection."""
    reply: Reply = SLOW
    tries: int = 1
    kept: str = ""


STALLS = {
    "connect": Stall("connect", 0.7, "No connection to 127.0.0.1 within 0.7 s", None, tries=3),
    "silence": Stall("first_token", 0.9, "No word came within 0.9 s", SILENT["silence"]),
    "only pings": Stall(
        "first_token",
        0.9,
        "No word came within 0.9 s",
        Trouble(instead=HEAD, endless=b": ping\n\n", seconds=0.05),
    ),
    "stops after some bytes": Stall(
        "between_tokens",
        0.9,
        "Nothing more came for 0.9 s",
        Trouble(then="stop", after=b"eagle"),
        Reply(text=TEXT, size=SIZE),
        kept="alpha bravo",
    ),
    "never ends": Stall("total", 2.5, "The answer was not finished within 2.5 s", kept="Go by"),
    "the turn": Stall("turn_timeout", 2, "The answer took longer than 2 seconds", kept="Go by"),
}


@pytest.mark.parametrize("stall", STALLS.values(), ids=STALLS)
async def test_p12_a_stall_is_noticed_after_the_seconds_of_the_file(tmp_path, stall):
    times = dict(LONG)
    preset = {"enabled": False, "aggregator": {"provider": "p", "model": "big"}}
    if stall.deadline in times:
        times[stall.deadline] = stall.seconds
    else:
        preset[stall.deadline] = stall.seconds
    async with (
        ProviderSimulator({"big": stall.reply}) as models,
        ChaosProxy(models.base_url) as proxy,
    ):
        if stall.trouble is None:
            await proxy.vanish()
        else:
            proxy.befall(stall.trouble)
        provider = {"api": "chat_completions", "base_url": proxy.base_url, "timeouts": times}
        async with messengers(tmp_path, providers={"p": provider}, preset=preset) as there:

            async def noticed(stage):
                await stage.until(stage.listening)
                began = asyncio.get_running_loop().time()
                await stage.ask("How do I get there?")
                seen = await stage.reads(stall.told)
                assert asyncio.get_running_loop().time() - began >= stall.seconds
                assert stall.kept in seen.text
                assert "Retry" in "".join(seen.buttons)
                assert len(stage.answers()) == 1

            await there.everywhere(noticed)
        assert len(models.seen) <= 3  # one for each platform: a stall is not tried again
