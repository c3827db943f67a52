"""Shows what is taken out of a text, and that it makes no difference how the text comes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import privacy
from core.privacy import Redacting, redact

SECRETS = {
    "e-mail": ["ann@example.org", "Ann.Lee+news@mail.example.co.uk", "a_b%c@x-y.museum"],
    "phone": ["+49 (0)30 1234-5678", "+380501234567", "0044 20 7946 0958", "(212) 555-0123"],
    "card": ["4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    "key": [
        "sk-ant-api03-abcdefghijklmnop",
        "sk-proj-0123456789abcdef0123",
        "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
        "glpat-0123456789abcdefghij",
        "xoxb-1234567890-abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA-0123456789abcdefghijklmnopqrstu",
        "7000000001:AAF-0123456789abcdefghijklmnopqrstuv",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "Bearer abcdef0123456789abcdef",
    ],
    "private key": [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk",
    ],
}
PLANTED = [(name, each) for name, texts in SECRETS.items() for each in texts]
HARMLESS = [
    "4111 1111 1111 1112",  # no card: its checksum is wrong
    "DE89 3704 0044 0532 0130 01",  # no IBAN either
    "git@github.com:org/repo.git",
    "2026-11-28 18:20:00",
    "127.0.0.1:8080 and 192.168.100.200",
    "version 3.11.7, 1,234,567 rows, 0.0012",
    "sk-learn and the sk-ip",
    "@app.route('/x') def f(): ...",
    "order 4711-0815, page 12 of 345",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "the bearer of bad news",
]


@pytest.mark.parametrize(("name", "secret"), PLANTED)
@pytest.mark.parametrize("around", ["Write to {}.", "({})", "{}", "день: {} 日本", "**{}**, then"])
def test_what_should_not_be_read_is_named_and_gone(name, secret, around):
    if name == "private key" and "END" not in secret:
        assert redact(around.format(secret)).startswith(around.partition("{")[0] + "[private key]")
        return
    assert redact(around.format(secret)) == around.format(f"[{name}]")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_stays(text):
    assert redact(text) == text


parts = st.sampled_from([each for _, each in PLANTED] + HARMLESS) | st.text(
    st.sampled_from("aZ09 .@-+()\n:_é日ABCsk"), max_size=12
)
texts = st.lists(parts, max_size=6).map("".join) | st.lists(parts, max_size=6).map(" ".join)


def streamed(text: str, cuts: list[int]) -> list[str]:
    stream, pieces, at = Redacting(), [], 0
    for cut in [*sorted({each for each in cuts if each < len(text)}), len(text)]:
        pieces.append(stream.feed(text[at:cut]))
        at = cut
    return [*pieces, stream.end()]


@given(texts, st.lists(st.integers(0, 400), max_size=30))
@example("mail ann@example.org now", [8, 9, 10, 15])
@example("Bearer abcdef0123456789abcdef", [6, 7])
@example("A4111 1111 1111 1111", [5, 10])
def test_however_a_text_is_cut_the_same_is_shown(text, cuts):
    assert "".join(streamed(text, cuts)) == redact(text)


@given(texts)
def test_each_character_alone_shows_the_same(text):
    assert "".join(streamed(text, list(range(len(text))))) == redact(text)


def test_plain_words_are_held_back_for_no_longer_than_a_word():
    stream = Redacting()
    assert stream.feed("Take the tra") == "Take the"
    assert stream.feed("in. Walk ") == " train. Walk"
    assert stream.feed("日本語です") == " 日本語です"


def test_a_line_without_end_is_shown_as_it_comes_and_hides_what_is_in_it():
    stream = Redacting()
    line = "A1" * 5_000 + ",ann@example.org," + "B2" * 5_000
    pieces = [stream.feed(line[at : at + 7]) for at in range(0, len(line), 7)]
    assert len("".join(pieces)) > 10_000
    shown = "".join([*pieces, stream.end()])
    assert "[e-mail]" in shown
    assert "example.org" not in shown


@pytest.mark.parametrize(
    "text",
    ["QUJD" * 20_000, "12 34 56 " * 9_000, PLANTED[-1][1] + "MIIEow\n" * 9_000],
    ids=["one word", "numbers", "a key without end"],
)
def test_what_is_held_for_long_is_seldom_looked_at(text, monkeypatch):
    looked: list[int] = []
    safe = privacy._safe

    def counted(held: str) -> int:
        looked.append(len(held))
        return safe(held)

    monkeypatch.setattr(privacy, "_safe", counted)
    stream = Redacting()
    for at in range(0, len(text), 4):
        stream.feed(text[at : at + 4])
    assert len(looked) < 1_000
