# Shows what a composed model makes of a provider in trouble, over real sockets (P11, P12).

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Timeouts
from adapters.llm.wire import Endpoint
from core.errors import ModelBusy, ModelStalled, ModelUnreachable
from tests.adapters.llm.asking import call, hear
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply

FINE = Reply(text="All is well.")
PATIENT = Timeouts(first_token=30, between_tokens=30, total=60)
SHORT: Mapping[str, Timeouts] = {
    "first_token": replace(PATIENT, first_token=0.15),
    "between_tokens": replace(PATIENT, between_tokens=0.15),
}


@pytest.fixture
async def provider():
    async with ProviderSimulator() as simulator:
        yield simulator


@pytest.fixture
def asked(session, provider):
    """Make a model that is waited for as these limits say."""
    codec = ChatCompletions(session, Endpoint(base_url=provider.base_url))
    return lambda timeouts: compose(codec, options=Options(timeouts=timeouts))


@pytest.fixture
def model(asked):
    return asked(PATIENT)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(status=503),
        Reply(status=429, headers={"Retry-After-Ms": "50"}),
        Reply(status=529),
        Reply(drop_after=0),
        Reply(drop_after=20),
        Reply(raw=b'data: {"error": {"code": 502, "message": "upstream"}}\n\n'),
    ],
    ids=["503", "429", "529", "torn at once", "torn before a word", "an error in a 200"],
)
@pytest.mark.parametrize("position", [0, 2])
async def test_trouble_before_the_first_word_is_outlived_p11(provider, model, trouble, position):
    provider.replies["*"] = [trouble, FINE]
    heard = await hear(model, call(position=position))
    assert heard.text == FINE.text
    assert len(provider.seen) == 2


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Reply(text="word " * 99, drop_after=2000), ModelUnreachable),
        (Reply(text="word " * 9, finish=None, done=False), ModelUnreachable),
        (Reply(text="half", error={"error": {"code": 503, "message": "x"}}), ModelBusy),
    ],
    ids=["torn", "cut", "an error in mid-stream"],
)
async def test_trouble_after_the_first_word_is_told_and_not_retried_p11(
    provider, model, trouble, error
):
    provider.replies["*"] = [trouble, FINE]
    heard: list[str] = []
    stream = model.stream(call())
    while not heard:
        heard += filter(None, [(await anext(stream)).text])
    with pytest.raises(error):
        await _rest(stream)
    assert len(provider.seen) == 1


async def _rest(stream):
    async for _ in stream:
        pass


@pytest.mark.parametrize(
    ("trouble", "stage"),
    [
        (Reply(first=600), "first_token"),
        (Reply(pings=0.02), "first_token"),
        (Reply(stall_after=0), "first_token"),
        (Reply(text="word " * 99, stall_after=2000), "between_tokens"),
    ],
    ids=["no head", "only pings", "a head and nothing", "stops in the middle"],
)
async def test_a_stall_is_noticed_and_let_go_p12(provider, asked, trouble, stage):
    provider.replies["*"] = trouble
    with pytest.raises(ModelStalled) as caught:
        async with asyncio.timeout(25):  # before any other limit
            await hear(asked(SHORT[stage]), call())
    assert caught.value.stage == stage
    async with asyncio.timeout(PATIENCE):
        await provider.seen[0].gone.wait()
    assert len(provider.seen) == 1


async def test_a_single_gpu_server_gets_one_call_at_a_time_moa_8(session, provider):
    provider.replies["*"] = Reply(between=0.005)
    codec = ChatCompletions(session, Endpoint(base_url=provider.base_url))
    model = compose(codec, options=Options(max_parallel=1))
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(hear(model, call()))
    assert (len(provider.seen), provider.most_in_flight) == (4, 1)


async def test_strict_turns_are_learned_over_the_wire_moa_19(provider, model):
    provider.replies["*"] = Reply(text="fine", strict_turns=True)
    lines = [call().lines[0], call().lines[0]]
    for _ in range(2):
        assert (await hear(model, call(lines=lines))).text == "fine"
    assert [len(seen.body["messages"]) for seen in provider.seen] == [2, 1, 1]


async def test_a_prompt_that_grows_at_its_end_is_read_from_the_cache(provider, model):
    lines = [call().lines[0]] * 3
    await hear(model, call(lines=lines))
    heard = await hear(model, call(lines=[*lines, lines[0]]))
    assert heard.usage is not None
    assert heard.usage.cache_read > 0.7 * heard.usage.input
