# Shows that the Telegram simulator reads texts, entities and both markups as Telegram does.

import contextlib
import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulators.telegram.refusal import Refusal
from tests.simulators.telegram.texts import formatted, units

KINDS = st.sampled_from(["bold", "italic", "code", "spoiler", "expandable_blockquote"])
ENTITIES = st.lists(
    st.builds(
        lambda kind, offset, length: {"type": kind, "offset": offset, "length": length},
        KINDS,
        st.integers(-1, 12),
        st.integers(-1, 12),
    ),
    max_size=4,
)
TEXTS = st.text(st.sampled_from("ab \n👍é\u200d<&"), max_size=8)


def entities(source: str, mode: str) -> tuple[str, list[tuple[Any, ...]]]:
    found = formatted(source, mode, None)
    kept = [(each["type"], each["offset"], each["length"]) for each in found.entities]
    return found.text, kept


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("&lt;b&gt; &amp; &quot;", '<b> & "', []),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote expandable>👍</blockquote>!", "👍!", [("expandable_blockquote", 0, 2)]),
        ('<a href="https://a.b/?x=1&amp;y=2">x</a>', "x", [("text_link", 0, 1)]),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ('<span class="tg-spoiler">x</span> ', "x", [("spoiler", 0, 1)]),
        ("  <b>x </b> ", "x", [("bold", 0, 1)]),
        ("https://a.b/c.", "https://a.b/c.", [("url", 0, 13)]),
        ("<code>@somebody /ask</code>", "@somebody /ask", [("code", 0, 14)]),
        ("@somebody /ask", "@somebody /ask", [("mention", 0, 9), ("bot_command", 10, 4)]),
    ],
)
def test_html_is_read(source, text, kinds):
    assert entities(source, "HTML") == (text, kinds)


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("*a _b_*", "a b", [("bold", 0, 3), ("italic", 2, 1)]),
        (
            "__a__ ~b~ ||c||",
            "a b c",
            [("underline", 0, 1), ("strikethrough", 2, 1), ("spoiler", 4, 1)],
        ),
        (r"1\. a\-b", "1. a-b", []),
        ("`a*b`", "a*b", [("code", 0, 3)]),
        ("```py\nx = 1\n```", "x = 1", [("pre", 0, 5)]),
        ("[a](https://b.c/\\))", "a", [("text_link", 0, 1)]),
        (">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 3)]),
    ],
)
def test_markdown_is_read(source, text, kinds):
    assert entities(source, "MarkdownV2") == (text, kinds)


@given(TEXTS, ENTITIES)
def test_what_is_taken_lies_within_the_text(text, given_entities):
    try:
        found = formatted(text, "", given_entities, empty=True)
    except Refusal:
        return
    for each in found.entities:
        assert 0 <= each["offset"] < each["offset"] + each["length"] <= units(found.text)


@given(TEXTS)
def test_what_is_escaped_is_shown_as_it_was(text):
    found = formatted(html.escape(text), "HTML", None, empty=True)
    assert found.text == formatted(text, "", None, empty=True).text


@given(st.text(max_size=60), st.sampled_from(["HTML", "MarkdownV2"]))
def test_any_markup_is_read_or_refused(source, mode):
    with contextlib.suppress(Refusal):
        found = formatted(source, mode, None, empty=True)
        assert all(each["length"] > 0 for each in found.entities)
