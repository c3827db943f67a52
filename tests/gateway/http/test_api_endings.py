"""Shows how answers on /v1 end badly: models that fail, clients that leave, a store that is gone,
a gateway that is asked to stop. Whatever was spent is kept; what was said is not."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import openai
import pytest

from core.events import AnswerDelta, ReferenceProgress, TurnFinished, TurnStopped
from gateway.program import app
from tests.gateway.harness import Running, process_gateway, running_gateway
from tests.gateway.http.programs import Heard, asked, client, mixture, moa, wired
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openai.types.chat import ChatCompletionChunk

    from core.records import StoredTurn

ADVICE = """
    wise: {text: "Take the train.", dollars: 0.001}
    bold: {text: "Take the plane.", dollars: 0.002}
"""
STALLS = ADVICE + "    big: {text: I begin, stall: true, dollars: 0.01}"

KINDS = {
    "context": (400, "context_length_exceeded"),
    "refused": (502, "model_refused"),
    "auth": (502, "model_forbidden"),
    "broken": (502, "model_failed"),
    "stalled": (504, "model_stalled"),
    "busy, retry_after: 0": (503, "model_busy"),
}


async def stored(gateway: Running, completion: str) -> StoredTurn:
    turn = await gateway.store.turn(completion.removeprefix("chatcmpl-"))
    assert turn is not None
    return turn


async def read(
    stream: openai.AsyncStream[ChatCompletionChunk], each: Callable[[ChatCompletionChunk], None]
) -> None:
    async for chunk in stream:
        each(chunk)


@pytest.mark.parametrize(("kind", "expected"), KINDS.items(), ids=KINDS)
async def test_a_failed_aggregator_is_a_typed_error_under_a_fitting_status(
    tmp_path, kind, expected
):
    answers = ADVICE + f"    big: {{error: {kind}, message: The oven is cold.}}"
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.APIStatusError, match=r"The oven is cold\.") as failed:
            await api.chat.completions.create(model="review", messages=asked())
        assert failed.value.request_id
        assert await gateway.store.turn(failed.value.request_id) is not None
    assert (failed.value.status_code, failed.value.code) == expected


async def test_a_client_is_told_not_to_ask_again_for_what_will_not_change(tmp_path):
    answers = ADVICE + "    big: {error: refused}"
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.InternalServerError):
            await api.with_options(max_retries=2).chat.completions.create(
                model="review", messages=asked()
            )
        assert len(gateway.calls.of("big")) == 1


async def test_a_stream_that_breaks_keeps_what_came_and_ends_with_an_error(tmp_path):
    answers = ADVICE + "    big: {text: I begin to say, error: broken, message: The line is cut.}"
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        chunks: list[ChatCompletionChunk] = []
        with pytest.raises(openai.APIError, match=r"The line is cut\.") as failed:
            await read(stream, chunks.append)
    choices = [chunk.choices[0] for chunk in chunks]
    assert "".join(choice.delta.content or "" for choice in choices) == "I begin to say"
    assert {choice.finish_reason for choice in choices} == {None}
    assert (failed.value.type, failed.value.code) == ("server_error", "model_failed")


async def test_advisors_that_fail_are_told_of_and_the_aggregator_answers_alone(tmp_path):
    answers = """
        wise: {error: refused}
        bold: {error: auth}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        answer = await api.chat.completions.create(model="review", messages=asked())
    told = [(each["outcome"], each["reason"]) for each in moa(answer.usage)["references"]]
    assert told == [("failed", "refused"), ("failed", "auth")]
    assert answer.choices[0].message.content == "Go by train."


async def test_a_client_that_leaves_the_stream_stops_the_model_and_the_cost_is_kept_moa_11(
    tmp_path,
):
    async with running_gateway(mixture(STALLS), tmp_path) as gateway, client(gateway) as api:
        endings = Heard(gateway, TurnFinished, TurnStopped)
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        completion = ""
        async for chunk in stream:
            completion = chunk.id
            if chunk.choices[0].delta.content:
                break
        assert gateway.calls.ends("big") == ["open"]
        await stream.close()
        await gateway.calls.until_quiet()
        assert gateway.calls.ends("big") == ["closed"]
        assert isinstance(await endings.next(), TurnStopped)
        turn = await stored(gateway, completion)
    assert turn.end is not None
    assert turn.end.ending == "stopped"
    assert turn.end.dollars >= Decimal("0.003")


@pytest.mark.parametrize(
    ("preset", "model", "begun"),
    [("review", "bold", ReferenceProgress), ("solo", "big", AnswerDelta)],
)
async def test_leaving_closes_the_connections_to_providers_moa_11(tmp_path, preset, model, begun):
    replies: dict[str, Reply | Sequence[Reply]] = {
        "wise": Reply(text="Take the train.", first=PATIENCE),
        "*": Reply(text="I begin, but " * 9, stall_after=600),
    }
    async with (
        ProviderSimulator(replies) as simulator,
        running_gateway(wired(simulator.base_url), tmp_path) as gateway,
        client(gateway) as api,
    ):
        heard = Heard(gateway, begun)
        stream = await api.chat.completions.create(model=preset, messages=asked(), stream=True)
        await heard.next()
        await stream.close()
        assert model in {seen.body["model"] for seen in simulator.seen}
        async with asyncio.timeout(PATIENCE):
            for seen in simulator.seen:
                await seen.gone.wait()


