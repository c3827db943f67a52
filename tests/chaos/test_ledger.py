"""Shows that the ledger of a chaos run counts a question by what it asks, not by what it quotes."""

from __future__ import annotations

import json

import pytest

from tests.chaos.ledger import Books, asks
from tests.chaos.provider import Billed


def test_what_a_question_quotes_it_does_not_ask():
    """Else the turn of a later question is taken for that of the one it was asked below."""
    quoted = [{"kind": "thread", "said": [{"text": "ask-73"}]}]
    assert asks(json.dumps({"parts": ["ask-88 pay\nask-89"], "quotes": quoted})) == (88, 89)
    assert asks(json.dumps({"text": "ask-90", "answers": {"text": "ask-73"}})) == (90,)


def test_what_was_erased_asks_nothing():
    assert asks(json.dumps({"role": "user"})) == ()


@pytest.mark.parametrize(
    ("bill", "twice"),
    [
        ([(1, (131, 132)), (2, (132,))], False),
        ([(1, (132,)), (2, (132,))], True),
        ([(1, (132,)), (1, (132,))], True),
        ([(1, (132,))], False),
    ],
)
def test_what_is_left_of_a_question_was_not_paid_with_the_whole(tmp_path, bill, twice):
    """Where one of two messages is deleted, their turn has the other's text: that was never asked.

    It is asked anew then, for the first time.
    """
    books = Books(tmp_path)
    books._keep(("a", (132,), 0), 1)
    calls = [Billed(model="a", asks=about, rounds=0, life=at, whole=True) for at, about in bill]
    assert bool(books.paid_twice(calls)) is twice
