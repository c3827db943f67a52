"""What is wrong with a configuration file, and where.

Decides how a mistake is told: `FILE:LINE: key.path: what is wrong`. It collects them, so that
all can be told at once, and never prints what a variable or a secret holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from core.errors import ConfigError

Path: TypeAlias = tuple[str, ...]
"""Keys from the top of the file down; an item of a list goes by its index, from 0."""


MOST = 100
"""So many mistakes are told."""


@dataclass(slots=True)
class Report:
    """The mistakes and the warnings of one file, and the lines on which its keys stand.

    `lines` and `written` are filled while the file is read; `written` holds a scalar as it
    stands in the file, before variables are put in, and never that of a secret.
    """

    source: str
    lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    _mistakes: list[tuple[int, Path, str]] = field(default_factory=list)
    _warnings: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: Path, text: str, *, line: int | None = None) -> None:
        """Tell a mistake, at the line of its key or else of the nearest key above it."""
        mistake = (self.line(path) if line is None else line, path, text)
        if len(self._mistakes) > MOST or mistake in self._mistakes:
            return
        # A file of another kind is wrong in every line; nobody reads them all.
        if len(self._mistakes) == MOST:
            mistake = (sys.maxsize, (), "and more")
        self._mistakes.append(mistake)

    def warn(self, path: Path, text: str) -> None:
        """Tell what does not stop the program."""
        where = self.line(path)
        self._warnings.append((where, self._say(where, path, text)))

    def line(self, path: Path) -> int:
        """Find the line of a key, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def broken(self, path: Path) -> bool:
        """Tell whether a mistake is known at a key, above or below it: it means nothing then."""
        return any(
            all(mine == theirs for mine, theirs in zip(path, known, strict=False))
            for _, known, _ in self._mistakes
        )

    def names(self, *path: str) -> list[str]:
        """List the keys of a block as the file has them, wrong ones included."""
        return [known[-1] for known in self.lines if known[:-1] == path]

    def warnings(self) -> tuple[str, ...]:
        """Give the warnings in the order of the file."""
        return tuple(text for _, text in sorted(self._warnings, key=lambda each: each[0]))

    def settle(self) -> None:
        """Go on if all is well.

        Raises:
            ConfigError: something is wrong; its text has a line for each mistake.
        """
        if self._mistakes:
            ordered = sorted(self._mistakes, key=lambda each: each[0])
            raise ConfigError("\n".join(self._say(*each) for each in ordered))

    def _say(self, line: int, path: Path, text: str) -> str:
        if line == sys.maxsize:
            return f"{self.source}: {text}"
        said = f"{'.'.join(path)}: {text}" if path else text
        # A quoted key may hold anything, a line break or a terminal's escape included.
        return f"{self.source}:{line}: " + "".join(c if c.isprintable() else "?" for c in said)


def nearest(wrote: str, names: Iterable[str]) -> str:
    """Give ` (did you mean 'x'?)` for the name most like what was written, or nothing."""
    by_folded = {name.casefold(): name for name in names}
    found = get_close_matches(wrote.casefold(), by_folded, n=1)
    return f" (did you mean {by_folded[found[0]]!r}?)" if found else ""
