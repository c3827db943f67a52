# MOA-19 and MOA-26 over a whole turn: ten rounds of tools, three references asked in each of
# them, and a provider whose cache has to be asked. Nine tenths of what can be read is read.

from dataclasses import replace
from itertools import pairwise, takewhile

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.messages import Messages
from adapters.llm.wire import Endpoint
from core.engine import Turn, TurnRequest
from core.events import TurnFinished
from core.ports import Provider
from core.presets import Cadence, Slot
from core.types import Line
from tests.core.scene import NoCache, Tools, preset, reference
from tests.fakes.model import ScriptedModel, world
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.anthropic_cache import blocks, tokens, written
from tests.simulators.provider import ProviderSimulator
from tests.simulators.provider_reply import Reply
from tests.wire_invariants import assert_bodies_extend, prefix_of

ROUNDS = 10
ACTS = "claude-opus-4-8"
ADVISE = ("claude-sonnet-5", "claude-haiku-4-5", "claude-sonnet-4-5")
RULES = "Orders are kept for ninety days, and nobody may see those of somebody else. "
LINES = (
    Line.of("system", "You help a small shop. " + RULES * 60),
    Line.of(
        "user", "Why are the reports late? " + "It began on a Monday, after the update. " * 120
    ),
)


def called(number):
    """An answer that calls two tools, as the wire has them."""
    arguments = f'{{"step": {number}}}'
    return tuple(
        {
            "id": f"toolu_{number}_{name}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        for name in ("look", "read")
    )


def replies(thought):
    acts = [
        Reply(text=f"Step {number}.", reasoning=thought, tool_calls=called(number))
        for number in range(1, ROUNDS)
    ]
    advice = [Reply(text=f"Advice {number}: look at the index. " * 20) for number in range(ROUNDS)]
    return {ACTS: [*acts, Reply(text="It is the index.")], "*": advice[0]}


async def turn(model, *, effort=None, prefix=""):
    """Run the turn, everybody asked of one provider."""
    wanted = preset(
        *(reference(prefix + name) for name in ADVISE),
        aggregator=Slot(provider="p", model=prefix + ACTS, reasoning_effort=effort),
        fanout=Cadence(mode="per_iteration"),
        quorum="all",
    )
    asked = TurnRequest(turn_id="t", preset=wanted, lines=LINES, scope="s", fresh=True)
    where = world(ScriptedModel(), p=Provider(name="p", model=compose(model, options=Options())))
    tools = Tools(seconds=0.0)
    ending = await Turn(asked, world=where, cache=NoCache(), toolbox=tools).run(
        lambda _event: None, lambda _note: None
    )
    assert isinstance(ending, TurnFinished), ending
    assert ending.result.text.endswith("It is the index.")
    return ending.result


def of(simulator, model):
    return [
        (at, each.body) for at, each in enumerate(simulator.seen) if each.body["model"] == model
    ]


def common(before, now):
    """Count the tokens with which both begin: the most that can be read."""
    pairs = zip((written(*each) for each in blocks(before)), blocks(now), strict=False)
    same = takewhile(lambda pair: pair[0] == written(*pair[1]), pairs)
    return sum(tokens(text) for text, _ in same)


@pytest.mark.parametrize("effort", [None, "high"])
async def test_nine_tenths_of_what_can_be_read_is_read_by_everybody(session, effort):
    async with AnthropicSimulator(replies("Let me see. " * 9)) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        result = await turn(model, effort=effort)
    for name in (ACTS, *ADVISE):
        asked = of(simulator, name)
        assert len(asked) == ROUNDS
        assert_bodies_extend(body for _, body in asked)
        could = read = 0
        for (_, before), (at, now) in pairwise(asked):
            could += common(before, now)
            read += simulator.counted[at].read
        assert could > 5_000
        assert read >= 0.9 * could, f"{name} read {read} of {could}"
    # What is reported is what the provider counted (MOA-26).
    spent = sum((each.read for each in simulator.counted), 0)
    assert result.usage.cache_read == spent
    assert result.usage.input == sum(each.all for each in simulator.counted)


async def test_thoughts_go_back_with_their_tools_all_the_way(session):
    async with AnthropicSimulator(replies("Let me see.")) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        await turn(model, effort="high")
    _, last = of(simulator, ACTS)[-1]
    answers = [each["content"] for each in last["messages"] if each["role"] == "assistant"]
    assert len(answers) == ROUNDS - 1
    for content in answers:
        assert [each["type"] for each in content] == ["thinking", "text", "tool_use", "tool_use"]
    for name in ADVISE:
        for _, body in of(simulator, name):
            assert "Let me see" not in str(body)


@pytest.mark.parametrize("strict", [False, True])
async def test_claude_behind_openrouter_is_asked_with_breakpoints_too_moa_25(session, strict):
    acts, advice = (replies("")[name] for name in (ACTS, "*"))
    planned = {f"anthropic/{ACTS}": acts, "*": advice}
    if strict:  # the first request is refused, and asked again in turns
        acts = [acts[0], *acts]
        planned = {f"anthropic/{ACTS}": [replace(each, strict_turns=True) for each in acts]}
        planned["*"] = replace(advice, strict_turns=True)
    async with ProviderSimulator(planned) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        await turn(model, prefix="anthropic/")
    for name in (ACTS, *ADVISE):
        taken = [body for _, body in of(simulator, f"anthropic/{name}")][-ROUNDS:]
        assert len(taken) == ROUNDS
        assert_bodies_extend(taken)
        for body in taken:
            marked = [
                at
                for at, message in enumerate(body["messages"])
                if any("cache_control" in part for part in message["content"] or ())
            ]
            assert len(marked) <= 4
            assert marked[0] == 0, "the system prompt"
            assert marked[-1] < len(prefix_of(body)) - len(body.get("tools", ())), (
                "what is appended"
            )


async def test_where_a_cache_fills_itself_nothing_is_added_moa_25(session):
    async with ProviderSimulator(
        {**replies(""), "*": Reply(), "acts": replies("")[ACTS]}
    ) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        wanted = preset(reference("gpt-5"), aggregator=Slot(provider="p", model="acts"))
        asked = TurnRequest(turn_id="t", preset=wanted, lines=LINES, scope="s")
        where = world(
            ScriptedModel(), p=Provider(name="p", model=compose(model, options=Options()))
        )
        turn_ = Turn(asked, world=where, cache=NoCache(), toolbox=Tools(seconds=0.0))
        await turn_.run(lambda _event: None, lambda _note: None)
        sent = b"".join(each.raw for each in simulator.seen)
    assert b"cache_control" not in sent
