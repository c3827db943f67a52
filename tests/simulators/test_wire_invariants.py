# Shows that the watch over prefixes sees what breaks a cache, and takes what does not.

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.wire import Endpoint, open_session
from core.advice import ADVISORY_REQUEST
from core.types import Line
from tests.adapters.llm.asking import call, hear
from tests.simulators.provider import ProviderSimulator, Reply
from tests.wire_invariants import Conversations, extends, prefix_of

BLOCK = "Preset 'x' asked other models for advice."


def user(text, **more):
    return {"role": "user", "content": text, **more}


def says(text):
    return {"role": "assistant", "content": text}


def body(*messages, model="m"):
    return {"model": model, "messages": [{"role": "system", "content": "Be brief."}, *messages]}


def marked(text):
    return {"role": "user", "content": [{"type": "text", "text": text, "cache_control": {}}]}


def plain(text):
    return {"role": "user", "content": [{"type": "text", "text": text}]}


HELD = [
    [body(user("Q")), body(user("Q"), says("A"), user("R"))],
    [body(user("Q"), user(BLOCK)), body(user("Q"), says("A"), user(ADVISORY_REQUEST))],
    [body(user(f"Q\n\n{BLOCK}")), body(user("Q"), says("A"), user("R"))],
    [body(marked("Q")), body(plain("Q"), says("A"), marked("R"))],
    [body(user("Q")), body(user("Q"))],
    [body(user("Q")), body(user("another"))],
    [body(user("Q"), says("A")), body(user("Q"), says("B"), model="n")],
]
BROKEN = [
    [body(user("Q"), says("A"), user("R")), body(user("Q"), says("A, but changed"), user("R"))],
    [body(user("Q"), says("A"), user("R")), body(user("Q"), user(BLOCK), says("A"), user("R"))],
    [body(user("Q"), says("A"), user("R")), body(user("Q"), says("B"), user("R"), user(BLOCK))],
]


@pytest.mark.parametrize("bodies", HELD)
def test_what_grows_at_its_end_is_taken_moa_19(bodies):
    watch = Conversations()
    for each in bodies:
        watch.take_body(each)
    assert watch.broken == []


@pytest.mark.parametrize("bodies", BROKEN)
def test_what_breaks_a_prefix_is_seen_until_a_new_epoch_moa_19(bodies):
    watch = Conversations()
    watch.take_body(bodies[0])
    watch.new_epoch()
    watch.take_body(bodies[1])
    assert watch.broken == []
    watch.take_body(bodies[0])
    assert watch.broken == ["a request to m broke the prefix of its conversation"]


def test_a_request_without_its_block_is_the_beginning_of_the_next():
    before, now = prefix_of(body(user("Q"), user(BLOCK))), prefix_of(body(user("Q"), says("A")))
    assert extends(now, before)
    assert not extends(before, now)


async def test_a_simulator_tells_of_it_at_its_end():
    simulator = await ProviderSimulator({"m": Reply()}).start()
    async with open_session() as session:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        for answer in ("A", "B"):
            lines = (Line.of("user", "Q"), Line.of("assistant", answer), Line.of("user", "R"))
            await hear(model, call("m", lines))
    with pytest.raises(AssertionError, match="broke the prefix"):
        await simulator.__aexit__(None)
