"""A crowd, or two bots among themselves, that would spend all that there is.

On the virtual loop, where everybody asks at the same moment. `tests/core/test_purse_moa30.py` holds
the sums themselves, `tests/gateway/test_budgets.py` programs on `/v1` and a kill, and
`tests/gateway/test_budgets_chats.py` the messengers.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.calls import Chunk
from core.errors import TooOften
from core.policy import BOT_EXCHANGES, BOTS_IN_CHANNEL
from core.types import Address, Author, Usage
from tests.fakes.loop import run_virtual
from tests.gateway.assembled import TEXT
from tests.gateway.guarded import ANN, GROUP, Scene, guarded
from tests.gateway.harness import TOKEN, running_gateway
from tests.gateway.http.programs import asked, client
from tests.simulators.provider import ProviderSimulator, Reply

CENTS = 10
CAPPED = re.sub(r"model: (\w+)}", rf"model: \1, max_tokens: {CENTS}}}", TEXT)
CALL = Decimal(CENTS) / 100


def scripts(delays: list[float]) -> dict[str, object]:
    def said(name: str, at: int) -> list[object]:
        end = Chunk(usage=Usage(output=CENTS), finish="stop")
        return [[delay, f"I am {name}.", end] for delay in delays[at:] + delays[:at]]

    return {name: said(name, at) for at, name in enumerate(("a", "b", "big"))}


def spent(scene: Scene) -> Decimal:
    """What the provider would send a bill for; who was cut off has not ended."""
    return CALL * len(scene.model.made)


@settings(max_examples=40)
@given(
    people=st.integers(1, 30),
    threads=st.integers(1, 3),
    daily=st.sampled_from(["0.1", "0.35", "1", "2.05"]),
    delays=st.lists(st.sampled_from([0.0, 0.01, 0.5, 3.0]), min_size=3, max_size=6),
    refuse=st.booleans(),
)
def test_a_crowd_over_many_threads_overruns_a_budget_by_one_call_at_most(
    people, threads, daily, delays, refuse
):
    async def story() -> None:
        rule = ", on_exceeded: refuse" if refuse else ""
        more = f"access: {{public: true}}\nbudgets: {{total: {{daily: {daily}}}{rule}}}\n"
        async with guarded(scripts(delays), text=CAPPED, more=more) as scene:
            for number in range(people):
                who = Author(id=f"p{number}", name=f"P{number}")
                where = replace(GROUP, channel=f"G{number % 5}", thread=f"t{number % threads}")
                await scene.say("Why?", who=who, where=where, addressed=True, at=60_000)
            await scene.idle()
            line = Decimal("1.25") * Decimal(daily)
            assert spent(scene) <= line + CALL
            turns = spent(scene)
            for number in range(5):  # and it stays so
                await scene.say("And?", who=Author(id=f"q{number}", name="Q"), where=GROUP)
                await scene.idle()
            assert spent(scene) <= line + CALL
            assert spent(scene) >= turns

    run_virtual(story())


def test_a_question_reserves_its_whole_mixture_before_the_first_call():
    """N advisors and the answer: where two have room, four at once are not all advised."""

    async def story() -> None:
        more = "access: {public: true}\nbudgets: {total: {daily: 0.6}}\n"
        async with guarded(scripts([5.0, 5.0, 5.0]), text=CAPPED, more=more) as scene:
            for number in range(4):
                who = Author(id=f"p{number}", name="P")
                where = Address(platform="fake", channel=f"D{number}")
                await scene.say("Why?", who=who, where=where, at=60_000)
            await scene.until(lambda: scene.model.made)
            advised = [each for each in scene.model.made if each.call.slot.model != "big"]
            assert 0 < len(advised) <= 4
            await scene.idle()
            assert spent(scene) <= Decimal("0.75") + CALL

    run_virtual(story())


def test_nobody_has_more_turns_at_once_however_many_threads_they_open():
    async def story() -> None:
        more = "access: {allow: ['fake:T1']}\nlimits: {running: 2}\n"
        async with guarded(scripts([60.0] * 3), text=CAPPED, more=more) as scene:
            for number in range(20):
                where = replace(GROUP, thread=f"t{number}")
                with suppress(TooOften):
                    await scene.say("Why?", where=where, addressed=True, at=60_000 + number)
            await scene.until(lambda: scene.model.made)
            await scene.idle()
            assert scene.model.most_open <= 2 * 2  # two advisors each

    run_virtual(story())


def test_two_bots_among_themselves_fall_silent_whatever_they_say_and_wherever():
    """Each answers the other for ever; in threads that they open, too."""
    bots = [replace(ANN, id=f"r{n}", name=f"Robot {n}", is_bot=True) for n in range(2)]

    async def story() -> None:
        more = "access: {allow: ['fake:T1', 'fake:r0', 'fake:r1']}\n"
        async with guarded(scripts([0.0] * 3), text=CAPPED, more=more) as scene:
            taken = 0
            for number in range(60):
                thread = f"t{number}" if number % 3 == 2 else None
                said = await scene.say(
                    f"And you, {number}?",
                    who=bots[number % 2],
                    where=replace(GROUP, thread=thread),
                    addressed=True,
                )
                taken += said is not None
                await scene.idle()
            assert BOT_EXCHANGES <= taken <= BOTS_IN_CHANNEL
            assert await scene.say("Stop it, both.", where=GROUP, addressed=True) is not None

    run_virtual(story())


BILLS = (
    {"prompt_tokens": 10**30, "completion_tokens": 4},
    {"prompt_tokens": 3, "completion_tokens": 2**63},
    {"prompt_tokens": 1e308, "completion_tokens": 4},
    {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 1e300}},
    {"prompt_tokens": 3, "completion_tokens": 4, "cost": 10**40},
    {"prompt_tokens": 3, "completion_tokens": 4, "cost": "9E+999999999999999999"},
    {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "is_byok": True,
        "cost": "9E+999999999999999999",
        "cost_details": {"upstream_inference_cost": "9E+999999999999999999"},
    },
    {"prompt_tokens": -(10**30), "completion_tokens": -1, "cost": -5},
)


async def test_no_bill_of_a_provider_loses_an_answer_or_spends_everybodys_budget(tmp_path):
    """Those figures were too large to be stored, and for whatever budget there is."""
    replies = [Reply(text="Go.", usage=each) for each in (*BILLS, {})]
    async with ProviderSimulator({"a": replies, "big": replies}) as models:
        text = BILLED.format(url=models.base_url, token=TOKEN)
        async with running_gateway(text, tmp_path) as gateway, client(gateway) as api:
            for number in range(len(replies)):
                said = asked(f"How do I get there, by way {number}?")
                answer = await api.chat.completions.create(model="review", messages=said)
                assert answer.choices[0].message.content == "Go."
                assert answer.usage is not None
                assert 0 <= answer.usage.total_tokens < 1_000


BILLED = """
providers: {{p: {{api: chat_completions, base_url: "{url}", api_key: k}}}}
moa:
  presets:
    review:
      reference_models: [{{provider: p, model: a}}]
      aggregator: {{provider: p, model: big}}
budgets: {{total: {{daily: 5}}, unpriced: 1}}
http: {{port: 0, token: {token}}}
platforms: {{web: {{}}}}
"""
