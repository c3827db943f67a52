"""Reads the text of a PDF in a child process, which is ended when it takes too much.

Decides how long that may be, and how much memory it may have. A PDF can be made so that its
reader works for hours or asks for all memory there is: then the child ends, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.attached import PAGES
from core.errors import FileUnread
from core.shelf import PdfText
from core.texts import files as texts

# By path and not by name: it is found wherever the program was started from.
CHILD: Final = Path(__file__).with_name("pdf_child.py")
SECONDS: Final = 30.0
MEMORY: Final = 768 * 1024 * 1024
"""Bytes of address space that the child may have."""
_ANSWER: Final = 4 * 1024 * 1024
_REASONS: Final = {"encrypted": texts.ENCRYPTED, "broken": texts.PDF_BROKEN}


class _Answer(msgspec.Struct):
    """What the child says."""

    failed: str = ""
    text: str = ""
    pages: int = 0
    read: int = 0
    cut: bool = False


async def read_pdf(path: Path, *, characters: int, seconds: float = SECONDS) -> PdfText:
    """Give the text of a PDF, as far as it goes into so many characters.

    Raises:
        FileUnread: it is encrypted, broken, without text, or takes too much.
    """
    said = await _asked(path, characters, seconds)
    try:
        answer = msgspec.json.decode(said, type=_Answer)
    except (ValueError, RecursionError):
        raise FileUnread(texts.PDF_TOO_MUCH) from None
    if answer.failed:
        raise FileUnread(_REASONS.get(answer.failed, texts.PDF_TOO_MUCH))
    if not answer.text.strip():
        raise FileUnread(texts.NO_TEXT)
    return PdfText(text=answer.text, pages=answer.pages, read=answer.read, cut=answer.cut)


async def _asked(path: Path, characters: int, seconds: float) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise FileUnread(texts.GONE) from None
    limits = [str(each) for each in (characters, PAGES, MEMORY, int(seconds))]
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(CHILD), *limits),
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath},
            start_new_session=True,  # a Ctrl-C must not end it before the turn that waits for it
        )
    except OSError:
        raise FileUnread(texts.PDF_TOO_MUCH) from None
    finally:
        os.close(file)
    try:
        async with asyncio.timeout(seconds):
            said = b"" if child.stdout is None else await _all(child.stdout)
    except TimeoutError:
        said = b""
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    return said


async def _all(stream: asyncio.StreamReader) -> bytes:
    said = bytearray()
    while len(said) < _ANSWER and (piece := await stream.read(64 * 1024)):
        said += piece
    return bytes(said)
