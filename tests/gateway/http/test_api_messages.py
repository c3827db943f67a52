"""Shows programs on /v1 in front of an aggregator that is asked in Anthropic's own format."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import CLOCK, client
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.provider import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

ACTS, ADVISES = "claude-opus-4-8", "claude-haiku-4-5"
KEY = "sk-ant-api03-test"
ZONE = '{"zone": "UTC"}'
CALL = {"id": "toolu_1", "type": "function", "function": {"name": "clock", "arguments": ZONE}}
REPLIES: dict[str, Reply | Sequence[Reply]] = {
    ACTS: [Reply(text="", reasoning="Which one?", tool_calls=(CALL,)), Reply(text="Noon. 🕛")],
    ADVISES: Reply(text="Ask the clock."),
}
LONG = "Be exact about time zones, and say which one you mean. " * 120
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def configured(base_url: str, version: str = "2023-06-01") -> str:
    return f"""
    providers:
      anthropic: {{api: messages, base_url: "{base_url}", api_key: {KEY}, version: {version}}}
    moa:
      presets:
        review:
          reference_models: [{{provider: anthropic, model: {ADVISES}}}]
          aggregator: {{provider: anthropic, model: {ACTS}, reasoning_effort: high, vision: true}}
          fanout: per_iteration
    """


async def test_a_program_with_tools_never_notices_moa_40(tmp_path):
    async with AnthropicSimulator(REPLIES, key=KEY) as simulator:
        config = configured(simulator.base_url.removesuffix("/v1"))
        async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
            transcript: list[ChatCompletionMessageParam] = [
                {"role": "system", "content": LONG},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What time is it there?"},
                        {"type": "image_url", "image_url": {"url": PIXEL}},
                    ],
                },
            ]

            async def ask() -> ChatCompletion:
                return await api.chat.completions.create(
                    model="review",
                    messages=transcript,
                    tools=[CLOCK],
                    tool_choice="auto",
                    temperature=0.2,
                    stop=["END"],
                )

            first = await ask()
            (choice,) = first.choices
            assert choice.finish_reason == "tool_calls"
            called = choice.message.tool_calls
            assert [(each.id, each.type) for each in called or ()] == [("toolu_1", "function")]
            transcript += [
                cast("ChatCompletionMessageParam", choice.message.to_dict()),
                {"role": "tool", "tool_call_id": "toolu_1", "content": "12:00"},
            ]
            second = await ask()
    assert second.choices[0].message.content == "Noon. 🕛"
    usage = second.usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    cached = usage.prompt_tokens_details.cached_tokens
    assert cached is not None
    assert cached > 0.9 * usage.prompt_tokens - 400, "all but what is new was in the cache"
    one, two = (each.body for each in simulator.seen if each.body["model"] == ACTS)
    assert one["thinking"] == {"type": "adaptive"}
    assert one["stop_sequences"] == ["END"]
    assert "temperature" not in one, "Claude thinks, and takes none then"
    image = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert one["messages"][0]["content"][1]["source"] == image
    assert [each["role"] for each in two["messages"]] == ["user", "assistant", "user", "user"]
    (result,) = two["messages"][2]["content"]
    assert (result["tool_use_id"], result["content"]) == ("toolu_1", "12:00")


async def test_the_newer_version_is_asked_for_in_the_file(tmp_path):
    async with AnthropicSimulator({"*": Reply(text="Noon.")}, key=KEY) as simulator:
        config = configured(simulator.base_url, version="2026-10-21")
        async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
            answer = await api.chat.completions.create(
                model="review", messages=[{"role": "user", "content": "Now?"}], top_p=0.5
            )
        headers = [each.headers for each in simulator.seen]
    assert answer.choices[0].message.content == "Noon."
    for each in headers:
        assert each["anthropic-version"] == "2026-10-21"
        assert each["Authorization"] == f"Bearer {KEY}"
