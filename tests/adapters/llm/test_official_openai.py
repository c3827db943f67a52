# Shows that from the same bytes we hear what OpenAI's own client hears, over both of its formats.

from typing import Any

import openai
import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.responses import Responses
from adapters.llm.wire import Endpoint
from core.errors import ModelBusy, ModelForbidden, ModelRefused
from core.types import ToolCall, Usage
from tests.adapters.llm.asking import Heard, call, hear
from tests.simulators.provider import ProviderSimulator, Reply

ASK = [{"role": "user", "content": "Ship it today?"}]
CALLS = tuple(
    {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": arguments}}
    for name, arguments in (("look", '{"at": "the sea"}'), ("now", "{}"))
)
USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 50,
    "total_tokens": 1250,
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
REPLIES = {
    "words": Reply(text="Не сьогодні — завтра. 🚢", usage=USAGE, size=3),
    "nothing": Reply(text="", usage=USAGE),
    "calls": Reply(text="", tool_calls=CALLS, usage=USAGE, size=2),
    "words and calls": Reply(text="I look.", tool_calls=CALLS, usage=USAGE),
    "cut": Reply(text="Not to", finish="length", usage=USAGE),
    "reasoning": Reply(text="No.", reasoning="Tests fail. They do.", usage=USAGE),
    "no usage": Reply(text="No.", say_usage=False),
}

whole = pytest.mark.parametrize("whole", [False, True], ids=["streamed", "whole"])
every_reply = pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)


def official(provider: ProviderSimulator) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="k", base_url=provider.base_url, max_retries=0)


async def heard_by_us(session, provider, codec) -> Heard:
    return await hear(codec(session, Endpoint(base_url=provider.base_url)), call())


def said(heard: Heard) -> tuple[str, tuple[ToolCall, ...], str | None, Usage | None]:
    return heard.text, heard.tool_calls, heard.finish, heard.usage


async def completion(client: Any, *, whole: bool) -> Any:
    asked = {"model": "m", "messages": ASK}
    if whole:
        return await client.chat.completions.create(**asked)
    options = {"include_usage": True}
    async with client.chat.completions.stream(**asked, stream_options=options) as stream:
        try:
            return await stream.get_final_completion()
        except openai.LengthFinishReasonError as error:
            return error.completion


async def response(client: Any, *, whole: bool) -> Any:
    asked = {"model": "m", "input": ASK}
    if whole:
        return await client.responses.create(**asked)
    stream = await client.responses.create(**asked, stream=True)
    return [event async for event in stream][-1].response


@whole
@every_reply
async def test_chat_completions_are_heard_as_the_official_client_hears_them(session, reply, whole):
    async with ProviderSimulator({"m": reply}) as provider, official(provider) as client:
        ours = await heard_by_us(session, provider, ChatCompletions)
        theirs = await completion(client, whole=whole)
    [choice] = theirs.choices
    calls = tuple(
        ToolCall(id=each.id, name=each.function.name, arguments=each.function.arguments)
        for each in choice.message.tool_calls or ()
    )
    used = theirs.usage and Usage(
        input=theirs.usage.prompt_tokens,
        cache_read=theirs.usage.prompt_tokens_details.cached_tokens,
        output=theirs.usage.completion_tokens,
        reasoning=theirs.usage.completion_tokens_details.reasoning_tokens,
    )
    assert said(ours) == (choice.message.content or "", calls, choice.finish_reason, used)


@whole
@every_reply
async def test_responses_are_heard_as_the_official_client_hears_them(session, reply, whole):
    async with ProviderSimulator({"m": reply}) as provider, official(provider) as client:
        ours = await heard_by_us(session, provider, Responses)
        theirs = await response(client, whole=whole)
    calls = tuple(
        ToolCall(id=each.call_id, name=each.name, arguments=each.arguments)
        for each in theirs.output
        if each.type == "function_call"
    )
    used = theirs.usage and Usage(
        input=theirs.usage.input_tokens,
        cache_read=theirs.usage.input_tokens_details.cached_tokens,
        output=theirs.usage.output_tokens,
        reasoning=theirs.usage.output_tokens_details.reasoning_tokens,
    )
    finish = "length" if theirs.incomplete_details else "tool_calls" if calls else "stop"
    assert said(ours) == (theirs.output_text, calls, finish, used)
    summaries = [each.summary for each in theirs.output if each.type == "reasoning"]
    assert ours.reasoning == "\n\n".join(part.text for parts in summaries for part in parts)


@pytest.mark.parametrize("codec", [ChatCompletions, Responses])
@pytest.mark.parametrize(
    ("status", "ours", "theirs"),
    [
        (400, ModelRefused, openai.BadRequestError),
        (401, ModelForbidden, openai.AuthenticationError),
        (429, ModelBusy, openai.RateLimitError),
        (500, ModelBusy, openai.InternalServerError),
    ],
)
async def test_both_take_a_refusal_for_the_same(session, codec, status, ours, theirs):
    ask = response if codec is Responses else completion
    reply = Reply(status=status)
    async with ProviderSimulator({"m": reply}) as provider, official(provider) as client:
        with pytest.raises(ours):
            await heard_by_us(session, provider, codec)
        with pytest.raises(theirs):
            await ask(client, whole=True)
