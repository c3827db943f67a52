"""Shows that an advisor's gist is its first sentence, whatever the text looks like."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markup import gist


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Use SQLite. It is enough.", "Use SQLite."),
        ("Use a lock, e.g. flock, or a queue. Then go.", "Use a lock, e.g. flock, or a queue."),
        (
            "Dr. Smith et al. wrote it in ver. 3.5. Later more.",
            "Dr. Smith et al. wrote it in ver. 3.5.",
        ),
        ("**Yes!** It works.", "Yes!"),
        ("Call `a.b(c. D)` first. Then stop.", "Call a.b(c. D) first."),
        ("# Title\n\nThe point is this. More.", "The point is this."),
        ("- first point without an end\n- second", "first point without an end"),
        ("1. Use [the docs](http://x.org/a.html). 2. No", "Use the docs."),
        ("See [the wiki](https://w.org/Go_(game)) first. No", "See the wiki first."),
        ("See [a](http://x/(y)/z_(w) 'of (a)'), [b](c). No", "See a, b."),
        ("See [a](http://x/(y) first. No", "See a first."),
        ("Three things matter:\n\n- one", "Three things matter:"),
        ("```py\nx = 1\n```\nThat sets x. Good.", "That sets x."),
        ("```py\nx = 1\n```", "py x = 1"),
        ("# Only a title", "Only a title"),
        ("答案是四。因为二加二。", "答案是四。"),
        ("A line\nthat goes on. Next.", "A line that goes on."),
        ("| a | b |\n|---|---|\n\nSee the table. Yes.", "See the table."),
        ("use snake_case_names and 2 * 3 here. Yes", "use snake_case_names and 2 * 3 here."),
        ("", ""),
        ("   \n\n", ""),
        ("Is it? Yes.", "Is it?"),
        ('He said "stop." Then left.', 'He said "stop."'),
    ],
)
def test_it_is_the_first_sentence(text, first):
    assert gist(text) == first


@pytest.mark.parametrize("piece", ["[", "[ ", "[a](", "\n> [", "[a]((", "[a](()", "()"])
def test_a_model_that_repeats_itself_takes_no_time(piece):
    """The whole program stands still while a gist is sought: this took up to half a minute."""
    began = time.process_time()
    assert len(gist(piece * (60_000 // len(piece)))) <= 200
    assert time.process_time() - began < 1.0


def test_a_long_sentence_is_cut_between_words():
    text = gist("word " * 100)
    assert len(text) <= 200
    assert text.endswith("word…")


@given(st.text(alphabet="ab.。!?`*#-|\n 1[]()", max_size=300))
def test_it_is_one_short_line_whatever_comes(text):
    assert len(gist(text)) <= 200
    assert "\n" not in gist(text)
