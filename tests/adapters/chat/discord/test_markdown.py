"""Models' Markdown, however broken, is shown in Discord's dialect: whole, inert, never an error."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.chat.discord.inert import inert, plain
from adapters.chat.discord.markdown import render, render_line

ACTIVE = re.compile(r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^<>\n]+:\d+>|<id:\w+>", re.IGNORECASE)

NASTY = """# Title with `code` and **bold**

Setext
======

#### Deep **heading**

Plain __init__ and snake_case_name, 5 * 3 * 2, a || b || c, ~~gone~~, ***both***, _em **in** x_.
line one
-# no subtext, \\# no heading
\\- no list, 1\\. no number, \\> no quote

1. one
   - nested with **bold**
     1. deeper
   - second

     a paragraph

   ```py
   def f(x): return "```"
   ```
3. three

- [ ] open task
- [x] done task
* [link](https://en.wikipedia.org/wiki/Foo_(bar)) and <https://auto.example/a_b_c>

> quote **b**
> > deeper
> - list

| name | 数量 | note |
|---|---:|:-:|
| `x` | 12 | [l](https://a.example/b_(c)) |
| é👩‍👩‍👧 | 3 | a \\| b |

![alt text](https://img.example/x.png) [mail](mailto:a@b.example) [bad](javascript:alert(1))
[https://good.example](https://evil.example) bare https://en.wikipedia.org/wiki/A_(b)_c end.

<details><summary>raw</summary>html <b>x</b></details>

***

````md
```py
inner
```
````

~~~
tilde @everyone
~~~

@everyone @here <@123> <@!123> <@&456> <#789> </ask:123> <id:customize> `<@123>` @EVERYONE

مرحبا بالعالم **שלום**

[ref]: https://ref.example
[text][ref] and ``code with ` tick`` and \\*literal\\*
"""


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("# A\n## B\n### C\n#### D", "# A\n\n## B\n\n### C\n\n**D**"),
        ("A\n===", "# A"),
        ("**b** *i* ~~s~~ `c`", "**b** *i* ~~s~~ `c`"),
        ("__init__", "**init**"),
        ("snake_case and 5 * 3", "snake_case and 5 * 3"),
        (r"\*x\* \_y\_", r"\*x\* \_y\_"),
        ("a || b", r"a \|\| b"),
        ("a\n-# b", "a\n\\-# b"),
        ("- [ ] a\n- [x] b", "- ☐ a\n- ☑ b"),
        ("- a\n  - b\n    - c", "- a\n  - b\n    - c"),
        ("3) a\n4) b", "3. a\n4. b"),
        ("> a\n> > b", "> a\n> \n> b"),
        ("***", "─" * 12),
        ("[t](https://a.b/c_(d))", "[t](<https://a.b/c_%28d%29>)"),
        ("[t](mailto:a@b.c)", "t (a@b.c)"),
        ("[t](ftp://x/y)", "t (ftp://x/y)"),
        ("[https://a.b](https://c.d)", "https://a.b <https://c.d>"),
        ("![alt](https://a.b/c.png)", "[alt](<https://a.b/c.png>)"),
        ("<https://a.b/c_d_>", "<https://a.b/c_d_>"),
        ("<b>x</b>", "<b>x</b>"),
        ("a @everyone <@1>", "a @\u200beveryone <\u200b@1>"),
        ("~~~py\nx\n~~~", "```py\nx\n```"),
        ("````\n```\n````", "```\n``\u200b`\n```"),
        ("``a`b``", "`` a`b ``"),
        ("|a|b|\n|-|-|\n|1|中|", "```\na  b\n─  ──\n1  中\n```"),
    ],
)
def test_how_it_is_shown(source, shown):
    assert render(source) == shown


def test_the_whole_menagerie(snapshot):
    assert render(NASTY) == snapshot


@pytest.mark.parametrize("end", range(0, len(NASTY), 7))
def test_any_prefix_is_shown_and_mentions_nobody(end):
    shown = render(NASTY[:end])
    assert not ACTIVE.search(shown)
    assert words(NASTY[:end]) <= words(shown)


def words(text: str) -> set[str]:
    """The longer words of prose: rendering loses none of them."""
    bare = re.sub(
        r"https?://\S*|javascript\S*|mailto\S*|^\[ref\].*$|```\w*|~~~",
        " ",
        text,
        flags=re.MULTILINE,
    )
    return set(re.findall(r"[A-Za-zא-ת]{4,}", bare))


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "*",
                    "**",
                    "_",
                    "`",
                    "```",
                    "\n",
                    "\n\n",
                    " ",
                    "#",
                    "> ",
                    "- ",
                    "1. ",
                    "|",
                    "[",
                    "]",
                ),
                *(
                    "(",
                    ")",
                    "<",
                    ">",
                    "@everyone",
                    "<@1>",
                    "<#2>",
                    "\\",
                    "!",
                    "~~",
                    "http://a.b/",
                    "x",
                ),
                *("    ", "\t", "-#", "@", "here", "everyone", "@\u200beveryone", "&lt;@1&gt;"),
            ]
        ),
        max_size=40,
    ).map("".join)
)
@example("<@<@1>1>")
@example("@@everyone")
@example("&#64;everyone &lt;@1&gt;")
def test_no_mixture_breaks_it_or_mentions_anybody(text):
    for shown in (render(text), render_line(text), plain(text), inert(text)):
        assert not ACTIVE.search(shown)


@given(st.text(max_size=200))
def test_any_text_at_all(text):
    assert not ACTIVE.search(render(text))
    assert not ACTIVE.search(plain(text))


def test_a_thousand_quotes_and_brackets_take_no_time_and_no_stack():
    for nasty in (">" * 1900, "[" * 1900, "*" * 1900, "- " * 900, "`" * 1900, "<" * 1900):
        assert len(render(nasty)) <= 3 * len(nasty), nasty[:2]
