"""Shows what a preset's `privacy_filter` keeps from whom (MOA-33, ADR 0031)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.calls import Chunk
from core.errors import ModelBusy
from core.events import (
    AnswerDelta,
    AnswerReset,
    ReferenceDone,
    ReferencesDone,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from core.records import ToolRound
from core.trace import turn_record
from core.types import Line, Sealed
from core.veil import kept, kept_round, seen, veiled
from tests.core.scene import Scene, play, preset
from tests.fakes.model import ScriptedModel
from tests.fakes.turns import start

MAIL = "ann@example.org"
CARD = "4111 1111 1111 1111"
ASKED = (Line.of("user", f"Who is {MAIL}?"),)
SCRIPTS = {
    "a": [[f"She is {MAIL}."]],
    "agg": [["Write to an", Chunk(text="n@exam"), "ple.org or call, c", f"ard {CARD}. Bye."]],
}
SHOWN = "Write to [e-mail] or call, card [card]. Bye."


async def told(filter_, scripts=SCRIPTS):
    """Give a turn's scene, what its listeners were told, and its ending as it is shown."""
    wanted = preset("a", privacy_filter=filter_)
    scene = Scene(ScriptedModel(scripts), wanted, ASKED)
    events: list[TurnEvent] = []
    ending = await scene.turn.run(veiled(events.append, wanted), scene.notes.append)
    veiled_end = seen(ending, wanted)
    return scene, events, veiled_end, wanted, ending


@pytest.mark.parametrize("filter_", ["display", "full"])
def test_moa_33_nothing_of_it_is_shown_however_the_answer_streams(filter_):
    async def story():
        _, events, shown, wanted, ending = await told(filter_)
        veil: list[TurnEvent] = []
        tell = veiled(veil.append, wanted)
        for delta in ("Write to an", "n@exam", "ple.org or call, c", f"ard {CARD}. Bye."):
            tell(AnswerDelta(text=delta))
        tell(ending)
        streamed = "".join(each.text for each in veil if isinstance(each, AnswerDelta))
        assert streamed == SHOWN
        assert veil[-1] == shown
        assert shown.result.text == SHOWN
        for event in events:
            if isinstance(event, ReferenceDone):
                assert event.advice.text == "She is [e-mail]."
            if isinstance(event, ReferencesDone):
                assert event.advice[0].text == "She is [e-mail]."

    play(story)


@pytest.mark.parametrize("filter_", ["display", "full"])
def test_moa_33_models_are_sent_what_they_would_have_been_sent(filter_):
    async def story():
        plain, *_ = await told(None)
        hidden, *_ = await told(filter_)
        sent = [[made.call.lines for made in each.model.made] for each in (plain, hidden)]
        assert sent[0] == sent[1]
        assert MAIL in sent[1][1][-1].text

    play(story)


def test_moa_33_display_stores_and_traces_everything():
    async def story():
        *_, wanted, ending = await told("display")
        assert kept(ending, wanted) == ending
        record = turn_record(replace(start("t1"), preset=wanted), ending)
        assert MAIL in json.dumps(record)
        assert CARD in json.dumps(record)

    play(story)


def test_moa_33_full_keeps_and_traces_none_of_it():
    async def story():
        *_, wanted, ending = await told("full")
        stored = kept(ending, wanted)
        assert stored.result.text == SHOWN
        assert [call.text for call in stored.result.calls] == [SHOWN]
        record = turn_record(replace(start("t1"), preset=wanted), ending)
        text = json.dumps(record)
        assert MAIL not in text
        assert CARD not in text
        assert "Who is [e-mail]?" in text
        assert record["turn_id"] == "t1"

    play(story)


def test_an_answer_that_begins_anew_begins_with_nothing_held_back():
    told_: list[TurnEvent] = []
    tell = veiled(told_.append, preset("a", privacy_filter="display"))
    tell(AnswerDelta(text="Write to ann@exam"))
    tell(AnswerReset())
    tell(AnswerDelta(text="ple.org is a site\n"))
    assert told_[1:] == [AnswerReset(), AnswerDelta(text="ple.org is a site\n")]


def test_what_a_provider_quotes_of_a_request_is_redacted_too():
    async def story():
        scripts = {"agg": [[ModelBusy(f"no quota for {MAIL}")]]}
        _, _, shown, _, ending = await told("display", scripts)
        assert isinstance(ending, TurnFailed)
        assert isinstance(shown, TurnFailed)
        assert MAIL in ending.error
        assert "[e-mail]" in shown.error

    play(story)


def test_without_a_filter_nothing_is_touched():
    async def story():
        *_, shown, wanted, ending = await told(None)
        assert shown is ending
        assert isinstance(ending, TurnFinished)
        assert kept(ending, wanted) is ending

    play(story)


@pytest.mark.parametrize(("filter_", "stays"), [("full", False), ("display", True), (None, True)])
def test_what_is_sealed_holds_thoughts_in_the_clear_and_full_keeps_none_of_it(filter_, stays):
    sealed = (Sealed(label="p:agg", data=f'{{"thinking": "I write to {MAIL}."}}'),)
    line = Line(role="assistant", parts=(MAIL,), sealed=sealed)
    round_ = ToolRound(iteration=1, line=line, steps=())
    kept_, _ = kept_round(round_, (), preset("a", privacy_filter=filter_))
    assert (MAIL in repr(kept_)) is stays
    assert (kept_.line.sealed == sealed) is stays
