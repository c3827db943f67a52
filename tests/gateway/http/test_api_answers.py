"""Shows, with the official client, what /v1 answers: models, whole answers, streams, usage."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import openai
import pytest

from core.types import Image
from gateway.http import completions_reply
from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import asked, client, mixture, moa

PICTURE = "data:image/png;base64,iVBORw0KGgo="


async def test_every_preset_is_a_model_under_either_of_its_names_moa_5(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        names = [model.id async for model in api.models.list()]
        assert names == ["review", "solo"]
        assert (await api.models.retrieve("review")).owned_by == "moa-gateway"
        assert (await api.models.retrieve("moa/review")).id == "moa/review"
        answer = await api.chat.completions.create(model="moa/review", messages=asked())
        assert (answer.choices[0].message.content, answer.model) == ("Go by train.", "moa/review")


async def test_a_whole_answer_has_the_aggregators_own_usage_and_ours_beside_it_moa_40(tmp_path):
    answers = """
        wise: {text: "Take the train.", usage: {input: 100, output: 10}, dollars: 0.0011}
        bold: {text: "Take the plane.", usage: {input: 200, output: 20}, dollars: 0.0022}
        big: {text: "Go by train.", reasoning: "Hm.", dollars: 0.01,
              usage: {input: 900, cache_read: 512, output: 40, reasoning: 8}}
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        answer = await api.chat.completions.create(model="review", messages=asked())
    choice, usage = answer.choices[0], answer.usage
    assert (choice.message.role, choice.message.content) == ("assistant", "Go by train.")
    assert (choice.finish_reason, choice.message.tool_calls) == ("stop", None)
    assert choice.message.model_extra == {"reasoning_content": "Hm."}
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (900, 40, 940)
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 512
    assert usage.completion_tokens_details.reasoning_tokens == 8
    ours = moa(usage)
    told = [(each["model"], each["outcome"], each["prompt_tokens"]) for each in ours["references"]]
    assert told == [("fake:wise", "ok", 100), ("fake:bold", "ok", 200)]
    assert ours["total"]["prompt_tokens"] == 1200
    assert ours["total"]["completion_tokens"] == 70
    assert Decimal(str(ours["dollars"])) == Decimal("0.0133")


@pytest.mark.parametrize("include", [True, False])
async def test_a_stream_brings_role_text_and_reason_to_stop_and_usage_where_asked(
    tmp_path, include
):
    answers = """
        wise: "Take the train."
        bold: "Take the plane."
        big: {text: "Go by train, for it is cheaper.", reasoning: "Hm.", chunk: 4, between: 0.01,
              usage: {input: 900, output: 40}}
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        options = openai.types.chat.ChatCompletionStreamOptionsParam(include_usage=include)
        stream = await api.chat.completions.create(
            model="review", messages=asked(), stream=True, stream_options=options
        )
        chunks = [chunk async for chunk in stream]
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == "Go by train, for it is cheaper."
    thoughts = [(delta.model_extra or {}).get("reasoning_content", "") for delta in deltas]
    assert "".join(thoughts) == "Hm."
    ends = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert ends == [None] * (len(ends) - 1) + ["stop"]
    assert sum(bool(delta.content) for delta in deltas) > 1
    assert [chunk.usage is not None for chunk in chunks] == [False] * len(ends) + [True] * include
    if include:
        assert moa(chunks[-1].usage)["total"]["total_tokens"] > 940


async def test_the_role_comes_before_any_advisor_has_answered_moa_40(tmp_path):
    answers = """
        wise: {stall: true}
        bold: {stall: true}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        async for chunk in stream:
            assert chunk.choices[0].delta.role == "assistant"
            assert not gateway.calls.of("big")
            break
        await stream.close()


