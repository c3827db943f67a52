"""No way of writing a secret is a way out, wherever it stands in a text."""

from __future__ import annotations

import html
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.struck import SHORTEST, STRUCK, strike

SECRET = "canary-\"q'uo\\te%+/=ü"
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON, not plain": lambda text: json.dumps(text, ensure_ascii=False),
    "repr": repr,
    "HTML": html.escape,
    "an address": quote,
    "an address, all of it": lambda text: quote(text, safe=""),
    "a form": quote_plus,
    "hexadecimal": lambda text: text.encode().hex(),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
}


@pytest.mark.parametrize("way", WAYS)
@given(before=st.text(max_size=5), after=st.text(max_size=5))
def test_a_secret_is_struck_out_in_whichever_way_it_is_written(way, before, after):
    written = WAYS[way](f"{before}{SECRET}{after}".encode("utf-8", "replace").decode())
    struck = strike(f"Authorization: {written}!", [SECRET])
    assert STRUCK in struck
    for each in (SECRET, WAYS[way](SECRET).strip("\"'=")[4:-4]):
        assert each not in struck


@given(st.binary(max_size=4), st.binary(max_size=4), st.binary(min_size=8, max_size=30))
def test_nothing_but_its_edges_is_left_of_a_secret_in_base64(before, after, secret):
    text = secret.hex()  # any text of some length
    struck = strike(b64encode(before + text.encode() + after).decode(), [text])
    left = [b64decode(each[: len(each) // 4 * 4]) for each in struck.split(STRUCK)]
    assert len(left) == 2
    assert all(len(each) <= 7 for each in left), left


def test_a_password_in_an_address_is_struck_out_as_it_is_sent():
    sent = b64encode(b"me:p@ss word").decode()
    assert strike(f"p@ss word, p%40ss%20word, Basic {sent}", ["p%40ss%20word"]).count(STRUCK) == 3


@pytest.mark.parametrize("word", ["", "true", "x" * (SHORTEST - 1)])
def test_a_word_is_no_secret(word):
    assert strike(f"It is {word}.", [word]) == f"It is {word}."


def test_of_two_secrets_the_longer_one_goes_first():
    assert strike("a-secret-and-more", ["a-secret", "a-secret-and-more"]) == STRUCK
