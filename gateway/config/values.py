"""Values of the configuration file that are more than text or a number.

Each reads itself from text with `parse` and says in `schema` what an editor should know. A
`ValueError` of theirs is a sentence for the operator and never repeats a secret.
"""

from __future__ import annotations

import hmac
import re
from decimal import Decimal
from typing import ClassVar, Self
from urllib.parse import urlsplit

from typing_extensions import override

_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNIT = f"({'|'.join(_SECONDS)})"


class Secret:
    """A text that no log, error or `repr` shows: whoever sends it asks. False when blank."""

    __slots__ = ("_text",)
    schema: ClassVar[dict[str, object]] = {"type": "string", "writeOnly": True}

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take the text without the blanks and line breaks around it."""
        bare = text.strip()
        if not bare.isprintable():
            raise ValueError("has a line break or an invisible character inside")
        return cls(bare)

    def reveal(self) -> str:
        """Give the text, to be sent and never to be shown."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode("utf-8", "surrogateescape"),
            other._text.encode("utf-8", "surrogateescape"),
        )

    @override
    def __hash__(self) -> int:
        return hash(self._text)


class Url(str):
    """An address that begins with http:// or https://."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {"type": "string", "format": "uri"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check scheme, host and port; the address may hold a password and is not repeated."""
        if not text.isprintable() or " " in text:
            raise ValueError("an address has no blanks inside")
        try:
            parts = urlsplit(text)
            right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            right = False
        if not right:
            raise ValueError("should be an address such as https://example.org/v1")
        return cls(text)


class Version(str):
    """A version that is named after its day: `2023-06-01`."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {"type": "string", "format": "date"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check that it looks like a day."""
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError("should be a day such as 2023-06-01")
        return cls(text)


class Subject(str):
    """Somebody or some place on a platform: `slack:T0123`, `discord:role:7`."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {"type": "string", "pattern": "^[^:]+:.+"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check that a platform stands before the id."""
        platform, _, rest = text.partition(":")
        if not platform.strip() or not rest.strip():
            raise ValueError("should be platform:id, such as telegram:555000111")
        return cls(text)


class Dollars(Decimal):
    """An amount of money, exactly as it was written."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {"type": "number", "minimum": 0}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an amount that is not negative, without a sign for the currency."""
        if not re.fullmatch(r"[0-9]{0,9}(\.[0-9]{1,9})?", text) or not text:
            raise ValueError("should be an amount of dollars of at least 0, such as 2.50")
        return cls(text)


class Rate(str):
    """So many within a time: `10/min`."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {"type": "string", "pattern": "^[0-9]+/(s|min|m|h|d|w)$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check that there is a count, a slash and a unit."""
        if not re.fullmatch(rf"[1-9][0-9]{{0,8}}/{_UNIT}", text):
            raise ValueError("should be a rate such as 10/min (s, min, h or d)")
        return cls(text)

    @property
    def number(self) -> int:
        """How many."""
        return int(self.partition("/")[0])

    @property
    def seconds(self) -> int:
        """Within how many seconds."""
        return _SECONDS[self.partition("/")[2]]


class Keep(str):
    """How long something is kept: `90d`, `0` for not at all, or `forever`."""

    __slots__ = ()
    schema: ClassVar[dict[str, object]] = {
        "anyOf": [
            {"type": "string", "pattern": "^(forever|0|[0-9]+(s|min|m|h|d|w))$"},
            {"type": "integer", "const": 0},
        ]
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check that it is a time, 0 or `forever`."""
        if not re.fullmatch(rf"forever|0|[0-9]{{1,8}}{_UNIT}", text):
            raise ValueError("should be a time such as 90d or 12h, 0, or forever")
        return cls(text)

    @property
    def seconds(self) -> int | None:
        """How many seconds; None for ever."""
        if self == "forever":
            return None
        number = self.rstrip("smindhw")
        return int(number) * _SECONDS.get(self.removeprefix(number), 0)