async def test_a_silent_stream_carries_comments_that_clients_pass_over_moa_40(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(completions_reply, "HEARTBEAT", 0.05)
    answers = """
        wise: {text: "Take the train.", first: 0.3}
        bold: {text: "Take the plane.", first: 0.3}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        raw = b""
        async with api.chat.completions.with_streaming_response.create(
            model="review", messages=asked(), stream=True
        ) as response:
            async for data in response.iter_bytes():
                raw += data
        assert b"\n\n: " in raw
        assert raw.endswith(b"data: [DONE]\n\n")
        stream = await api.chat.completions.create(
            model="review",
            messages=asked(),
            stream=True,
            extra_headers={"Cache-Control": "no-cache"},
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert text == "Go by train."


async def test_a_stream_carries_comments_while_advisors_write_and_say_nothing_to_it_moa_40(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(completions_reply, "HEARTBEAT", 0.5)
    answers = """
        wise: {text: "Take the train, for it is cheap.", chunk: 1, between: 0.05}
        bold: {text: "Take the plane, for it is quick.", chunk: 1, between: 0.05}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        raw = b""
        async with api.chat.completions.with_streaming_response.create(
            model="review", messages=asked(), stream=True
        ) as response:
            async for data in response.iter_bytes():
                raw += data
    assert b"\n\n: " in raw


async def test_roles_names_parts_and_empty_content_reach_the_aggregator_as_they_came(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        await api.chat.completions.create(
            model="review",
            messages=[
                {"role": "developer", "content": "Be short."},
                {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
                {"role": "user", "name": "anna", "content": "What time is it?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "clock", "arguments": "{}"},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "Noon."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "And what is this?"},
                        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
                    ],
                },
            ],
        )
        (call,) = gateway.calls.of("big")
        (advised,) = gateway.calls.of("wise")
    lines = call.lines[:-1]
    assert [line.role for line in lines] == [
        *("developer", "system", "user", "assistant", "tool", "user"),
    ]
    assert lines[2].name == "anna"
    assert (lines[3].parts, lines[3].tool_calls[0].arguments) == ((), "{}")
    assert lines[5].parts == ("And what is this?", Image(url=PICTURE, detail="low"))
    assert "Reference 1" in call.lines[-1].text
    # Advisors see people and answers alone (MOA-13); who cannot see gets a placeholder (MOA-15).
    assert [line.role for line in advised.lines] == ["system", "user", "assistant", "user"]
    assert "Noon." in advised.lines[2].text
    assert not advised.lines[3].images


async def test_wishes_go_to_the_aggregator_alone_and_under_its_own_settings_moa_4_40(tmp_path):
    preset = "aggregator_temperature: 0"
    async with running_gateway(mixture(preset=preset), tmp_path) as gateway, client(gateway) as api:
        await api.chat.completions.create(
            model="review",
            messages=asked(),
            temperature=1.5,
            max_completion_tokens=77,
            top_p=0.5,
            stop=["END"],
            seed=0,
            response_format={"type": "json_object"},
            metadata={"team": "a"},
        )
        (acting,) = gateway.calls.of("big")
        advising = [*gateway.calls.of("wise"), *gateway.calls.of("bold")]
    assert (acting.temperature, acting.max_tokens) == (0, 77)
    assert acting.extra == {
        "top_p": 0.5,
        "stop": ["END"],
        "seed": 0,
        "response_format": {"type": "json_object"},
    }
    for call in advising:
        assert (call.temperature, call.max_tokens, call.extra, call.tools) == (None, None, {}, ())


async def test_no_cache_asks_the_advisors_anew_and_a_hit_costs_nothing_moa_24(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        for header, times in (("max-age=0", 1), ("max-age=0", 1), ("No-Cache", 2)):
            answer = await api.chat.completions.create(
                model="review", messages=asked(), extra_headers={"Cache-Control": header}
            )
            assert len(gateway.calls.of("wise")) == times
            ours = moa(answer.usage)
            assert [each["outcome"] for each in ours["references"]] == ["ok", "ok"]
            paid = [each["total_tokens"] > 0 for each in ours["references"]]
            assert paid == [len(gateway.calls.of("big")) != 2] * 2
        assert len(gateway.calls.of("big")) == 3


async def test_identical_questions_at_once_share_one_fan_out_moa_24(tmp_path):
    answers = """
        wise: {text: "Take the train.", first: 0.2}
        bold: {text: "Take the plane.", first: 0.2}
        big: "Go by train."
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(api.chat.completions.create(model="review", messages=asked()))
                for _ in range(2)
            ]
        paid = [moa(task.result().usage)["references"][0]["total_tokens"] for task in tasks]
        assert len(gateway.calls.of("wise")) == 1
        assert len(gateway.calls.of("big")) == 2
        assert sorted(each > 0 for each in paid) == [False, True]


async def test_fifty_streams_at_once_are_each_whole(tmp_path):
    answers = """
        wise: {text: "Take the train.", between: 0.01, chunk: 4}
        bold: {text: "Take the plane.", between: 0.01, chunk: 4}
        big: {text: "You asked: {last}", between: 0.005, chunk: 8}
    """
    texts: dict[int, str] = {}

    async with (
        running_gateway(mixture(answers, preset="enabled: false"), tmp_path) as gateway,
        client(gateway) as api,
    ):

        async def ask(number: int) -> None:
            stream = await api.chat.completions.create(
                model="review", messages=asked(f"question {number}"), stream=True
            )
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            texts[number] = "".join(pieces)

        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(ask(number))
    assert texts == {number: f"You asked: question {number}" for number in range(50)}
