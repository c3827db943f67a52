"""Shows that every state of an answer that is still being written renders without raw marks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.markup import Closer, close
from core.markup.fences import Scan

ANSWER = """# Which database?

Use **SQLite** for *one* process: it is ***really*** fast, ~~slow~~ and `PRAGMA wal`.
See [the docs (old)](https://example.org/a_(b)) and ![a picture](https://example.org/p.png).

| what | **how** |
|------|---------|
| lock | `flock` |

Heading by line
---------------

1. First **bold item**
   ```python
   def f(a_b):
       return "`" * 3  # *not* emphasis
   ```
2. Second ||spoiler|| with snake_case_name and 2 * 3 * 4

> quoted *text*

~~~
tilde
~~~
Done. _Really_ done.
"""


def words(text: str) -> str:
    """What a reader sees as plain text, code left out."""
    md = MarkdownIt("commonmark").enable(["strikethrough", "table"])
    return (
        "\n".join(
            child.content
            for token in md.parse(text)
            for child in token.children or []
            if child.type == "text"
        )
        .replace("||spoiler||", "")
        .replace("||spoil||", "")
    )


@pytest.mark.parametrize("end", range(1, len(ANSWER) + 1))
def test_no_prefix_shows_raw_marks(end):
    seen = words(close(ANSWER[:end]))
    for raw in ("**", "`", "~~", "](", "![", "http", "| "):
        assert raw not in seen, (close(ANSWER[:end])[-60:], seen[-60:])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bo", "**bo**"),
        ("**bold*", "**bold**"),
        ("**bold **", "**bold**"),
        ("**", ""),
        ("a ***b", "a ***b***"),
        ("*a **b", "*a **b***"),
        ("~~old", "~~old~~"),
        ("||secret", "||secret||"),
        ("||", ""),
        ("snake_case", "snake_case"),
        ("2 * 3", "2 * 3"),
        ("`co", "`co`"),
        ("``co`", "``co``"),
        ("`", ""),
        ("**`co", "**`co`**"),
        ("see [docs](http://exa", "see docs"),
        ("see [do", "see do"),
        ("see [docs](http://x.org/a_(b)", "see docs"),
        ("see [docs](http://x.org/a_(b))", "see [docs](http://x.org/a_(b))"),
        ("![alt](htt", "alt"),
        ("**[bold](htt", "**bold**"),
        ("text\n-", "text"),
        ("text\n==", "text"),
        ("| a | b |\n|--", ""),
        ("| a | b |\n|---|---|\n| 1", "| a | b |\n|---|---|"),
        ("so\n\n```py", "so"),
        ("so\n\n```py\n", "so"),
        ("so\n\n```py\nx", "so\n\n```py\nx\n```"),
        ("```py\nx = `1`\n``", "```py\nx = `1`\n```"),
        ("```py\nx\n```", "```py\nx\n```"),
        ("````md\n```\nx", "````md\n```\nx\n````"),
        ("**a\n\nb *c", "**a\n\nb *c*"),
        ("- **a\n- b", "- **a\n- b"),
        ("\\**a", "\\**a*"),
        ("`**` and *x", "`**` and *x*"),
    ],
)
def test_what_is_half_is_closed_or_waits(text, shown):
    assert close(text) == shown


MARKS = st.lists(
    st.sampled_from(
        ["*", "**", "_", "~~", "||", "`", "``", "```", "~~~", "\n", "\n\n", "[", "](", ")", "!",
         "\\", "|", "-", "a", "b c", " ", "> ", "- ", "1. ", "# ", "javascript:", "<", ">"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(MARKS)
def test_nothing_makes_it_fail_and_fences_are_always_closed(text):
    shown = close(text)
    assert Scan.of(shown + "\n").fence is None


@settings(max_examples=250, deadline=None)
@given(MARKS, st.integers(1, 9))
def test_a_text_that_grows_is_shown_like_one_that_stands(text, step):
    closer = Closer()
    for end in range(step, len(text) + step, step):
        assert closer.show(text[:end]) == close(text[:end])


@settings(max_examples=250, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word", "**bold**", "*it*", "`co de`", "~~x~~", "[l](http://x)", "- i"]),
        max_size=12,
    )
)
def test_a_finished_sentence_is_left_alone(pieces):
    text = " ".join(pieces)
    assert close(text) == text
