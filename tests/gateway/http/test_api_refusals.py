"""Shows what /v1 refuses, in the shape and under the status that OpenAI's clients understand."""

from __future__ import annotations

import aiohttp
import openai
import pytest

from tests.gateway.harness import TOKEN, running_gateway
from tests.gateway.http.programs import asked, client, mixture

KEYS = f"""
http:
  port: 0
  token: {TOKEN}
  keys:
    ci: {{token: key-of-the-ci, presets: [solo]}}
    free: {{token: key-for-all}}
    off: {{token: ""}}
"""


async def test_an_unknown_model_is_not_found_and_the_nearest_named(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.NotFoundError) as refused:
            await api.chat.completions.create(model="reviw", messages=asked())
        with pytest.raises(openai.NotFoundError):
            await api.models.retrieve("moa/nobody")
    assert "Did you mean 'review'?" in refused.value.message
    assert (refused.value.code, refused.value.type) == ("model_not_found", "invalid_request_error")


async def test_a_wrong_key_is_no_key(tmp_path):
    async with (
        running_gateway(mixture(more=KEYS), tmp_path) as gateway,
        client(gateway, "wrong") as api,
    ):
        with pytest.raises(openai.AuthenticationError) as refused:
            await api.models.list()
    assert refused.value.type == "authentication_error"


async def test_a_named_key_sees_and_uses_its_own_presets_alone(tmp_path):
    async with running_gateway(mixture(more=KEYS), tmp_path) as gateway:
        async with client(gateway, "key-of-the-ci") as api:
            assert [model.id async for model in api.models.list()] == ["solo"]
            answer = await api.chat.completions.create(model="moa/solo", messages=asked())
            assert answer.choices[0].message.content == "Go by train."
            for name in ("review", "moa/review"):
                with pytest.raises(openai.NotFoundError, match="It may use: solo"):
                    await api.chat.completions.create(model=name, messages=asked())
            with pytest.raises(openai.NotFoundError) as refused:
                await api.chat.completions.create(model="revie", messages=asked())
            assert "review" not in refused.value.message, "others' presets are not its business"
        async with client(gateway, "key-for-all") as api:
            assert [model.id async for model in api.models.list()] == ["review", "solo"]


@pytest.mark.parametrize(
    ("allow", "sees"),
    [("v1:free", ["review", "solo"]), ("v1:ci", ["review"]), ("slack:U1", ["review"])],
)
async def test_moa_2_a_preset_that_is_kept_for_others_is_no_model_of_a_key(allow, sees, tmp_path):
    text = mixture(more=KEYS).replace("    solo:\n", f"    solo:\n      allow: ['{allow}']\n")
    assert allow in text
    async with running_gateway(text, tmp_path) as gateway:
        async with client(gateway, "key-for-all") as api:
            assert [model.id async for model in api.models.list()] == sees
            if sees == ["review"]:
                with pytest.raises(openai.NotFoundError, match="It may use: review"):
                    await api.chat.completions.create(model="solo", messages=asked())
        async with client(gateway, "key-of-the-ci") as api:  # for which the file lists it
            assert [model.id async for model in api.models.list()] == ["solo"]
        async with client(gateway) as api:
            assert [model.id async for model in api.models.list()] == ["review", "solo"]


@pytest.mark.parametrize(
    "more",
    [
        "defaults: {providers: []}\n",
        "channels: [{platform: v1, channel: free, providers: []}]\n",
    ],
)
async def test_a_preset_that_asks_other_providers_is_refused_and_none_takes_its_place(
    more, tmp_path
):
    async with running_gateway(mixture(more=KEYS + more), tmp_path) as gateway:
        async with client(gateway, "key-for-all") as api:
            assert [model.id async for model in api.models.list()] == []
            with pytest.raises(openai.BadRequestError, match="allows no models here"):
                await api.chat.completions.create(model="solo", messages=asked())
        async with client(gateway, "key-of-the-ci") as api:
            seen = [model.id async for model in api.models.list()]
            assert seen == ([] if more.startswith("defaults") else ["solo"])
        assert gateway.calls.of("big") == []


async def test_moa_5_a_keys_preset_may_be_named_as_a_virtual_model(tmp_path):
    keys = KEYS.replace("presets: [solo]", "presets: [moa/solo]")
    async with (
        running_gateway(mixture(more=keys), tmp_path) as gateway,
        client(gateway, "key-of-the-ci") as api,
    ):
        assert [model.id async for model in api.models.list()] == ["solo"]
        answer = await api.chat.completions.create(model="solo", messages=asked())
        assert answer.choices[0].message.content == "Go by train."
        with pytest.raises(openai.NotFoundError, match="It may use: solo"):
            await api.chat.completions.create(model="review", messages=asked())


