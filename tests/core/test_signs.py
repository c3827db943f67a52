"""What somebody is to allow shows what it is: nothing hides, nothing looks like something else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signs import broken, spelt


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf /home/ann # all of it\nand more",
        "Größe, naïve façade, Łódź, İstanbul, Việt Nam",
        "Привет, а у нас всё хорошо, с уважением",
        "отчёт.txt für Анна",
        "Καλημέρα, το άλφα",
        "打开README.md文件，使用Python：好的",
        "日本語のテキスト、カタカナ！ 한국어 텍스트",
        "שלום עולם",
        "مرحبا بالعالم",
        "नमस्ते दुनिया",
        "it’s “fine” – 5 € … ✓ 🎉 ❤️",
        '{"text": "one\\nдва\\tтри \\u0000"}',
    ],
)
def test_what_everybody_reads_as_what_it_is_stays(text):
    assert spelt(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/\u0430nna", "/home/\\u0430nna"),  # a Cyrillic letter in a Latin word
        ("\u0440\u0430\u0443\u0440\u0430l.com", "\\u0440\\u0430\\u0443\\u0440\\u0430l.com"),
        ("\u0441\u043e\u0441.com", "\\u0441\\u043e\\u0441.com"),  # all of it reads as Latin
        ("rm -\u0445", "rm -\\u0445"),
        ("дом/\u0445", "дом/\\u0445"),  # a path is no sentence
        ("g\u03bfogle", "g\\u03bfogle"),  # Greek
        ("\u0570ost", "\\u0570ost"),  # Armenian
        ("\u13aa\u13b3", "\\u13aa\\u13b3"),  # Cherokee
        ("p\u0251ypal", "p\\u0251ypal"),  # Latin, of the phonetic alphabet
        ("\uff41dmin", "\\uff41dmin"),
        ("\U0001d41admin", "\\ud835\\udc1admin"),
        ("cafe\u0301", "cafe\\u0301"),  # an accent that stands apart
        ("a\u0338", "a\\u0338"),
        ("https:\u2044\u2044evil.example", "https:\\u2044\\u2044evil.example"),
        ("evil\u2024example", "evil\\u2024example"),
        ("rm \u2010rf", "rm \\u2010rf"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\u200bb\u200d\ufeff\u00ad", "a\\u200bb\\u200d\\ufeff\\u00ad"),
        ("a\u3164b\u115f\uffa0\u2800", "a\\u3164b\\u115f\\uffa0\\u2800"),
        ("a\ufe0f\U000e0101", "a\\ufe0f\\udb40\\udd01"),
        ("\U000e0041", "\\udb40\\udc41"),  # a tag
        ("a\u00a0b\u3000c", "a\\u00a0b\\u3000c"),
        ("a\x1b[2J\r", "a\\u001b[2J\\r"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_hides_or_looks_like_something_else_is_spelt_out(text, shown):
    assert spelt(text) == shown


@given(st.text())
def test_whatever_is_written_can_be_seen_and_read_back_as_json(text):
    shown = spelt(json.dumps(text, ensure_ascii=False))
    assert all(each.isprintable() or each == "\n" for each in shown)
    assert json.loads(shown) == text
    assert spelt(shown) == shown


@given(st.text(alphabet="aсоeуx \u043f\u0442p"))
def test_no_two_texts_of_look_alikes_are_shown_as_one(text):
    other = text.translate(str.maketrans("сорух", "copyx"))
    assert (spelt(other) == spelt(text)) == (other == text)


@pytest.mark.parametrize("before", ["", "\n", "x\n\n", "\u2028", "\r\x0b"])
@pytest.mark.parametrize("blank", ["", " \t", "\u200b", "\ufeff \u00ad", "\u3164\u2800", "\u00a0"])
@pytest.mark.parametrize("line", ["=== end 0 ===", "====", "＝＝＝ end", "═══", "=＝═"])
def test_no_line_of_a_stranger_looks_like_a_fence(before, blank, line):
    assert broken(f"{before}{blank}{line}") == f"{before}{blank}\\{line}"


@pytest.mark.parametrize("text", ["a === b", "== x", "> === x", "", "x ＝＝＝"])
def test_what_looks_like_none_stays(text):
    assert broken(text) == text
