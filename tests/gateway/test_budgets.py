"""Shows budgets at work in the whole program: notice, downgrade, refusal, restart (MOA-30)."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openai
import pytest

from adapters.store import open_sqlite
from core.records import Spent, Whose
from tests.fakes.turns import advice, report, start
from tests.gateway.harness import refused_gateway, running_gateway
from tests.gateway.http.programs import asked as question
from tests.gateway.http.programs import client, moa
from tests.gateway.money import TEN_CENTS, Days, asked, config, models, notes
from tests.gateway.page import Page, View, answered, answers
from tests.simulators.provider import Reply

ANEW = "It starts anew on Sunday 29 November at 00:00 (Europe/Berlin)."
SKIPPED = "advisors skipped: your daily budget is used up"


async def say(page: Page, number: int) -> View:
    await page.say(f"Question {number}?")
    return await page.until(answered(number))


async def test_a_person_s_day_notice_downgrade_refusal_and_a_new_day(tmp_path):
    clock = Days()
    async with models() as simulator:
        text = config(simulator, "{user: {daily: 1}}")
        async with (
            running_gateway(text, tmp_path, clock=clock) as gateway,
            Page.of(gateway) as page,
        ):
            for number in range(1, 7):
                await say(page, number)
            view = await say(page, 7)
            full, some, alone = "a b big", "a big", "big"
            expected = [full, full, full, some, alone, alone]
            assert asked(simulator) == " ".join(sorted(" ".join(expected).split()))
            assert notes(view) == [
                [],
                [],
                [f"80 % of your daily budget is used ($0.800 of $1.00). {ANEW}"],
                ["advisors skipped: your daily budget has no room left"],
                [SKIPPED],
                [SKIPPED],
                [],
            ]
            assert answers(view)[:6] == ["Go by train."] * 6
            assert answers(view)[6].startswith(
                f"Your daily budget is used up: $1.30 of $1.00. {ANEW} (trace "
            )
        # After a restart the figure still counts, and nobody is told a second time.
        async with (
            running_gateway(text, tmp_path, clock=clock) as gateway,
            Page.of(gateway) as page,
        ):
            view = await say(page, 8)
            assert "$1.30 of $1.00" in answers(view)[7]
            clock.pass_days(1)
            view = await say(page, 9)
            assert answers(view)[8] == "Go by train."
            assert notes(view)[8] == []
            assert gateway.calls.of("b")


async def test_where_on_exceeded_is_refuse_a_spent_budget_asks_nobody(tmp_path):
    async with models() as simulator:
        text = config(simulator, "{user: {daily: 0.25}, on_exceeded: refuse}")
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            Page.of(gateway) as page,
        ):
            await say(page, 1)
            before = len(simulator.seen)
            view = await say(page, 2)
        assert len(simulator.seen) == before
        assert "Your daily budget is used up" in answers(view)[1]


async def test_a_program_over_its_budget_reads_429_before_any_call(tmp_path):
    keys = "{ci: {token: key-of-ci, budgets: {daily: 0.3}}, other: {token: key-of-other}}"
    async with models() as simulator:
        text = config(simulator, "{key: {daily: 9}}", keys=keys)
        async with running_gateway(text, tmp_path, clock=Days()) as gateway:
            async with client(gateway, "key-of-ci") as api:
                ask = api.chat.completions.create
                first = await ask(model="review", messages=question())
                assert [each["outcome"] for each in moa(first.usage)["references"]] == ["ok"] * 2
                second = await ask(model="review", messages=question("And back?"))
                references = moa(second.usage)["references"]
                assert [(each["outcome"], each["reason"]) for each in references] == [
                    ("skipped", "budget")
                ] * 2
                assert moa(second.usage)["notes"] == [
                    "advisors skipped: the daily budget of the key ci is used up"
                ]
                assert moa(second.usage)["dollars"] == 0.1
                before = len(simulator.seen)
                with pytest.raises(openai.RateLimitError):
                    await ask(model="review", messages=question(), stream=True)
                with pytest.raises(openai.RateLimitError) as refused:
                    await ask(model="review", messages=question())
                assert (refused.value.type, refused.value.code) == ("insufficient_quota",) * 2
                assert refused.value.response.headers["x-should-retry"] == "false"
                told = f"The daily budget of the key ci is used up: $0.400 of $0.300. {ANEW}"
                assert told in refused.value.message
                assert len(simulator.seen) == before
            async with client(gateway, "key-of-other") as api:
                await api.chat.completions.create(model="alone", messages=question())


async def test_moa_24_advice_that_is_used_again_costs_nothing_and_needs_no_room(tmp_path):
    keys = "{ci: {token: key-of-ci, budgets: {daily: 0.3}}}"
    async with models() as simulator:
        text = config(simulator, "{}", keys=keys)
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            client(gateway, "key-of-ci") as api,
        ):
            await api.chat.completions.create(model="review", messages=question())
            answer = await api.chat.completions.create(model="review", messages=question())
            references = moa(answer.usage)["references"]
            assert [(each["outcome"], each["dollars"]) for each in references] == [("ok", 0)] * 2
            assert moa(answer.usage)["dollars"] == 0.1
            assert moa(answer.usage)["notes"] == []
        assert asked(simulator) == "a b big big"


async def test_p4_what_was_checkpointed_before_a_kill_counts_after_it(tmp_path):
    clock = Days()
    store = await open_sqlite(tmp_path / "data" / "moa-gateway.db")
    began = int(clock.now().timestamp() * 1000)
    await store.begin(start("t1", session="v1/ci", asker="ci", started=began))
    paid = replace(advice(1), call=report("sim:a", "Hm.", dollars="0.4"))
    await store.landed("t1", 1, paid)
    await store.close()
    async with models() as simulator:
        text = config(simulator, "{key: {daily: 0.3}}", keys="{ci: {token: key-of-ci}}")
        async with (
            running_gateway(text, tmp_path, clock=clock) as gateway,
            client(gateway, "key-of-ci") as api,
        ):
            with pytest.raises(openai.RateLimitError, match=r"\$0\.400 of \$0\.300"):
                await api.chat.completions.create(model="review", messages=question())
            (cost,) = await gateway.store.costs(Whose(asker="ci"), since=0, until=2 * began)
            assert cost.spent == Spent(dollars=Decimal("0.4"), turns=1)
        assert not simulator.seen


async def test_two_keys_at_once_never_overrun_the_total_by_more_than_one_call(tmp_path):
    keys = "{one: {token: key-one}, two: {token: key-two}}"
    slow = {name: Reply(text=name, usage=TEN_CENTS, first=0.2) for name in ("a", "b", "big")}
    async with models(**slow) as simulator:
        text = config(simulator, "{total: {daily: 2}}", keys=keys)
        async with running_gateway(text, tmp_path, clock=Days()) as gateway:

            async def turn(key: str, number: int) -> str:
                async with client(gateway, key) as api:
                    try:
                        await api.chat.completions.create(
                            model="review", messages=question(f"Number {number}?")
                        )
                    except openai.RateLimitError as refused:
                        return str(refused.code)
                    return "answered"

            turns = [turn(key, n) for n in range(15) for key in ("key-one", "key-two")]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in turns]
            ends = [task.result() for task in tasks]
            took = Decimal(len(simulator.seen)) / 10
            assert Decimal(2) <= took <= Decimal("2.6")
            assert "insufficient_quota" in ends
            assert "answered" in ends


async def test_a_turn_s_own_limit_skips_what_it_has_no_room_for(tmp_path):
    async with models() as simulator:
        text = config(simulator, "{turn: 0.25}")
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            Page.of(gateway) as page,
        ):
            view = await say(page, 1)
        assert asked(simulator) == "a big"
        assert notes(view) == [["advisors skipped: one question may cost $0.250"]]


async def test_moa_28_what_the_provider_reports_wins_over_the_prices_in_the_file(tmp_path):
    reported = Reply(text="Go by train.", usage={**TEN_CENTS, "cost": 0.0125})
    async with models(big=reported) as simulator:
        text = config(simulator, "{user: {daily: 1}}")
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            client(gateway) as api,
        ):
            answer = await api.chat.completions.create(model="alone", messages=question())
            assert moa(answer.usage)["dollars"] == 0.0125


# --- prices that nobody knows -----------------------------------------------------------------


def unknown(simulator, budgets: str) -> str:
    text = config(simulator, budgets)
    return text.replace('"sim:b": {input: 0, output: 1000}, ', "")


@pytest.mark.parametrize("command", ["run", "config check"])
async def test_a_budget_that_nobody_can_hold_is_the_operator_s_mistake(tmp_path, command):
    async with models() as simulator:
        text = unknown(simulator, "{user: {daily: 1}}")
        code, told = await refused_gateway(text, tmp_path, arguments=tuple(command.split()))
    assert code == 2
    assert "nobody knows what sim:b costs" in told
    assert 'name it under prices, such as "sim:b": {input: 1.25, output: 10}' in told
    assert "budgets.unpriced" in told


async def test_a_server_on_this_machine_that_takes_no_key_needs_no_price(tmp_path):
    async with models() as simulator:
        text = unknown(simulator, "{user: {daily: 1}}").replace(", api_key: k", "")
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            view = await say(page, 1)
    assert "$0.200 + unknown prices" in json.dumps(view)


async def test_an_advisor_that_is_off_needs_no_price_for_it_costs_nothing(tmp_path):
    async with models() as simulator:
        text = unknown(simulator, "{user: {daily: 1}}")
        text = text.replace("model: b, max_tokens: 100", "model: b, enabled: false")
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            assert answers(await say(page, 1)) == ["Go by train."]


async def test_what_models_without_a_price_count_for_is_the_operator_s_to_say(tmp_path):
    async with models() as simulator:
        text = unknown(simulator, "{user: {daily: 0.2}, unpriced: 1000}")
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            Page.of(gateway) as page,
        ):
            await say(page, 1)
            view = await say(page, 2)
            # b took 1,000 tokens at 1,000 dollars a million
            assert "Your daily budget is used up: $1.20 of $0.200" in answers(view)[1]
        async with (
            running_gateway(text, tmp_path, clock=Days()) as gateway,
            Page.of(gateway) as page,
        ):
            assert "$1.20 of $0.200" in answers(await say(page, 3))[2]


async def test_without_a_budget_an_unknown_price_is_no_mistake(tmp_path):
    async with (
        models() as simulator,
        running_gateway(unknown(simulator, "{}"), tmp_path) as gateway,
        Page.of(gateway) as page,
    ):
        assert answers(await say(page, 1)) == ["Go by train."]


# --- looking at it ----------------------------------------------------------------------------


async def cost(folder: Path, *arguments: str) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("moa-gateway")),
        *("cost", "--config", str(folder / "config.yaml"), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode(), err.decode()


async def test_the_command_line_says_what_was_spent_while_the_gateway_runs(tmp_path):
    async with models() as simulator:
        text = config(simulator, "{user: {daily: 1}, total: {monthly: 30}}")
        (tmp_path / "config.yaml").write_text(f"{text}\ndata_dir: {tmp_path}/data\n")
        code, _, told = await cost(tmp_path)
        assert code == 2
        assert "the gateway makes it when it first runs" in told
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            await say(page, 1)
            code, said, told = await cost(tmp_path)
            assert (code, told) == (0, "")
            found = json.loads((await cost(tmp_path, "--json"))[1])
    assert "This month (since " in said
    assert "web:owner  $0.300 (1 answer)" in said
    assert "sim:big  $0.100 (1 call)" in said
    assert "budget of total, monthly: $0.300 of $30.00" in said
    month = found["month"]
    assert month["total"] == {"dollars": "0.3", "priced": True, "answers": 1}
    assert month["presets"] == [{"name": "review", "dollars": "0.3", "priced": True, "answers": 1}]
    assert [each["name"] for each in month["models"]] == ["sim:a", "sim:b", "sim:big"]
    (budget,) = found["today"]["budgets"] or [None]
    assert budget == {
        "scope": "user",
        "name": "web:owner",
        "period": "daily",
        "dollars": "1",
        "spent": "0.3",
        "left": "0.7",
    }
