"""Shows that the ledger of a chaos run counts a question by what it asks, not by what it quotes."""

from __future__ import annotations

import json

from tests.chaos.ledger import asks


def test_what_a_question_quotes_it_does_not_ask():
    """Else the turn of a later question is taken for that of the one it was asked below."""
    quoted = [{"kind": "thread", "said": [{"text": "ask-73"}]}]
    assert asks(json.dumps({"parts": ["ask-88 pay\nask-89"], "quotes": quoted})) == (88, 89)
    assert asks(json.dumps({"text": "ask-90", "answers": {"text": "ask-73"}})) == (90,)


def test_what_was_erased_asks_nothing():
    assert asks(json.dumps({"role": "user"})) == ()
