"""Who changed what, and when: the values of the one log of it. Pure.

It holds no text of anybody's conversation: what was changed, by which id, and from where.
"""

from __future__ import annotations

from dataclasses import dataclass

COMMAND_LINE = "command line"
"""Who it is that has a shell on the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that was changed, decided or looked at.

    `scope` is where it holds ("session:…", "user:…", "access:slack"), `key` what it is ("preset",
    "allow:U123"), `value` what it became, None if it was taken back. `by` is an id on the scope's
    platform, or "account:id", or the command line. `at` is in ms.
    """

    scope: str
    key: str
    value: str | None
    by: str
    at: int
