"""Shows that a turn with tools keeps the model's cache warm, by the model's own count (MOA-19, 26).

What the engine asks in ten rounds of tools is taken down from a turn whose models play a script,
and the embedded model is then asked exactly that: it cannot call tools itself, but it says how
much of each request it had read before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import pytest

from core.calls import Chunk, ModelCall
from core.events import TurnFinished
from core.ports import Provider
from core.presets import Slot
from core.types import Line, ToolCall
from tests.adapters.llm.embedded_model import SLOT, Server, answer
from tests.core.scene import Scene, Tools, preset, reference
from tests.fakes.loop import run_virtual
from tests.fakes.model import Script, ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS = 10
SHARE = 0.9
"""Of what could be read, as MOA-26 wants it."""
QUESTION = (
    Line.of("system", "You look after the shop's small database."),
    Line.of("user", "Why are the reports late since Monday? Look into it step by step."),
)


@pytest.fixture(scope="module")
def requests() -> Sequence[ModelCall]:
    """All requests of a turn of ten rounds in which everybody is asked in every round."""

    def called(number: int) -> list[Chunk]:
        wanted = ToolCall(id=f"c{number}", name="look", arguments=f'{{"step": {number}}}')
        return [Chunk(text=f"Step {number}.", tool_calls=(wanted,), finish="tool_calls")]

    async def turn() -> Sequence[ModelCall]:
        scripts: dict[str, Sequence[Script]] = {
            "a": [
                [f"Advice {number}: look at the index, and mind the backups."]
                for number in range(1, ROUNDS + 2)
            ],
            "agg": [*(called(number) for number in range(1, ROUNDS + 1)), ["The index is gone."]],
        }
        model = ScriptedModel(scripts)
        small = Provider(name="local", model=model, small=True)
        # A model that only tools confuse is offered none, so the aggregator is another one.
        wanted = preset(reference("a", "local"), aggregator=Slot(provider="p", model="agg"))
        scene = Scene(model, wanted, QUESTION, providers={"local": small}, toolbox=Tools())
        assert isinstance(await scene.run(), TurnFinished)
        return [made.call for made in model.made]

    return run_virtual(turn())


@pytest.mark.parametrize(("position", "who"), [(0, "aggregator"), (1, "reference")])
async def test_moa_26_nine_tenths_of_what_could_be_read_from_the_cache_are(
    shared, requests, position, who
):
    asked = [call for call in requests if call.position == position]
    assert len(asked) == ROUNDS + 1, f"the {who} is asked in every round, and for the answer"
    server = Server(shared)
    tokens: list[int] = []
    could = 0
    for call in asked:
        before, tokens = tokens, await server.tokens(call.lines)
        could = common(before, tokens)
        _, usage, _ = await answer(shared, replace(call, slot=SLOT, max_tokens=1))
        assert usage.input == len(tokens)
        assert usage.cache_read >= SHARE * could, call.lines
    assert could > len(tokens) / 2, "what is new in a request is the smaller part of it by now"


def common(before: Sequence[int], now: Sequence[int]) -> int:
    """Count the tokens with which both begin: the most that can be read."""
    same = (a == b for a, b in zip(before, now, strict=False))
    return sum(takewhile(bool, same))
