# Shows that the provider simulator is as strict as OpenAI: tests against it mean something.

import subprocess
import sys
from typing import Any

import aiohttp
import openai
import pytest

from tests.simulators.provider import ProviderSimulator, Reply

USER = {"role": "user", "content": "hi"}
CALLED = {
    "role": "assistant",
    "tool_calls": [
        {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_a", "content": "1"}


async def refusal(body: object) -> str | None:
    async with ProviderSimulator() as simulator, aiohttp.ClientSession() as session:
        url = f"{simulator.base_url}/chat/completions"
        async with session.post(url, json=body) as response:
            if response.status == 200:
                return None
            error = (await response.json())["error"]
            assert set(error) == {"message", "type", "param", "code"}
            return str(error["message"])


@pytest.mark.parametrize(
    "messages",
    [[USER], [USER, CALLED, RESULT], [USER, {"role": "assistant", "content": "x"}, USER]],
)
async def test_what_openai_takes_is_taken(messages):
    assert await refusal({"model": "m", "messages": messages}) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": [USER]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "empty array"),
        ({"model": "m", "messages": [{"role": "human", "content": "x"}]}, "Supported values"),
        ({"model": "m", "messages": [{"role": "user", "content": None}]}, "got null"),
        ({"model": "m", "messages": [{"role": "assistant", "content": None}]}, "got null"),
        ({"model": "m", "messages": [USER, RESULT]}, "must be a response"),
        ({"model": "m", "messages": [USER, CALLED, USER]}, "must be followed"),
        ({"model": "m", "messages": [USER, CALLED]}, "must be followed"),
        ({"model": "m", "messages": [{**USER, "name": "a b"}]}, "name"),
        ({"model": "m", "messages": [{**USER, "content": []}]}, "parts"),
        ({"model": "m", "messages": [USER], "tools": None}, "got null"),
        ({"model": "m", "messages": [USER], "tools": []}, "too short"),
        ({"model": "m", "messages": [USER], "top_k": 4}, "Unrecognized"),
        ({"model": "m", "messages": [USER], "temperature": 3}, "temperature"),
        ({"model": "m", "messages": [USER], "max_tokens": 0}, "max_tokens"),
        ({"model": "o3", "messages": [USER], "max_tokens": 9}, "max_completion_tokens"),
        ({"model": "gpt-5.5", "messages": [USER], "temperature": 0}, "default"),
        ({"model": "m", "messages": [USER], "stream_options": {}}, "stream_options"),
        ([], "object"),
    ],
)
async def test_what_openai_refuses_is_refused(body, words):
    assert words in str(await refusal(body))


async def test_the_official_client_understands_answers_and_refusals():
    replies = {"m": Reply(text="Hello."), "down": Reply(status=503)}
    async with (
        ProviderSimulator(replies, key="sk-1") as simulator,
        openai.AsyncOpenAI(api_key="sk-1", base_url=simulator.base_url, max_retries=0) as client,
    ):
        message: Any = {"role": "user", "content": "hi"}
        answer = await client.chat.completions.create(model="m", messages=[message])
        assert answer.choices[0].message.content == "Hello."
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="x", messages=[message])
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="down", messages=[message])
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="sk-2").chat.completions.create(
                model="m", messages=[message]
            )


def test_it_can_be_started_by_hand():
    command = [sys.executable, "-m", "tests.simulators", "provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("http://127.0.0.1:")
    assert "echo" in line


def test_a_simulator_that_is_none_is_named_with_those_that_are():
    command = [sys.executable, "-m", "tests.simulators", "nobody"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "provider" in done.stderr
