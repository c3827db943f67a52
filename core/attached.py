"""What models read of the files that came with questions (MOA-18, MOA-19).

Decides the caps, how files are named, how a text is fenced, and which pictures of a long history
are still sent. Everything is a pure function of the lines and of what is kept, so that the same
history gives the same bytes; nothing here reads a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from core.signs import broken
from core.texts import files as texts
from core.types import Attachment, Image, KeptFile, Line

FILE_BYTES: Final = 20 * 1024 * 1024
"""Bytes of one file; what Telegram gives bots, too."""
IMAGE_BYTES: Final = 3_900_000
"""Bytes of a picture: in base64 it just fits into the 5 MB that Anthropic takes."""
ALL_BYTES: Final = 40 * 1024 * 1024
"""Bytes of all files of one message."""
MOST_FILES: Final = 10
"""Files of one message that are read; the others are named."""
MOST_NAMED: Final = 20
"""Files of one message that are named; the others are counted."""
PAGES: Final = 200
"""Pages of a PDF that are read."""
CHARACTERS: Final = 60_000
"""Characters of one file that models see: about 15,000 tokens, for each of them."""
ALL_CHARACTERS: Final = 120_000
"""Characters of all files of one message."""
PICTURE_BYTES: Final = 12 * 1024 * 1024
"""Bytes of all pictures of a history that are sent; in base64 about half of what providers take."""
MOST_PICTURES: Final = 20
"""Pictures that are sent; of more, Anthropic takes small ones only."""
LONGEST_NAME: Final = 80
_LONGEST_ENDING: Final = 10

_UNFIT: Final = re.compile(r"[\[\]<>\"`|\\/]+")


def clean_name(name: str, fallback: str = "file") -> str:
    """Give a file's name as one short run of plain characters: it cannot imitate a line of ours."""
    shown = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in name)
    shown = " ".join(_UNFIT.sub("_", shown).split())
    if len(shown) > LONGEST_NAME:
        stem, dot, end = shown.rpartition(".")
        end = f"{dot}{end}" if stem and len(end) <= _LONGEST_ENDING else ""
        shown = f"{shown[: LONGEST_NAME - 1 - len(end)]}…{end}"
    return shown or fallback


def described(file: Attachment) -> str:
    """Name a file with what was said of it: its kind and size."""
    size = "" if file.size is None else f"{max(1, round(file.size / 1024)):,} kB"
    media = clean_name(file.media_type.partition(";")[0], "").replace("_", "/")
    return ", ".join(part for part in (clean_name(file.name, file.kind), media, size) if part)


def wanted(files: Iterable[KeptFile], kind: str) -> set[str]:
    """Give the digests of the files of one kind."""
    return {each.digest for each in files if each.kind == kind}


def sent_pictures(lines: Sequence[Line]) -> list[set[str]]:
    """Say which pictures of each line are sent.

    The history is read as it grew: when its pictures had become too many or too large, the oldest
    went, down to half. So that happens rarely, and a longer history never brings one back: all
    between two such cuts is one prefix for caches.
    """
    sent: list[tuple[int, KeptFile]] = []
    for at, line in enumerate(lines):
        sent += [(at, each) for each in line.files if each.kind == "image"]
        sent = _halved(sent) if _too_much(sent, 1) else sent
    found: list[set[str]] = [set() for _ in lines]
    for at, file in sent:
        found[at].add(file.digest)
    return found


def _halved(pictures: list[tuple[int, KeptFile]]) -> list[tuple[int, KeptFile]]:
    """Leave out the oldest, down to half of what is allowed; the newest stays whatever it is."""
    start = 0
    while start + 1 < len(pictures) and _too_much(pictures[start:], 2):
        start += 1
    return pictures[start:]


def _too_much(pictures: Sequence[tuple[int, KeptFile]], part: int) -> bool:
    size = sum(each.size for _, each in pictures)
    return size > PICTURE_BYTES // part or len(pictures) > MOST_PICTURES // part


def with_contents(
    line: Line, sent: set[str], pictures: Mapping[str, str], words: Mapping[str, str]
) -> Line:
    """Give a line as models read it: files become text and pictures, behind what was said.

    `pictures` are data URIs and `words` texts, by digest; what is in neither is kept no longer.
    """
    said: list[str] = [part for part in line.parts if isinstance(part, str)]
    shown: list[Image] = [part for part in line.parts if isinstance(part, Image)]
    for file in line.files:
        if file.kind == "text":
            said.append(_fenced(file, words.get(file.digest)))
        elif file.digest not in sent:
            said.append(texts.shown_before(file.name))
        elif (url := pictures.get(file.digest)) is None:
            said.append(texts.forgotten(file.name))
        else:
            shown.append(Image(url=url, attached=True))
    text = "\n\n".join(said)
    return replace(line, parts=(*((text,) if text else ()), *shown), files=())


def _fenced(file: KeptFile, text: str | None) -> str:
    """Write a text inside a fence that nothing in it can end."""
    if text is None:
        return texts.forgotten(file.name)
    shown = text[: file.most].rstrip()
    mark = sha256(shown.encode(errors="replace")).hexdigest()[:8]
    inner = broken(shown)
    end = f"\n{texts.cut(file.most)}" if file.cut else ""
    return f"{texts.head(file.name, file.about)}\n=== {mark} ===\n{inner}{end}\n=== end {mark} ==="
