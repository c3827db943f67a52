"""Takes out of a text what should not be read by everybody: addresses, numbers, keys (ADR 0031).

Decides what counts as such; numbers have to pass their own checksum. It knows nothing of turns,
and never decides where it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_KEYS = (
    r"sk-[A-Za-z0-9_-]{16,}",
    r"gh[oprsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{16,}",
    r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}",
    r"(?:hf|npm)_[A-Za-z0-9]{30,}|[prs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"[0-9]{8,12}:AA[A-Za-z0-9_-]{30,}",  # a Telegram bot's
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){2,4}",  # a JWT
    r"[Bb]earer +[A-Za-z0-9._~+/-]{15,}[A-Za-z0-9_~+/-]=*",
)
_KEY = "|".join(_KEYS)
_BEGIN = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_BLOCK = rf"{_BEGIN}(?s:.*?)(?:{_END}|\Z)"
_PATTERNS = {
    "private key": _BLOCK,
    "key": rf"(?<![A-Za-z0-9])(?:{_KEY})",
    "IBAN": r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
    r"(?![A-Za-z0-9])",
    "e-mail": r"(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])",
    "card": r"(?<![A-Za-z0-9])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![A-Za-z0-9])",
    "phone": r"(?<![A-Za-z0-9])(?:\+|00)[1-9][0-9 ().-]{6,20}[0-9](?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![A-Za-z0-9])",
}
_ANY = re.compile("|".join(f"(?P<p{n}>{pattern})" for n, pattern in enumerate(_PATTERNS.values())))
_NAMES = {f"p{n}": name for n, name in enumerate(_PATTERNS)}


def redact(text: str) -> str:
    """Put `[e-mail]`, `[phone]`, `[card]`, `[IBAN]`, `[key]` in place of what is found."""
    return _ANY.sub(_mark, text)


def _mark(match: re.Match[str]) -> str:
    name = _NAMES[match.lastgroup or ""]
    checks = _CHECKS.get(name)
    return match[0] if checks is not None and not checks(match[0]) else f"[{name}]"


def _luhn(text: str) -> bool:
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _mod_97(text: str) -> bool:
    bare = text.replace(" ", "")
    return int("".join(str(int(each, 36)) for each in bare[4:] + bare[:4])) % 97 == 1


def _dialled(text: str) -> bool:
    return 8 <= sum(each.isdigit() for each in text) <= 15  # noqa: PLR2004 - E.164


_CHECKS: Mapping[str, Callable[[str], bool]] = {"card": _luhn, "IBAN": _mod_97, "phone": _dialled}


# --- while it streams -----------------------------------------------------------------------

_LONGEST = 4096
"""Characters that are held back of a line without end; no secret but a key block is longer."""
_WORD = "".join(map(chr, range(0x21, 0x7F)))
_GOES_ON = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+().- "
"""What a number or an IBAN may consist of, blanks included."""
_WHOLE_BLOCK = re.compile(_BLOCK)
_ENDS = re.compile(rf"[a-z]{{3}} |{_END}")
"""What ends most of what is held back: an ordinary word, or the end of a key."""
_BEARER = re.compile(r"[Bb]earer +\Z")


class Redacting:
    """Redacts a text that comes in pieces: what might still become something is held back.

    However the text is cut, the pieces together are what `redact` makes of the whole.
    """

    def __init__(self) -> None:
        """Begin at the first piece."""
        self._held = ""
        self._enough = 0

    def feed(self, text: str) -> str:
        """Take the next piece; give what is safe to be shown."""
        self._held += text
        ends = _ENDS.search(self._held, max(0, len(self._held) - len(text) - 80))
        if ends is None and len(self._held) < self._enough:
            return ""  # what is held for long is looked at when it has grown by some
        cut = _safe(self._held)
        shown, self._held = self._held[:cut], self._held[cut:]
        self._enough = len(self._held) + len(self._held) // 8
        return redact(shown)

    def end(self) -> str:
        """Give the rest."""
        shown, self._held = self._held, ""
        return redact(shown)


def _safe(text: str) -> int:
    """Tell up to where nothing can be found that goes on behind it."""
    safe = _begin(text, len(text))
    if len(text) - safe > _LONGEST:
        safe = _between(text, len(text) - _LONGEST)
    for block in reversed([*_WHOLE_BLOCK.finditer(text)]):
        if block.end() >= safe:  # it is still open, or has only just ended
            safe = _begin(text, min(safe, block.start()))
    return safe


def _between(text: str, at: int) -> int:
    """Give the place nearest before `at` that lies in nothing that was found."""
    found = (each.start() for each in _ANY.finditer(text) if each.start() < at < each.end())
    return next(found, at)


def _begin(text: str, at: int) -> int:
    """Go back to where anything that reaches up to `at` may begin."""
    start, before = _word_start(text, at), -1
    while start != before:
        before = start
        start = _run_start(text, start)
    return start


def _run_start(text: str, at: int) -> int:
    """Go back over what a number, or a key behind "Bearer", may have before it."""
    bearer = _BEARER.search(text, max(0, at - 80), at)
    if bearer is not None:
        return _word_start(text, bearer.start())
    at = len(text[:at].rstrip(_GOES_ON))
    return at if text[at : at + 1] == " " else _word_start(text, at)


def _word_start(text: str, at: int) -> int:
    return len(text[:at].rstrip(_WORD))
