"""Shows that long answers are cut into messages without loss, and cheaply while they stream."""

from __future__ import annotations

import time

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.markup import Splitter, split, utf16
from core.markup.fences import Scan

WORDS = st.text(alphabet="abc défg,.!? \n", min_size=0, max_size=60)
PIECES = st.one_of(
    WORDS,
    st.sampled_from(
        [
            "\n\n",
            "\n```python\n",
            "\n```\n",
            "\n~~~~\n",
            "~~~\n",
            "x = [1, 2]\n    return x\n",
            "- item\n  - nested item\n",
            "> quote\n> more\n",
            "日本語の文章。とても長い。",
            "👩‍👩‍👧‍👦",
            "👍🏽",
            "🇩🇪🇫🇷",
            "e\u0301\u0323",
            "각",
            "❤️",
            "x" * 90,
        ]
    ),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def bare(text: str) -> str:
    """What must not be lost: all but white space, fence lines, and what may come to look like one.

    Inside a block of code "~~~" is a word, and a cut may put it at a line's start.
    """
    lines = (line for line in text.split("\n") if not regex.match(r"[ >]*(`{3,}|~{3,})", line))
    return "".join(regex.sub("`{3,}|~{3,}", "", "".join(lines)).split())


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.integers(64, 300), st.sampled_from([len, utf16]))
@example("\n```python\n\n```python\n?? ~~~\n" + "x" * 60, 64, len)
@example("?" * 31 + "x = [1, 2]\n    return x\n\n```python\n", 64, len)
def test_no_part_is_over_the_limit_and_nothing_is_lost(text, limit, measure):
    parts = split(text, limit, measure)
    assert all(0 < measure(part) <= limit for part in parts)
    assert bare("\n".join(parts)) == bare(text)
    if len(parts) > 1:
        assert all(bare(part) for part in parts), "a part of only a fence"


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(64, 200))
@example("\n```python\nx = [1, 2]\n    return x\n\n```\n" + "x" * 90, 64)
def test_every_part_but_the_last_ends_outside_a_fence(text, limit):
    for part in split(text, limit)[:-1]:
        assert Scan.of(part + "\n").fence is None


@settings(max_examples=300, deadline=None)
@given(st.data(), TEXTS, st.integers(64, 200))
def test_a_text_that_streams_is_cut_as_the_whole_text_is(data, text, limit):
    splitter = Splitter(limit)
    at = 0
    kept: list[str] = []
    while at < len(text):
        step = data.draw(st.integers(1, 50))
        splitter.add(text[at : at + step])
        at += step
        assert all(old is new for old, new in zip(kept, splitter.frozen, strict=False))
        kept = list(splitter.frozen)
    last = [splitter.last] if splitter.last else []
    assert (*splitter.frozen, *last) == split(text, limit)


EMOJI = [
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇩🇪",
    "🇫🇷",
    "e\u0301\u0323",
    "❤️",
    "각",
    "\u1112\u1161\u11ab",
    "ก\u0e33",
    "한",
    "日",
    "a",
    " ",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(EMOJI), min_size=30, max_size=120).map("".join))
def test_what_people_see_as_one_character_stays_whole(text):
    parts = split(text, 64, utf16)
    clusters = [c for c in regex.findall(r"\X", text) if c.strip()]
    assert [c for part in parts for c in regex.findall(r"\X", part) if c.strip()] == clusters


def test_a_family_stays_together_in_a_wall_of_emoji():
    family = "👩‍👩‍👧‍👦"
    parts = split(family * 600, 4096, utf16)
    assert all(part == family * (len(part) // len(family)) for part in parts)
    assert "".join(parts) == family * 600


def test_a_cut_fence_is_closed_and_opened_again_with_its_language():
    code = "".join(f"line_{number} = {number}\n" for number in range(100))
    first, second, *_ = split(f"Look:\n\n```python\n{code}```\n\nDone.", 500)
    assert first.endswith("\n```")
    assert second.startswith("```python\nline_")


HEADING = "| Nr | Text |\n|:---|------|\n"


@pytest.mark.parametrize("step", [1, 7, 5_000])
def test_a_cut_table_has_its_heading_in_every_part(step):
    rows = [f"| {number} | {'word ' * (number % 9)}|\n" for number in range(100)]
    text = "Look:\n\n" + HEADING + "".join(rows) + "\nDone."
    splitter = Splitter(500)
    for at in range(0, len(text), step):
        splitter.add(text[at : at + step])
    first, *others, last = (*splitter.frozen, splitter.last)
    assert first.startswith("Look:\n\n" + HEADING)
    assert len(others) > 3
    assert all(part.startswith(HEADING) and len(part) <= 500 for part in (*others, last))
    bodies = [part.split(HEADING)[1].strip() for part in (first, *others, last)]
    assert "\n".join(bodies) == "".join(rows) + "\nDone."


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (HEADING + "| a | b |\n" * 6 + "\n| c | d |\n" * 5, "| c | d |"),  # the table is over
        ("| a | b |\n" * 20, "| a | b |"),  # no rule, no table
        (f"| {'a' * 30} | b |\n|---|---|\n" + "| c | d |\n" * 20, "| c | d |"),  # too long
        ("```\n" + HEADING + "| a | b |\n" * 20 + "```", "```\n| a | b |"),  # code
    ],
)
def test_nothing_else_is_repeated(text, second):
    assert split(text, 100)[1].startswith(second)


