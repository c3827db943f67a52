"""Whatever models write, the page gets HTML that runs nothing, fetches nothing, leaks nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from adapters.chat.web.markdown import blocks, settled_blocks

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "blockquote", "a", "code", "pre"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "title", "target", "rel", "start", "data-language", "align"}


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.attributes = []
        self.feed(html)

    @override
    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def html(text):
    return "".join(blocks(text))


def test_the_usual_markdown_becomes_the_usual_html():
    assert blocks("# Title\n\nA **word**.\n\n- one\n- two") == (
        "<h1>Title</h1>\n",
        "<p>A <strong>word</strong>.</p>\n",
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n",
    )


def test_code_keeps_its_language_and_its_letters():
    text = "```python\nif a < b: print('<b>')\n```"
    assert blocks(text) == (
        "<pre data-language=\"python\"><code>if a &lt; b: print('&lt;b&gt;')\n</code></pre>",
    )


def test_a_table_is_aligned_without_a_style_attribute_which_the_policy_forbids():
    got = html("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert "style" not in got
    assert '<td align="right">2</td>' in got


def test_a_picture_becomes_a_link_and_is_never_fetched():
    got = html("![a chart](https://evil.example/x.png?secret=1)")
    assert "<img" not in got
    assert 'href="https://evil.example/x.png?secret=1"' in got
    assert "a chart" in got


def test_links_open_elsewhere_and_say_nothing_of_this_page():
    got = html("[docs](https://a.example/)")
    assert 'rel="noopener noreferrer nofollow"' in got
    assert 'target="_blank"' in got


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "[x](vbscript:x)",
        "[x](/api/session)",
        "[x](//evil.example/)",
        "[x](#top)",
        "<javascript:alert(1)>",
        "[x](file:///etc/passwd)",
    ],
)
def test_no_link_has_another_scheme_or_leads_into_this_server(text):
    for name, value in Reader(html(text)).attributes:
        assert name != "href" or re.match(r"https?://|mailto:", value), value


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=x>bold</b>",
        '```"><script>\nx\n```',
        "<svg/onload=alert(1)>",
    ],
)
def test_html_in_a_text_is_shown_as_text(text):
    reader = Reader(html(text))
    assert set(reader.tags) <= {"p", "pre", "code"}
    assert all(not name.startswith("on") for name, _ in reader.attributes)


@given(st.text(alphabet="<>\"'&[]()!`*_~|#-: \n\tjavscriptonerhld/=1.", max_size=120))
def test_no_text_makes_a_tag_or_an_attribute_of_its_own(text):
    reader = Reader(html(text))
    assert set(reader.tags) <= TAGS
    for name, value in reader.attributes:
        assert name in ATTRIBUTES
        assert name != "href" or re.match(r"https?://|mailto:", value or "", re.IGNORECASE)


@given(st.lists(st.sampled_from(["# h", "a *b*", "- i", "> q", "```\nx\n```", "1. n", "---"])))
def test_the_blocks_are_the_whole_text_in_order(parts):
    text = "\n\n".join(parts)
    assert settled_blocks(text) == blocks(text)
    assert html(text) == "".join(blocks(text))