async def test_advice_of_one_key_is_never_used_for_another_moa_24(tmp_path):
    async with running_gateway(mixture(more=KEYS), tmp_path) as gateway:
        for key in (TOKEN, "key-for-all"):
            async with client(gateway, key) as api:
                await api.chat.completions.create(model="review", messages=asked())
        assert len(gateway.calls.of("wise")) == 2


WRONG = {
    "n is 2": ({"model": "review", "messages": asked(), "n": 2}, "'n' has to be 1"),
    "no messages": ({"model": "review", "messages": []}, "'messages' is empty"),
    "no model": ({"messages": asked()}, "model"),
    "a role nobody has": (
        {"model": "review", "messages": [{"role": "wizard", "content": "Hi"}]},
        "messages[0].role is 'wizard'",
    ),
    "a result of no call": (
        {"model": "review", "messages": [{"role": "tool", "content": "Noon."}]},
        "'tool_call_id'",
    ),
    "a part that is no text": (
        {
            "model": "review",
            "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}],
        },
        "messages[0].content[0]: a part of type 'input_audio'",
    ),
    "a tool that is no function": (
        {
            "model": "review",
            "messages": asked(),
            "tools": [{"type": "mcp", "function": {"name": "x"}}],
        },
        "only functions",
    ),
    "a temperature beyond": (
        {"model": "review", "messages": asked(), "temperature": 3},
        "$.temperature",
    ),
    "no tokens": ({"model": "review", "messages": asked(), "max_tokens": 0}, "$.max_tokens"),
}


@pytest.mark.parametrize(("body", "said"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be_answered_is_a_bad_request_that_says_why(tmp_path, body, said):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.BadRequestError) as refused:
            await api.post("/chat/completions", body=body, cast_to=object)
        assert not gateway.calls.asked
    assert said in refused.value.message
    assert refused.value.type == "invalid_request_error"


BROKEN = {
    "half": b'{"model": "review", "messages": [',
    "empty": b"",
    "a list": b"[]",
    "no UTF-8": b'{"model": "\xff", "messages": []}',
    "a cave": b'{"model": "review", "messages": ' + b"[" * 200_000,
    "a cave that is nobody's field": b'{"x": ' + b"[" * 200_000,
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_what_is_no_json_is_a_bad_request(tmp_path, raw):
    async with (
        running_gateway(mixture(), tmp_path) as gateway,
        aiohttp.ClientSession(headers=gateway.headers) as session,
        session.post(f"{gateway.url}/v1/chat/completions", data=raw) as response,
    ):
        body = await response.json()
    assert (response.status, body["error"]["type"]) == (400, "invalid_request_error")


async def test_a_mixture_does_not_ask_a_mixture_moa_6(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.BadRequestError, match="A mixture does not ask a mixture"):
            await api.chat.completions.create(
                model="review", messages=asked(), extra_headers={"X-MoA-Depth": "1"}
            )
        assert not gateway.calls.asked


async def test_a_gateway_that_is_its_own_provider_ends_at_once_moa_6(tmp_path):
    async with running_gateway(mixture(), tmp_path / "inner") as inner:
        wire = f'{{api: chat_completions, base_url: "{inner.url}/v1", api_key: {inner.token}}}'
        config = f"""
            providers: {{other: {wire}}}
            moa:
              presets:
                outer:
                  enabled: false
                  reference_models: [{{provider: other, model: review}}]
                  aggregator: {{provider: other, model: review}}
        """
        async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
            with pytest.raises(openai.InternalServerError, match="does not ask a mixture"):
                await api.chat.completions.create(model="outer", messages=asked())
        assert not inner.calls.asked


async def test_a_preset_without_its_key_says_so_and_is_shown_as_unavailable_moa_7(tmp_path):
    config = """
        providers:
          paid: {api: chat_completions, base_url: "http://127.0.0.1:9/v1", api_key: ""}
        moa:
          presets:
            review:
              reference_models: [{provider: paid, model: a}]
              aggregator: {provider: paid, model: b}
    """
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.APIStatusError) as refused:
            await api.chat.completions.create(model="review", messages=asked(), stream=True)
        (card,) = [model async for model in api.models.list()]
    assert refused.value.status_code == 409
    assert "its aggregator paid:b needs the provider 'paid'" in refused.value.message
    assert "no key" in str(card.model_extra)


async def test_a_body_beyond_all_measure_is_too_large(tmp_path):
    async with running_gateway(mixture(), tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.APIStatusError) as refused:
            await api.chat.completions.create(
                model="review", messages=asked("x" * (21 * 1024 * 1024))
            )
        answer = await api.chat.completions.create(model="review", messages=asked())
    assert refused.value.status_code == 413
    assert answer.choices[0].message.content == "Go by train."
