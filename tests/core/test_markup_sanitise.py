"""Shows that no text of a model carries an unsafe link or a hidden character into a chat."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typing_extensions import override

from core.markup import close, neutralise, sanitise, strip, whole


class Trusting(MarkdownIt):
    """Makes a link of whatever looks like one."""

    @override
    def validateLink(self, url):
        return True


def links(text: str) -> list[str]:
    md = Trusting("commonmark")
    return [
        str(child.attrs.get("href") or child.attrs.get("src"))
        for token in md.parse(text)
        for child in token.children or []
        if child.type in {"link_open", "image"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x]( <javascript:alert(1)>)",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](java\\script\\:alert(1))",
        "![x](data:text/html,hi)",
        "[x](vbscript:y 'title')",
        "[x](tg://resolve?domain=a)",
        "<javascript:alert(1)>",
        "[x][a]\n\n[a]: javascript:alert(1)",
        "[x][a]\n\n> [a]: file:///etc/passwd",
        "[a\nb](javascript:alert(1))",
        "\\`[x](javascript:alert(1))\\`",
        "``[x](javascript:alert(1))`",
        "```\ncode\n```\n[x](javascript:alert(1))",
        "[![i](data:x)](javascript:y)",
    ],
)
def test_a_link_with_an_unsafe_scheme_is_no_link(text):
    safe = sanitise(text)
    assert not [link for link in links(safe) if ":" in link]
    assert len(safe) == len(text)
    assert not [link for link in links(close(text)) if ":" in link]


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://example.org) [y](http://a.b) <https://example.org> [m](mailto:a@b.c)",
        "[x](page.md#part) [y](/there)",
        "`[x](javascript:alert(1))` is how",
        "```js\na[i](b:c)\n#### no heading\n```",
        "a < b > c, x <y> z",
        "# One\n## Two\n### Three\n#hashtag",
    ],
)
def test_what_is_safe_stays_as_it_is(text):
    assert sanitise(text) == text


def test_deep_headings_become_of_depth_three():
    assert neutralise("#### four\n###### six") == "###  four\n###    six"


def test_control_and_bidi_characters_go():
    assert strip("a\x00b\u202ec\u2066d\x1b[31m\ud800\r\ne\tf\ufeff") == "abcd[31m\ne\tf"


def test_joiners_and_direction_marks_of_real_languages_stay():
    assert strip("👩‍👧 نمی‌خواهم\u200f") == "👩‍👧 نمی‌خواهم\u200f"


PIECES = st.sampled_from(
    ["[x]", "(", ")", "](", "javascript:", "data:x", "http://a", "`", "``", "```", "\n", "\n\n",
     "<", ">", "\\", "[a]:", " ", "!", "[", "]", "&#58;", "y"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_mixture_leaves_an_unsafe_link(text):
    safe = neutralise(text)
    assert len(safe) == len(text)
    bad = [link for link in links(safe) if link.startswith(("javascript:", "data:"))]
    assert not bad


def test_a_third_of_a_megabyte_of_half_links_takes_a_moment():
    start = time.process_time()
    for text in ("[x](javascript:y " * 20_000, "<" * 300_000, "`[](" * 80_000, "](\n" * 100_000):
        neutralise(text)
    assert time.process_time() - start < 4


@given(st.text(alphabet=st.characters(), max_size=40))
def test_whole_text_can_be_stored_and_what_was_whole_stays(text):
    made = whole(text)
    made.encode()
    assert whole(made) == made
    if not any("\ud800" <= each <= "\udfff" for each in text):
        assert made == text
