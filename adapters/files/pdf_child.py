"""Runs by itself: reads a PDF from its input and writes its text as one JSON object.

Decides when enough was read. It takes its limits before it looks at the file, and has nothing of
the program that started it: no settings, no network, no file but its input.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from contextlib import suppress

UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def limit(memory: int, seconds: int) -> None:
    """Give up what a reader of texts does not need."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(what, (most, most))


def text_of(data: bytes, characters: int, most_pages: int) -> dict[str, object]:
    """Read page after page until there is enough."""
    from pypdf import PdfReader  # noqa: PLC0415 - under the limits

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        return {"failed": "encrypted"}
    pages = len(reader.pages)
    parts: list[str] = []
    length, read = 0, 0
    while read < min(pages, most_pages) and length <= characters:
        words = UNFIT.sub("", reader.pages[read].extract_text()).strip()
        read += 1
        if words:
            parts.append(f"— page {read} —\n{words}" if pages > 1 else words)
            length += len(parts[-1]) + 2
    text = "\n\n".join(parts)
    cut = read < pages or len(text) > characters
    return {"text": text[:characters], "pages": pages, "read": read, "cut": cut}


def answer(data: bytes, characters: int, most_pages: int) -> dict[str, object]:
    """Say what the PDF says, or why it cannot be read."""
    try:
        return text_of(data, characters, most_pages)
    except (MemoryError, RecursionError):
        return {"failed": "too much"}
    except Exception as error:  # noqa: BLE001 - whatever a broken file leads to, the child says so
        names = {each.__name__ for each in type(error).__mro__}
        locked = names & {"FileNotDecryptedError", "DependencyError"}
        return {"failed": "encrypted" if locked else "broken"}


def main() -> None:
    """Read and answer."""
    characters, pages, memory, seconds = map(int, sys.argv[1:5])
    limit(memory, seconds)
    said = answer(sys.stdin.buffer.read(), characters, pages)
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
