"""Shows the whole way of an answer through the markup: what models write that breaks others.

Every beginning of it can be shown, closed, in messages that are not too long; and what is cut
into messages holds everything that was written.
"""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from core.markup import Streamed, close, neutralise, sanitise, settled, split, take_out, utf16
from core.markup.fences import Scan

NASTY = {
    "table": "Before\n\n| what | **how** |\n|---|:-:|\n| a \\| b | `x|y` |\n| c | d |\n\nAfter",
    "nested lists": "- one\n  - two **bold\n    text**\n    1. three\n       > quoted\n  - four",
    "fences in fences": "````md\n```py\nx = 1\n```\n~~~\n````\n\nThen\n\n~~~\n```\n~~~\nDone.",
    "a fence in a list": "1. Do\n   ```sh\n   ls -la\n   ```\n2. Then `x`",
    "links with parentheses": "See [a (b)](https://x.org/a_(b)_c) and ![p](http://x/(y).png), ok.",
    "right to left": "שלום **עולם** ו`קוד` עם [קישור](https://example.org/א_(ב)). مرحبا *بكم*.",
    "emoji": "👩‍👩‍👧‍👦 **👍🏽** 🇩🇪🇫🇷 e\u0301 `❤️` ||👨‍💻|| ~~🏳️‍🌈~~ end",
    "long code": "Look:\n\n```python\n" + "x = [1, 2]  # *no* emphasis\n" * 190 + "```\nDone.",
    "raw html": "<details><summary>a</summary>\n\n<b>**x**</b> <!-- c --> <script>1</script>\n",
    "unsafe links": "[a](javascript:x) <vbscript:y> [b]: data:z [c](http://d) `[d](javascript:x)`",
}

WHITE = str.maketrans("", "", " \t\n")
LIMIT = 160


def bare(text: str) -> str:
    """What must not be lost: everything but white space and the lines of fences."""
    lines = [line for line in text.split("\n") if not line.strip(" >").startswith(("```", "~~~"))]
    return "".join(lines).translate(WHITE)


def points(text: str) -> range:
    return range(1, len(text) + 1, 1 + len(text) // 400)


@pytest.mark.parametrize("name", NASTY)
def test_every_beginning_renders_closed(name):
    text, markdown = NASTY[name], MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for end in points(text):
        shown = close(text[:end])
        markdown.render(shown)
        assert Scan.of(shown + "\n").fence is None
        assert "](javascript" not in shown.replace("`[d](javascript:x)`", "").split("`")[0]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("append", [False, True])
def test_while_it_streams_no_message_is_too_long_and_what_is_appended_stays(name, append):
    text = NASTY[name]
    streamed = Streamed(LIMIT, utf16, append=append)
    before: list[str] = []
    for end in range(len(text)):
        streamed.add(text[end])
        now = streamed.texts()
        assert all(0 < utf16(part) <= LIMIT for part in now)
        if append:
            assert all(new.startswith(old) for old, new in zip(before, now, strict=False))
            before = now
    whole = [neutralise(part) for part in split(text, LIMIT, utf16)]
    kept = streamed.texts()
    assert whole[: len(kept) - 1] == kept[:-1]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("limit", [64, LIMIT, 4096])
def test_nothing_is_lost_over_a_cut(name, limit):
    text = sanitise(NASTY[name])
    parts = split(text, limit, utf16)
    assert all(utf16(part) <= limit for part in parts)
    assert bare("\n".join(parts)) == bare(text)


@pytest.mark.parametrize("name", NASTY)
def test_what_is_appended_is_only_behind_by_what_is_open(name):
    """A finished line that opens nothing is there as soon as the next one begins."""
    text = NASTY[name] + "\n\nAnd so "
    assert settled(text).endswith("And so")


@pytest.mark.parametrize(
    ("opening", "file"),
    [
        ("```python", "answer-1.py"),
        ("```C++ title=x", "answer-1.cpp"),
        ("~~~", "answer-1.txt"),
        ("```../../etc", "answer-1.txt"),
    ],
)
def test_code_that_is_taken_out_is_whole_in_its_file(opening, file):
    code = "".join(f"    row {n}\n" for n in range(100))
    text, (taken,) = take_out(f"A\n\n{opening}\n{code}{opening[:3]}\n\nB", 1000, len, str.upper)
    assert (taken.name, taken.text) == (file, code.removesuffix("\n"))
    assert bare(text) == bare("A" + code[: code.index("    row 20")]) + file.upper() + "B"


def test_code_in_a_quote_or_a_list_loses_what_the_quote_puts_before_it():
    code = "\n".join(f">   if x{n}:" for n in range(40))
    _, (taken,) = take_out(f"> ```py\n{code}\n> ```\n", 100, len, str)
    assert taken.text.split("\n")[1] == "  if x1:"


def test_code_of_one_endless_line_leaves_an_excerpt_that_fits():
    text, (taken,) = take_out("```js\n" + "x" * 9000, 1000, len, str)
    assert len(text) < 600
    assert taken.text == "x" * 9000