async def test_a_client_that_leaves_while_advisors_think_stops_them_all_moa_11(tmp_path):
    answers = """
        wise: {text: I begin, stall: true}
        bold: {text: "Take the plane.", dollars: 0.002}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        endings = Heard(gateway, TurnFinished, TurnStopped)
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(
                api.chat.completions.create(model="review", messages=asked())
            )
            await gateway.calls.until(lambda: gateway.calls.ends("bold") == ["finished"])
            asking.cancel()
        await gateway.calls.until_quiet()
        ended = await endings.next()
    assert gateway.calls.ends("wise") == ["closed"]
    assert gateway.calls.of("big") == []
    assert isinstance(ended, TurnStopped)
    assert ended.result.dollars >= Decimal("0.002")


async def test_a_fan_out_that_is_shared_outlives_the_one_who_leaves_moa_24(tmp_path):
    answers = """
        wise: {text: "Take the train.", first: 0.6}
        bold: "Take the plane."
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        endings = Heard(gateway, TurnFinished, TurnStopped)
        async with asyncio.TaskGroup() as group:
            first, second = (
                group.create_task(api.chat.completions.create(model="review", messages=asked()))
                for _ in range(2)
            )
            await gateway.calls.until_asked("wise")
            first.cancel()
        assert isinstance(await endings.next(), TurnStopped)
        assert second.result().choices[0].message.content == "Go by train."
        assert gateway.calls.ends("wise") == ["finished"]


async def test_nothing_that_was_said_is_kept_but_what_it_cost_is(tmp_path):
    answers = """
        wise: {text: "Trainspotting.", dollars: 0.001}
        bold: {text: "Planespotting.", dollars: 0.002}
        big: {text: "Birdspotting.", dollars: 0.01,
              tool_calls: [{name: hide, arguments: {a: secretly}}]}
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        question = asked("Whatspotting?")
        answer = await api.chat.completions.create(model="review", messages=question)
        turn = await stored(gateway, answer.id)
        assert await gateway.store.lines(turn.start.session) == []
        assert await gateway.store.conversations("v1", owner="owner") != []
    assert turn.end is not None
    assert (turn.end.dollars, turn.end.ending) == (Decimal("0.013"), "finished")
    assert [advice.call.dollars for _, advice in turn.advice if advice.call] == [
        Decimal("0.001"),
        Decimal("0.002"),
    ]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    assert b"fake:wise" in kept
    for said in (b"spotting", b"secretly"):
        assert said not in kept


async def test_an_answer_that_cannot_be_stored_says_so_in_its_stream(tmp_path):
    answers = ADVICE + "    big: {text: Go by train., between: 0.2, chunk: 4}"
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)

        def breaks(chunk: ChatCompletionChunk) -> None:
            if chunk.choices[0].delta.content == "Go b":
                with closing(sqlite3.connect(tmp_path / "data" / "moa-gateway.db")) as other:
                    other.execute("ALTER TABLE turns RENAME TO lost")

        with pytest.raises(openai.APIError) as failed:
            await read(stream, breaks)
    assert failed.value.code == "not_stored"


async def test_a_gateway_that_is_asked_to_stop_ends_its_streams_with_words(tmp_path, monkeypatch):
    monkeypatch.setattr(app, "DRAIN_SECONDS", 0.1)
    async with running_gateway(mixture(STALLS), tmp_path) as gateway, client(gateway) as api:
        endings = Heard(gateway, TurnFinished, TurnStopped)
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)

        def stops(chunk: ChatCompletionChunk) -> None:
            if chunk.choices[0].delta.content:
                gateway.stop.set()

        with pytest.raises(openai.APIError) as failed:
            await read(stream, stops)
        assert isinstance(await endings.next(), TurnStopped)
    assert failed.value.code == "stopped"
    assert gateway.calls.ends("big") == ["closed"]


async def test_a_gateway_that_is_asked_to_stop_takes_no_new_questions(tmp_path):
    async with running_gateway(mixture(STALLS), tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        await gateway.calls.until_asked("big")
        gateway.stop.set()
        await asyncio.sleep(0)
        with pytest.raises(openai.InternalServerError, match="shutting down"):
            await api.chat.completions.create(model="solo", messages=asked())
        await stream.close()


async def test_an_answer_that_is_nearly_there_is_let_out_before_the_gateway_stops(tmp_path):
    answers = ADVICE + "    big: {text: Go by train., first: 0.5}"
    async with process_gateway(mixture(answers), tmp_path) as process:
        api = openai.AsyncOpenAI(base_url=f"{process.url}/v1", api_key=process.token, max_retries=0)
        async with api:
            stream = await api.chat.completions.create(
                model="review", messages=asked(), stream=True
            )
            text = ""
            async for chunk in stream:
                if not text and chunk.choices[0].delta.role:
                    process.terminate()
                text += chunk.choices[0].delta.content or ""
        assert await process.ended() == 0
    assert text == "Go by train."
