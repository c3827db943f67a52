"""How strangers' texts are written so that nothing in them hides or poses as something else.

Decides what of a text looks like the fence around it, and, where somebody is to allow something,
which signs are spelt out, as JSON spells them: what cannot be seen or turns the writing
around, and what is taken for another sign: letters of two alphabets in one word, words of another
alphabet that read as Latin ones, signs that look like those of ASCII. What everybody can read as
what it is, in whatever language, stays. Pure; the rules for words are those of browsers for names
of hosts, the table of letters is a part of Unicode's (UTS 39, confusables).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

# Whatever a model may take for the start of a line, not only what Python does, and then whatever
# it does not see: blanks, and signs that are none. A blank line is a line of its own: what goes on
# over lines would be looked at anew from each of them.
_BREAKS: Final = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_NOTHING: Final = (
    r"\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
)
_FENCE: Final = re.compile(
    rf"(?:^|[{_BREAKS}])(?:[^\S{_BREAKS}]|[{_NOTHING}])*+(?=[=\uff1d\ufe66\u2550]{{3}})"
)
_WORD: Final = re.compile(r'\\u[0-9a-fA-F]{4}|\\[\\/"bfnrt]|([^\W\d_][^\W_]*)')
"""A word of a JSON text; what JSON has spelt itself is none."""
_BESIDE: Final = re.compile(r"[ ,]+")
"""What stands between two words of a sentence."""
_MARKED: Final = re.compile(r"[A-Za-z][\u0300-\u036f]+")

_UNSEEN: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x16FE4, 0x1D159}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)
"""Signs that Python calls printable, and nobody sees."""
_EMOJI: Final = "\ufe0f"
"""Gives the sign before it its colours: seen where it follows one, and no room to hide much."""

_LETTERS: Final = frozenset(
    "аеорсухіјѕһԁԛԝӏѵҽьгпАВЕЅІЈКМНОРСТУХѴԌԚԜЬοινρκυχαωγσΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳօսոհցքՕՍ"
)
_MIXED: Final = "letters of several"
_PLAIN: Final = frozenset({"", "LATIN"})
_ELSE: Final = frozenset(
    {"CHEROKEE", "COPTIC", "LISU", "DESERET", "OSAGE", "ROMAN", "OLD"} | {_MIXED}
)
"""Alphabets that read as Latin capitals, and that hardly anybody writes."""
_SIGNS: Final = frozenset(
    "\u2010\u2011\u2012\u2043\u2212\u02d7"  # a hyphen
    "\u2044\u2215\u27cb\u29f8\u2216\u29f5\u29f9"  # slashes
    "\u2236\u02d0\ua789\u0589\u05c3\u0701\u0702\u06d4\u06d5"  # colons and dots
    "\u02b9\u02bb\u02bc\u02c8\u02ca\u02cb\u2032\u2035"  # a quote
    "\u2217\u204e\u2223\u2758\u01c0\u01c3\u223c\u02dc\u02c6\u2039\u203a\u201a"  # * | ! ~ ^ < > ,
)
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LATIN_LIKE: Final = frozenset("ıĸſƄƅƖƨƼƽȜȝ")


def spelt(text: str) -> str:
    """Give a text as it is shown to whoever is to allow it; line ends stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    taken = {*_strange_words(text), *_marked(text)}
    return "".join(
        _escape(each) if at in taken or _odd(each, text[at - 1 : at]) else each
        for at, each in enumerate(text)
    )


def broken(text: str) -> str:
    """Give a stranger's text in which no line looks like the fence that it is put into (MOA-20)."""
    return _FENCE.sub(lambda found: f"{found[0]}\\", text)


def _escape(sign: str) -> str:
    return json.dumps(sign)[1:-1]


def _odd(sign: str, before: str) -> bool:
    """Tell whether a sign cannot be seen, or is taken for one of ASCII, wherever it stands."""
    if sign.isascii():
        return not (sign.isprintable() or sign == "\n")
    if sign == _EMOJI and before and unicodedata.category(before) == "So":
        return False
    if not sign.isprintable() or ord(sign) in _UNSEEN or sign in _SIGNS:
        return True
    plain = unicodedata.normalize("NFKC", sign)
    wide = unicodedata.east_asian_width(sign) in {"W", "F"} and not sign.isalnum()
    return len(plain) == 1 and plain.isascii() and not wide


def _marked(text: str) -> Iterator[int]:
    """Find the accents that stand apart from their letters: they look as if they did not."""
    for found in _MARKED.finditer(text):
        yield from range(found.start() + 1, found.end())


def _strange_words(text: str) -> Iterator[int]:
    """Find the letters that are taken for Latin ones, or stand in one word with them."""
    for script, words in _runs(text):
        if script in _PLAIN or (script not in _ELSE and any(_own(each[1]) for each in words)):
            continue
        for each in words:
            yield from (at for at in range(*each.span(1)) if not text[at].isascii())


def _runs(text: str) -> Iterable[tuple[str, list[re.Match[str]]]]:
    """Give the words that are not of ASCII alone, those of a sentence in one script together."""
    runs: list[tuple[str, list[re.Match[str]]]] = []
    for found in _WORD.finditer(text):
        if (word := found[1]) is None or word.isascii():
            continue
        script = _script(word)
        after = runs[-1][1][-1].end() if runs else 0
        if runs and runs[-1][0] == script and _BESIDE.fullmatch(text, after, found.start()):
            runs[-1][1].append(found)
        else:
            runs.append((script, [found]))
    return runs


def _own(word: str) -> bool:
    """Tell whether a word has a letter that no other alphabet has."""
    return not _LETTERS.issuperset(each for each in word if each.isalpha())


def _script(word: str) -> str:
    """Name the alphabet of a word; signs of East Asia, which are wide, stand beside any."""
    found = {_alphabet(each) for each in word if each.isalpha()} - {""}
    return found.pop() if len(found) == 1 else (_MIXED if found else "")


def _alphabet(letter: str) -> str:
    if unicodedata.east_asian_width(letter) == "W":
        return ""
    if _LATIN.fullmatch(letter) and letter not in _LATIN_LIKE:
        return "LATIN"
    name = unicodedata.name(letter, _MIXED).split()[0]
    return _MIXED if name == "LATIN" else name
