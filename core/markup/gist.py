"""Finds the first sentence of a text, without its markup. Changes nothing, asks nobody."""

from __future__ import annotations

import re
from typing import Final

from core.markup.fences import segments

_LONGEST: Final = 200
_READ: Final = 2_000
"""Characters that are looked at: a model that repeats itself must not stop everybody else."""
_LEAD = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_RULE = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|\||([-*_=])(?:[ \t]*\1)+[ \t]*$)")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((?:(?:[^()\n]|\([^()\n]*\))*+\)|[^)\n]*\))")
"""An address may have pairs of parentheses in it, one in another at most."""
_MARKS = re.compile(r"\*+(?=\S)|(?<=\S)\*+|~~|\|\||(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)")
_CODE = re.compile(r"(`+)(.+?)\1")
_END = re.compile(r"[。！？]+[」』”’）]*|[.!?…]+[\"')\]”’»]*(?=\s|$)")
_ABBREVIATIONS: Final = (
    "p v ver e.g i.e etc vs cf al dr mr mrs ms prof st no nos fig eq sec ch vol pp approx ca "
    "resp incl excl est dept univ inc ltd co corp jr sr u.s u.k a.m p.m z.b d.h bzw usw"
)
_SHORT: Final = frozenset(_ABBREVIATIONS.split())


def gist(text: str) -> str:
    """Give the first sentence in at most 200 characters; "" where there is no text at all.

    Headings, tables and code blocks are passed over unless there is nothing else.
    """
    prose = "\n".join(piece for code, piece in segments(text) if not code)
    paragraph = _first_paragraph(prose) or _first_paragraph(_bare(text))
    flat, spans = _flatten(paragraph[:_READ])
    return _shorten(_sentence(flat, spans))


def _bare(text: str) -> str:
    """Give what is left of a text that is all headings or code: its words."""
    lines = (line.strip(" \t>#|`~") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _first_paragraph(text: str) -> str:
    taken = list[str]()
    for line in text.split("\n"):
        if not line.strip() or _RULE.match(line) or (taken and _ITEM.match(line)):
            if taken:
                break
            continue
        taken.append(_LEAD.sub("", line).strip())
    return " ".join(taken)


def _flatten(text: str) -> tuple[str, list[range]]:
    """Take the markup off; also give where code stands, which holds no sentence's end."""
    text = _LINK.sub(r"\1", text)
    out, spans, at, size = list[str](), list[range](), 0, 0
    for code in _CODE.finditer(text):
        plain = _MARKS.sub("", text[at : code.start()])
        size += len(plain)
        spans.append(range(size, size + len(code[2])))
        size += len(code[2])
        out += (plain, code[2])
        at = code.end()
    return "".join((*out, _MARKS.sub("", text[at:]))), spans


def _sentence(text: str, code: list[range]) -> str:
    for end in _END.finditer(text):
        if any(end.start() in span for span in code) or not _ends(text, end):
            continue
        return text[: end.end()]
    return text


def _ends(text: str, end: re.Match[str]) -> bool:
    """Say whether this full stop ends a sentence, and not an abbreviation or a number."""
    if end[0][0] != ".":
        return True
    rest = text[end.end() :].lstrip()
    if rest and rest[0].islower():
        return False
    words = text[: end.start()].split()
    word = words[-1].lstrip("([\"'“‘") if words else ""
    initial = len(word) == 1 and word.isupper()
    return bool(word) and word.lower() not in _SHORT and not initial


def _shorten(text: str) -> str:
    text = text.strip()
    if len(text) <= _LONGEST:
        return text
    head, _, _ = text[:_LONGEST].rpartition(" ")
    return (head or text[: _LONGEST - 1]).rstrip(" ,;:") + "…"
