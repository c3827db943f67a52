# Shows that every configuration of docs/how-to/models.md works as it stands there: it is read by
# the program's own parser, and one call of it goes where the provider wants it, with its key.

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.llm.wire import open_session
from core.calls import ModelCall
from core.types import Line
from gateway.config import Config, parse
from gateway.wiring.models import open_models

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "models.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
HOST = re.compile(r"https?://[^/\s\"]+")
KEY = "k-123456"

ANSWERS = {
    "/chat/completions": {"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]},
    "/responses": {
        "object": "response",
        "status": "completed",
        "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "Yes."}]},
        ],
    },
    "/messages": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Yes."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the provider wants to be sent: where, which key in which header, and fields."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


BEARER = {"Authorization": f"Bearer {KEY}"}
STATELESS = {"store": False, "stream": True}
WANTED = {
    "openai": Wanted(
        path="/v1/responses", headers=BEARER, body={**STATELESS, "reasoning": {"effort": "medium"}}
    ),
    "openai-chat": Wanted(
        path="/v1/chat/completions", headers=BEARER, body={"reasoning_effort": "medium"}
    ),
    "anthropic": Wanted(
        path="/v1/messages",
        headers={"x-api-key": KEY, "anthropic-version": "2023-06-01"},
        body={"max_tokens": 16000, "model": "claude-opus-4-8"},
    ),
    "azure": Wanted(path="/openai/v1/responses", headers={"api-key": KEY}, body=STATELESS),
    "azure-classic": Wanted(
        path="/openai/deployments/my-gpt-4o/chat/completions?api-version=2024-10-21",
        headers={"api-key": KEY},
    ),
    "openrouter": Wanted(
        path="/api/v1/chat/completions",
        headers={**BEARER, "X-Title": "Our team's bot"},
        body={"provider": {"data_collection": "deny"}},
    ),
    "gemini": Wanted(
        path="/v1beta/openai/chat/completions", headers=BEARER, body={"reasoning_effort": "low"}
    ),
    "bedrock": Wanted(path="/openai/v1/responses", headers=BEARER, body=STATELESS),
    "bedrock-claude": Wanted(
        path="/anthropic/v1/messages", headers=BEARER, body={"model": "anthropic.claude-opus-4-8"}
    ),
    "deepseek": Wanted(path="/chat/completions", headers=BEARER),
    "mistral": Wanted(path="/v1/chat/completions", headers=BEARER),
    "groq": Wanted(path="/openai/v1/chat/completions", headers=BEARER),
    "together": Wanted(path="/v1/chat/completions", headers=BEARER),
    "ollama": Wanted(path="/v1/chat/completions", body={"model": "qwen3:8b"}),
    "vllm": Wanted(
        path="/v1/chat/completions", body={"chat_template_kwargs": {"enable_thinking": False}}
    ),
    "llamacpp": Wanted(path="/v1/chat/completions"),
    "lmstudio": Wanted(path="/v1/chat/completions"),
}
KEYS = {"authorization", "api-key", "x-api-key"}


def read(block: str, environ: dict[str, str]) -> Config:
    return parse(block, "models.md", environ)


def provider_of(block: str) -> str:
    [name] = read(block, {}).providers
    return name


def test_the_page_has_every_provider_once():
    assert [provider_of(block) for block in BLOCKS] == list(WANTED)


class Anybody:
    """A server that answers in whichever format it is asked, and remembers the question."""

    def __init__(self) -> None:
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.path, self.headers = str(request.rel_url), dict(request.headers)
        self.body = await request.json()
        ending = next(each for each in ANSWERS if request.path.endswith(each))
        return web.json_response(ANSWERS[ending])


@pytest.fixture
async def server():
    anybody, app = Anybody(), web.Application()
    app.router.add_post("/{path:.*}", anybody.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield anybody, f"http://{host}:{port}"
    await runner.cleanup()


@pytest.mark.parametrize("block", BLOCKS, ids=map(provider_of, BLOCKS))
async def test_it_asks_where_and_as_the_provider_wants(block, server):
    anybody, address = server
    name, keys = provider_of(block), re.findall(r"\$\{(\w+)", block)
    config = read(HOST.sub(address, block), dict.fromkeys(keys, KEY))
    [preset] = config.catalogue.presets.values()
    slot = preset.aggregator
    call = ModelCall(
        slot=slot, lines=(Line.of("user", "Is it there?"),), max_tokens=slot.max_tokens
    )
    async with open_session() as session:
        provider = open_models(config, session).providers[name]
        assert provider.missing == ""
        said = [chunk.text async for chunk in provider.model.stream(call)]
    assert "".join(said) == "Yes."
    wanted = WANTED[name]
    assert anybody.path == wanted.path
    sent = {key.lower(): value for key, value in anybody.headers.items()}
    for key, value in wanted.headers.items():
        assert sent[key.lower()] == value
    assert sent.keys() & KEYS == {key.lower() for key in wanted.headers} & KEYS
    assert {key: anybody.body.get(key) for key in wanted.body} == wanted.body


@pytest.mark.parametrize("block", BLOCKS, ids=map(provider_of, BLOCKS))
async def test_without_its_key_nothing_is_sent_that_looks_like_one(block):
    async with open_session() as session:
        [provider] = open_models(read(block, {}), session).providers.values()
    keyed = "api_key" in block
    assert provider.missing == ("no key" if keyed else "")