TABLES = st.lists(
    st.sampled_from(
        [HEADING, "| a | b |\n", "| word word word | b |\n", "|---|\n", "|", "\n", "x. ", "```\n"]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(TABLES, st.integers(64, 200), st.integers(1, 50))
def test_a_table_is_cut_as_it_streams_and_no_row_is_lost(text, limit, step):
    splitter = Splitter(limit)
    for at in range(0, len(text), step):
        splitter.add(text[at : at + step])
    parts = split(text, limit)
    assert (*splitter.frozen, *filter(None, [splitter.last])) == parts
    assert all(0 < len(part) <= limit for part in parts)
    assert "".join(parts).count("a") == text.count("a")


def test_a_short_fence_moves_to_the_next_message_whole():
    text = "word " * 70 + "\n\n```py\n" + "x = 1\n" * 15 + "```"
    assert split(text, 400)[1].startswith("```py\nx = 1")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a" * 50 + "\n\n" + "b" * 20 + "\n" + "c" * 60, "a" * 50),
        ("a" * 50 + "\n" + "b" * 20 + ". " + "c" * 60, "a" * 50),
        ("a" * 40 + " b" * 10 + ". " + "c" * 60, "a" * 40 + " b" * 10 + "."),
        ("语" * 50 + "。" + "文" * 60, "语" * 50 + "。"),
    ],
)
def test_it_cuts_at_the_best_place(text, first):
    assert split(text, 80)[0] == first


def test_indentation_after_a_cut_survives():
    text = "- outer " + "x" * 50 + "\n    - inner " + "y" * 40
    assert split(text, 64)[1].startswith("    - inner")


def test_a_megabyte_is_cut_in_a_moment():
    text = (
        "Some words of text, and 👍🏽 more. " * 20 + "\n\n```py\n" + "x = 1\n" * 50 + "```\n\n"
    ) * 1000
    assert len(text) > 900_000
    start = time.process_time()
    parts = split(text, 4096, utf16)
    assert time.process_time() - start < 3
    assert len(parts) > 200


def test_streaming_reads_each_character_a_bounded_number_of_times():
    """Counts what the measure is shown: it must grow with the text, not with its square."""
    seen = 0

    def counting(text: str) -> int:
        nonlocal seen
        seen += len(text)
        return len(text)

    def cost(size: int) -> int:
        nonlocal seen
        seen = 0
        splitter = Splitter(1000, counting)
        for _ in range(size // 50):
            splitter.add("some words and 40 more characters of text, ... ")
        return seen

    assert cost(200_000) < 4.5 * cost(50_000)


BITS = st.sampled_from(
    [
        *("a", "b", " ", "\n", ". ", "!", "。", "\u0301", "\U0001d538", "x" * 9, "\U0001d538" * 5),
        *("\n\n", "```\n", "```py\n", "``", "~~~\n", "> ", "- ", "1", ") ", "**", "[x]("),
    ]
)


@pytest.mark.parametrize("measure", [len, utf16])
@settings(max_examples=300, deadline=None)
@given(st.lists(BITS, max_size=120), st.sampled_from([64, 100, 160]))
@example([". ", "\U0001d538" * 5, "bb", "\U0001d538" * 2, "a\n\n```\n ```\n"], 64)
@example(
    [
        *("\n\n\U0001d538> - [x](!> !b**a!**b>  \n。\U0001d538~~~\n~~~\n!\u0301~~~\n>  \n\n```\n"),
        *("\u0301aa~~~\n~~~\n", "\U0001d538" * 5, "[x](", "x" * 9, *"a-  [x](a**b. ", "x" * 9),
    ],
    100,
)
def test_what_is_sure_of_a_part_never_shrinks_and_never_changes(measure, pieces, limit):
    """Slack appends: of what it was sent nothing can be taken back."""
    splitter = Splitter(limit, measure)
    ended, promised = 0, ""
    for piece in pieces:
        splitter.add(piece)
        if len(splitter.frozen) > ended:
            assert splitter.frozen[ended].startswith(promised)
            ended, promised = len(splitter.frozen), ""
        sure = splitter.tail[: splitter.sure].rstrip()
        assert sure.startswith(promised)
        promised = sure
