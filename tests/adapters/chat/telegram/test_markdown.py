"""A model's Markdown becomes text with entities: nothing is lost, nobody is called, offsets fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.chat.telegram.markdown import markdown
from adapters.chat.telegram.styled import Entity, Styled, joined
from core.markup import close, sanitise, utf16
from tests.simulators.telegram.texts import formatted

NASTY = """\
# Title of **all** @victim

Plain *it* **bo** ~~st~~ ||sp|| `co @de` and $5 or 6$ and $\\frac{a}{b}$ 👩‍👩‍👧 שלום @victim

- one
  - two `x<y>` <b>html</b> <br> done
    1. three [link](https://x.org/a_(b)_c) [bad](javascript:x) [rel](./r.md) ![](https://x.org/p.png)

> quote @victim
> > inner https://x.org/_u_/v_w_ **https://x.org**

| a || b |
|---|---|---|
| [c](https://x.org) | <br> | `d` @victim |

```python
@dataclass
class A:  # \\( not latex \\frac \\)
    pass
~~~
```

<details>
<summary>More</summary>
hidden a || b || c
</details>

[1]: https://source.org
[^2]: note

---
1. ```
   nested
   ```
2. - [ ] todo
"""


def parts(shown: Styled) -> list[tuple[str, str]]:
    raw = shown.text.encode("utf-16-le")
    return [
        (each.type, raw[2 * each.offset : 2 * each.end].decode("utf-16-le"))
        for each in shown.entities
    ]


def rung(shown: Styled) -> list[str]:
    """The mentions that Telegram would find."""
    found = formatted(shown.text, "", [each.json() for each in shown.entities], empty=True)
    raw = found.text.encode("utf-16-le")
    return [
        raw[2 * each["offset"] : 2 * (each["offset"] + each["length"])].decode("utf-16-le")
        for each in found.entities
        if each["type"] in {"mention", "text_mention"}
    ]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("**bold** _it_ ~~gone~~", "bold it gone", ["bold", "italic", "strikethrough"]),
        ("## Head\n\ntext", "Head\n\ntext", ["bold"]),
        ("- [x] done\n- [ ] open", "☑ done\n☐ open", []),
        ("```py\nx\n```", "x", ["pre"]),
        ("> said", "said", ["blockquote"]),
        ("a <b>b</b> <!-- c --> 1 < 2", "a <b>b</b> <!-- c --> 1 < 2", []),
        ("<details>\n**x**\n</details>", "<details>\nx\n</details>", ["bold"]),
        ("https://x.org/_a_/b_c_", "https://x.org/_a_/b_c_", []),
        ("**https://x.org**", "https://x.org", ["bold"]),
        ("[a](https://x.org/a_(b))", "a", ["text_link"]),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))", []),
        ("[a](./b.md) [c](tg://user?id=1)", "[a](./b.md) [c](tg://user?id=1)", []),
        ("![](https://x.org/p.png)", "🖼 image", ["text_link"]),
        ("[1]: https://x.org", "[1]: https://x.org", []),
        ("it was $5, now 6$", "it was $5, now 6$", []),
        ("a || b || c", "a || b || c", []),
        ("it is ||him||", "it is him", ["spoiler"]),
        ("one<br>two", "one\ntwo", []),
        ("|a|b|\n|-|-|\n|[c](https://x.org)|d|", None, ["pre"]),
        ("# a\n# b", "a\nb", ["bold", "bold"]),
        ("> a\n> > b", "a\nb", ["blockquote"]),
        ("&#64;ana", "@\u200bana", []),
    ],
)
def test_it_shows_what_was_written(source, text, entities):
    shown = markdown(source)
    if text is not None:
        assert shown.text == text
    assert [each.type for each in shown.entities] == entities


def test_a_table_keeps_the_address_of_its_link_and_stands_in_columns():
    shown = markdown("| name | where |\n|---|---|\n| [c](https://x.org) | a |")
    assert shown.text.splitlines() == [
        "name               | where",
        "-------------------+------",
        "[c](https://x.org) | a    ".rstrip(),
    ]
    assert parts(shown)[0][0] == "pre"


def test_code_can_be_copied_as_it_was_written():
    source = "```latex\n\\[ \\frac{a}{b} \\]\n@decorator $x$ <b> ||\n```\nand `@media <x>`"
    shown = markdown(source)
    assert parts(shown) == [
        ("pre", "\\[ \\frac{a}{b} \\]\n@decorator $x$ <b> ||"),
        ("code", "@media <x>"),
    ]
    assert rung(shown) == []


def test_nobody_is_called_and_addresses_stay_whole():
    text = "@all mail joe5@x.org see https://x.org/@me (https://x.org)@you 你好@ana x@bob /ask@bot"
    shown = markdown(text)
    assert rung(shown) == []
    for word in ("joe5@x.org", "https://x.org/@me", "/ask@bot"):
        assert word in shown.text
    assert "@\u200ball" in shown.text


def test_code_that_loses_its_entity_calls_nobody_either():
    code = [Entity(type="code", offset=0, length=4)]
    many = [Entity(type="text_link", offset=5, length=1, url="https://x.org")] * 100
    shown = Styled("@ana x", (*code, *many)).few().inert()
    assert rung(shown) == []
    assert len(shown.entities) == 100


def test_what_is_joined_keeps_its_places():
    shown = joined([Styled("👍").within("bold"), Styled(""), Styled("é x").within("italic")])
    assert parts(shown) == [("bold", "👍"), ("italic", "é x")]


FENCE = re.compile(r"^.*(?:`{3}|~{3}).*\n", re.MULTILINE)  # of its words only the language is kept
WORDS = re.compile(r"[A-Za-z]{3,}")
PIECES = st.sampled_from(
    [*NASTY.split("\n"), "\n", "\n\n", "```", "`", "**", "_", "|", "||", "$", "<", "](", "[", "> ",
     "@victim", "    ", "- ", "1. ", "\\", "&lt;", "👨‍👩‍👧‍👦", "\ud83d", "<p>", "~", "x@victim"]
)  # fmt: skip


def assert_sound(source: str, shown: Styled) -> None:
    size = utf16(shown.text)
    for each in shown.entities:
        assert 0 <= each.offset < each.end <= size
    formatted(shown.text, "", [each.json() for each in shown.entities], empty=True)
    assert rung(shown) == []
    there = shown.text.replace("\u200b", "") + " ".join(
        f"{each.url} {each.language}" for each in shown.entities
    )
    for word in WORDS.findall(FENCE.sub("", source)):
        assert word in there, (word, shown.text)


def test_every_beginning_of_a_nasty_answer_is_whole_and_calls_nobody():
    for end in range(len(NASTY) + 1):
        source = NASTY[:end].replace("\\frac{a}{b}", "1").replace("<br>", "").replace("&lt;", "")
        assert_sound(source, markdown(source))


@given(st.lists(PIECES, max_size=14).map("".join))
@example("[a]: <b\n")
@example("| a || b |\n|---|---|---|\n| a || b |# Title of **all** @victim")
@example("a|b\n-|-\n1|2|**3** |4|")
@settings(max_examples=400, deadline=None)
def test_whatever_is_written_is_shown(source):
    assert_shown = source.encode("utf-8", "ignore").decode()
    assert_shown = re.sub(r"\\frac\{a\}\{b\}|\\frac|<br>|&lt;", " ", assert_shown)
    assert_sound(assert_shown, markdown(assert_shown))
    assert_sound("", markdown(close(sanitise(source))))
