"""Shows what people are told who give a command or press a button."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core import whispers
from core.budget import Limit
from core.frames import File, Notice, Part
from core.menu import MENU
from core.outcomes import Advice
from core.ports import Capabilities
from core.presets import Catalogue, Preset, ReferenceSlot, Slot
from core.records import Spending, Spent, StoredTurn, Whose
from tests.fakes.turns import advice, end, start

BIG = Slot(provider="p", model="big")
CAN = Capabilities(limit=2000)


def catalogue(*names: str) -> Catalogue:
    slots = (ReferenceSlot(provider="p", model="a"),)
    presets = {each: Preset(name=each, aggregator=BIG, references=slots) for each in names}
    return Catalogue(presets=presets, default=names[0])


def turn(*advices: Advice) -> StoredTurn:
    return StoredTurn(
        start=start("t1", seq=1),
        state="delivered",
        attempts=1,
        advice=tuple((1, each) for each in advices),
        references_done=1,
        end=end("t1"),
        outbox=(),
    )


def test_help_is_written_as_the_platform_takes_commands():
    assert "\n/ask [preset:NAME] question – Ask a question\n" in whispers.help_text("/", MENU)
    slack = whispers.help_text("/moa ", MENU)
    assert "\n/moa ask [preset:NAME] question" in slack
    assert "\n/moa [preset] [thread|channel|me] – " in slack


def test_what_a_channel_cost_is_said_in_dollars_and_answers_and_what_is_left():
    quick = Spent(dollars=Decimal("0.25"), turns=2)
    review = Spent(dollars=Decimal(1), turns=1)
    whole = Spent(dollars=Decimal("1.25"), turns=3)
    here = Spending(whole=whole, presets={"quick": quick, "review": review})
    own = Spent(dollars=Decimal(0), turns=1, priced=False)
    midnight = datetime(2026, 11, 29, tzinfo=UTC)
    limit = Limit(
        scope="user",
        period="daily",
        whose=Whose(),
        dollars=Decimal(2),
        begin=midnight - timedelta(days=1),
        end=midnight,
    )
    left = [(limit, Decimal("1.62"))]
    assert whispers.cost_text(here, Spending(whole=own, presets={"quick": own}), left) == (
        "This chat has cost $1.25 (3 answers) this month: "
        "quick $0.250 (2 answers), review $1.00 (1 answer).\n"
        "Your own questions on this platform: $0 + unknown prices (1 answer).\n"
        "Your daily budget: $0.380 of $2.00 left. "
        "It starts anew on Sunday 29 November at 00:00 (UTC)."
    )


def texts(*advices: Advice, value: str = "", can: Capabilities = CAN) -> list[str]:
    frames = whispers.advice_frames(turn(*advices), value, can)
    return [each.content.text for each in frames if isinstance(each.content, Part | Notice)]


def test_the_advisors_whole_texts_are_shown_with_what_became_of_each():
    (text,) = texts(advice(1), advice(2, "failed"))
    assert text.startswith("✓ p:1 · done · 1.5 s · $0.0010\n\nAdvice 1\n\n✗ p:2")
    (text,) = texts(advice(1), advice(2), value="2")
    assert "Advice 2" in text
    assert "Advice 1" not in text
    assert texts(advice(1), value="7") == ["No advisor has answered yet."]


def test_what_models_wrote_is_made_harmless_and_split():
    long = replace(advice(1), text="[here](javascript:go()) " + "word " * 900)
    shown = texts(long)
    assert len(shown) == 3
    assert all(len(each) <= CAN.limit for each in shown)
    assert "](javascript" not in "".join(shown)


def test_advice_that_is_too_long_for_messages_is_a_file():
    long = replace(advice(1), text="word " * 9000)
    can = replace(CAN, files=True)
    (frame,) = whispers.advice_frames(turn(long), "", can)
    assert isinstance(frame.content, File)
    assert frame.content.text.count("word") == 9000
