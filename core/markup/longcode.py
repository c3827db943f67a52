"""Takes code out of a text where it is too long for a message, to be sent as a file.

Decides what stays and what a file is called; the code itself is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.markup.fences import Fence, Scan, segments
from core.markup.split import Measure, split

EXCERPT: Final = 20
"""Lines that stay."""

_WORD = re.compile(r"[\w+#]+")
_OWN: Final = frozenset(
    {"c", "cpp", "cs", "css", "csv", "dart", "diff", "ex", "go", "hs", "html", "ini", "java"}
    | {"js", "json", "jsx", "kt", "lua", "md", "php", "pl", "ps1", "py", "r", "rb", "rs"}
    | {"scala", "scss", "sh", "sql", "svg", "swift", "tex", "toml", "ts", "tsx", "xml", "yaml"}
)
"""Languages that models name by their files' endings."""

_ENDINGS: Final = {
    "bash": "sh",
    "c#": "cs",
    "c++": "cpp",
    "console": "sh",
    "csharp": "cs",
    "elixir": "ex",
    "golang": "go",
    "haskell": "hs",
    "javascript": "js",
    "kotlin": "kt",
    "latex": "tex",
    "markdown": "md",
    "patch": "diff",
    "perl": "pl",
    "powershell": "ps1",
    "python": "py",
    "python3": "py",
    "ruby": "rb",
    "rust": "rs",
    "shell": "sh",
    "typescript": "ts",
    "yml": "yaml",
    "zsh": "sh",
}


@dataclass(frozen=True, slots=True)
class LongCode:
    """A block of code that was taken out of a text."""

    name: str
    text: str


def take_out(
    text: str, room: int, measure: Measure, say: Callable[[str], str]
) -> tuple[str, tuple[LongCode, ...]]:
    """Leave an excerpt of each block that needs more than `room`, and `say(name)` below it.

    Returns:
        The text, and the blocks in the order in which they stood.
    """
    taken: list[LongCode] = []
    pieces: list[str] = []
    for code, piece in segments(text):
        opening = Scan.of(piece.partition("\n")[0] + "\n").fence if code else None
        if opening is None or measure(piece) <= room:
            pieces.append(piece)
            continue
        lines = _lines(piece, opening)
        name = f"answer-{len(taken) + 1}.{_ending(opening.info)}"
        taken.append(LongCode(name=name, text="\n".join(_bare(line, opening) for line in lines)))
        excerpt = split("\n".join(lines[:EXCERPT]), room // 2, measure)
        shown = excerpt[0] if excerpt else ""
        head = piece.partition("\n")[0]
        pieces.append(f"{head}\n{shown}\n{opening.closer}\n\n{say(name)}\n")
    return "".join(pieces), tuple(taken)


def _lines(piece: str, fence: Fence) -> list[str]:
    lines = piece.split("\n")[1:]
    return lines[:-1] if lines and fence.closed_by(lines[-1]) else lines


def _bare(line: str, fence: Fence) -> str:
    """Take off what the fence itself is indented by, or quoted with."""
    for mark in fence.lead:
        if mark == ">":
            line = line.lstrip(" \t").removeprefix(">")
        elif line[:1] == " " or line[:1] == mark == "\t":
            line = line[1:]
    return line


def _ending(info: str) -> str:
    word = _WORD.search(info.lower())
    language = word[0] if word else ""
    return language if language in _OWN else _ENDINGS.get(language, "txt")
