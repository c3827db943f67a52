"""Shows what a newcomer is offered: their keys, their local servers, and always the small model."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from genai_prices import Usage, calc_price

from gateway.config import parse
from gateway.newcomer.discovery import SERVERS, LocalServer, discover
from gateway.newcomer.offers import KNOWN, settings

OLLAMA = SERVERS[0]


@asynccontextmanager
async def listening(answer):
    """Serve one answer to GET /v1/models on a free port of the loopback."""
    app = web.Application()
    app.router.add_get("/v1/models", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def lists(*models: str):
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": each} for each in models]})

    return answer


async def offered(environ=None, *servers: LocalServer, patience=30.0):
    offers = await discover(environ or {}, servers=servers, patience=patience)
    return {offer.name: offer for offer in offers}


def config(offers, environ=None):
    """Load what is offered as a configuration file would be."""
    text = json.dumps(settings(tuple(offers.values())))
    return parse(text, "demo", environ or {})


def labels(config, name: str) -> list[str]:
    return [slot.label for slot in config.catalogue.presets[name].references]


# --- the small model ------------------------------------------------------------------------


async def test_a_bare_machine_is_offered_the_small_model_alone():
    offers = await offered()
    assert list(offers) == ["small"]
    loaded = config(offers)
    preset = loaded.catalogue.get("moa/small")
    assert [slot.label for slot in preset.references] == ["local:smollm2-135m"] * 3
    assert len({slot.role for slot in preset.references}) == 3
    assert preset.fanout.mode == "user_turn"
    assert len(offers["small"].starters) >= 4
    assert "very small" in offers["small"].title


# --- keys -----------------------------------------------------------------------------------


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
async def test_a_key_in_the_environment_is_used_and_shown_nowhere(known):
    environ = {known.variable: "sk-very-secret"}
    offers = await offered(environ)
    assert list(offers) == [known.name, "small"]
    assert "very-secret" not in json.dumps(settings(tuple(offers.values())))
    loaded = config(offers, environ)
    assert loaded.catalogue.default == known.name
    assert len(set(labels(loaded, known.name))) == 3


async def test_keys_of_several_providers_make_a_mixture_of_them_first():
    environ = {
        "OPENAI_API_KEY": "a",
        "GEMINI_API_KEY": "b",
        "XAI_API_KEY": "c",
        "GROQ_API_KEY": "d",
    }
    offers = await offered(environ)
    assert list(offers) == ["mixed", "openai", "gemini", "xai", "groq", "small"]
    loaded = config(offers, environ)
    providers = [label.partition(":")[0] for label in labels(loaded, "mixed")]
    assert providers == ["openai", "gemini", "xai"]


async def test_models_that_take_pictures_are_offered_with_their_eyes():
    offers = await offered({"ANTHROPIC_API_KEY": "x", "DEEPSEEK_API_KEY": "y", "GROQ_API_KEY": "z"})
    slots = [each for offer in offers.values() for each in offer.preset["reference_models"]]
    seeing = {each["model"] for each in slots if each.get("vision")}
    assert seeing == {"claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"}


async def test_a_blank_key_is_no_key():
    assert list(await offered({"OPENAI_API_KEY": "  "})) == ["small"]


async def test_a_key_that_belongs_to_another_address_is_not_sent_to_the_usual_one():
    environ = {"OPENAI_API_KEY": "a", "OPENAI_BASE_URL": "https://proxy.example/v1"}
    assert list(await offered(environ)) == ["small"]


PRICED_AS = {"gemini": "google", "xai": "x-ai"}


@pytest.mark.parametrize(
    ("provider", "model"), [(known.name, model) for known in KNOWN for model in known.models]
)
def test_every_model_in_the_table_is_one_that_the_price_table_knows(provider, model):
    usage = Usage(input_tokens=1000, output_tokens=1000)
    price = calc_price(usage, model_ref=model, provider_id=PRICED_AS.get(provider, provider))
    assert price.total_price > 0


# --- local servers --------------------------------------------------------------------------


async def test_the_models_of_a_local_server_become_its_mixture():
    chat = lists("qwen3:8b", "nomic-embed-text", "llama3.2:3b", "qwen3:8b", "gemma3:4b", "phi4")
    async with listening(chat) as port:
        offers = await offered({}, replace(OLLAMA, port=port))
    assert list(offers) == ["ollama", "small"]
    loaded = config(offers)
    assert labels(loaded, "ollama") == ["ollama:qwen3:8b", "ollama:llama3.2:3b", "ollama:gemma3:4b"]
    assert loaded.catalogue.presets["ollama"].aggregator.label == "ollama:qwen3:8b"
    assert f"http://127.0.0.1:{port}/v1" in json.dumps(settings(tuple(offers.values())))


async def test_a_lone_model_advises_itself_in_several_roles():
    async with listening(lists("qwen3:8b")) as port:
        offers = await offered({}, replace(OLLAMA, port=port))
    references = config(offers).catalogue.presets["ollama"].references
    assert [slot.model for slot in references] == ["qwen3:8b"] * 3
    assert len({slot.role for slot in references}) == 3


async def unauthorised(request: web.Request) -> web.Response:
    return web.json_response({"error": "no key"}, status=401)


async def page(request: web.Request) -> web.Response:
    return web.Response(text="<html>hello</html>", content_type="text/html")


async def odd(request: web.Request) -> web.Response:
    return web.json_response({"data": [{"name": 7}]})


async def deep(request: web.Request) -> web.Response:
    return web.Response(text='{"data":' + "[" * 100_000, content_type="application/json")


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:1/v1/models")


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65536)


@pytest.mark.parametrize("answer", [unauthorised, page, odd, deep, elsewhere, endless, lists()])
async def test_whatever_else_lives_on_a_port_is_not_offered(answer):
    async with listening(answer) as port:
        assert list(await offered({}, replace(OLLAMA, port=port))) == ["small"]


async def test_silent_servers_delay_nobody_and_are_asked_at_once():
    over, asked = asyncio.Event(), asyncio.Barrier(len(SERVERS) + 1)

    async def silent(request: web.Request) -> web.Response:
        await asked.wait()
        await over.wait()
        return web.Response()

    async def last(_: web.Request) -> web.Response:
        await asked.wait()
        return web.json_response({"data": [{"id": "phi4"}]})

    async with listening(silent) as port, listening(last) as other:
        offers = await offered(
            {},
            *(replace(each, port=port) for each in SERVERS),
            LocalServer(name="mine", title="Mine", port=other),
            patience=3.0,
        )
        over.set()
    assert list(offers) == ["mine", "small"]
