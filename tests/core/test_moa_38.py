"""Shows what votes say of presets and references, and when they say nothing yet (MOA-38)."""

from __future__ import annotations

from decimal import Decimal

from core.feedback import ENOUGH, tallied
from core.records import Voted
from gateway.cli import preset_stats


def voted(up: int = 0, down: int = 0, preset: str = "review", **changes) -> Voted:
    given = {"references": ("p:a",), "dollars": Decimal("0.01"), "priced": True, **changes}
    return Voted(preset=preset, up=up, down=down, **given)


def lines(*answers: Voted) -> list[str]:
    return list(preset_stats.as_text(tallied(answers)))


def test_moa_38_nothing_is_judged_below_thirty_and_how_many_are_missing_is_said():
    (preset,) = tallied([voted(up=1)] * (ENOUGH - 1))
    assert (preset.votes, preset.missing) == (29, 1)
    assert preset.win_rate is None
    assert preset.dollars_per_accepted is None
    told = lines(*[voted(up=1)] * 29)
    assert told[0] == "review: 29 votes, 29 👍 0 👎 · 1 more before anything can be judged"


def test_moa_38_from_thirty_up_there_is_a_win_rate_and_a_cost():
    answers = [voted(up=1)] * 24 + [voted(down=1)] * 6
    (preset,) = tallied(answers)
    assert preset.win_rate == 0.8
    assert preset.dollars_per_accepted == Decimal("0.30") / 24
    assert lines(*answers)[0] == (
        "review: 30 votes, 24 👍 6 👎 · win rate 80 % · $0.0125 for each accepted answer"
    )


def test_moa_38_an_answer_is_accepted_with_more_good_votes_than_bad_ones():
    (preset,) = tallied([voted(up=20, down=10), voted(up=1, down=1), voted(down=2)])
    assert (preset.answers, preset.accepted) == (3, 1)
    assert preset.dollars_per_accepted == Decimal("0.03")


def test_moa_38_references_are_counted_where_they_had_advised():
    answers = [voted(up=1, references=("p:a", "p:b"))] * 20 + [voted(down=1)] * 12
    (preset,) = tallied(answers)
    a, b = preset.references
    assert (a.name, a.votes, a.win_rate) == ("p:a", 32, 0.625)
    assert (b.name, b.votes, b.missing, b.win_rate) == ("p:b", 20, 10, None)
    assert lines(*answers)[1:] == [
        "  p:a: 32 votes, 20 👍 12 👎 · win rate 62 %",
        "  p:b: 20 votes, 20 👍 0 👎 · 10 more before anything can be judged",
    ]


def test_moa_38_an_unknown_price_is_unknown_and_never_nothing():
    answers = [voted(up=1)] * 30 + [voted(up=1, priced=False)]
    (preset,) = tallied(answers)
    assert preset.dollars is None
    assert lines(*answers)[0].endswith("· price of an accepted answer unknown")
    assert lines(*[voted(down=1)] * 30)[0].endswith("win rate 0 % · no answer was accepted")


def test_moa_38_presets_stand_apart_and_scripts_get_null_for_what_cannot_be_judged():
    found = preset_stats.as_json(tallied([voted(up=1, preset="b"), voted(down=1, preset="a")]))
    assert isinstance(found, list)
    assert [each["name"] for each in found] == ["a", "b"]
    assert found[0] == {
        "name": "a",
        "votes": 1,
        "up": 0,
        "down": 1,
        "missing": 29,
        "win_rate": None,
        "answers": 1,
        "accepted": 0,
        "dollars": "0.01",
        "dollars_per_accepted": None,
        "references": [
            {"name": "p:a", "votes": 1, "up": 0, "down": 1, "missing": 29, "win_rate": None}
        ],
    }


def test_moa_38_nobody_has_voted_yet_is_said():
    assert lines() == ["Nobody has voted yet: 👍 and 👎 stand under every answer."]
