"""The two markups of the Bot API, HTML and MarkdownV2: text and entities, or a refusal.

As much as a bot that sends them well or badly can tell; legacy Markdown is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from typing_extensions import override

from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.state import Wire

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
TAG = re.compile(
    r"<(/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w-]+))?)*)\s*>"
)
ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+)))?")
RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
MARKS = {
    "||": "spoiler",
    "__": "underline",
    "*": "bold",
    "_": "italic",
    "~": "strikethrough",
}


def parsed(text: str, mode: str) -> tuple[str, list[Wire]]:
    """Read `text` in the markup `mode`."""
    reader = {"html": _Html, "markdownv2": _Markdown}.get(mode.lower())
    if reader is None:
        raise bad("unsupported parse_mode")
    return reader(text).read()


def _problem(words: str) -> Exception:
    return bad(f"can't parse entities: {words}")


class _Reader:
    """Text that grows, and entities that open and close."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out = ""
        self._open: list[tuple[str, Wire]] = []
        self._entities: list[Wire] = []

    def read(self) -> tuple[str, list[Wire]]:
        raise NotImplementedError

    def _bytes(self, at: int | None = None) -> int:
        return len(self._source[: self._at if at is None else at].encode())

    def _units(self) -> int:
        return len(self._out.encode("utf-16-le")) // 2

    def _begin(self, name: str, entity: Wire) -> None:
        self._open.append((name, entity | {"offset": self._units()}))

    def _end(self, **more: object) -> None:
        _, entity = self._open.pop()
        length = self._units() - entity["offset"]
        if length:
            self._entities.append(entity | {"length": length} | more)

    def _done(self) -> tuple[str, list[Wire]]:
        self._entities.sort(key=lambda each: (each["offset"], -each["length"]))
        return self._out, self._entities


class _Html(_Reader):
    @override
    def read(self) -> tuple[str, list[Wire]]:
        while self._at < len(self._source):
            if self._source[self._at] == "<":
                self._tag()
            else:
                end = self._source.find("<", self._at)
                end = len(self._source) if end < 0 else end
                self._out += unescape(self._source[self._at : end])
                self._at = end
        if self._open:
            name = self._open[-1][0]
            raise _problem(f'Can\'t find end tag corresponding to start tag "{name}"')
        return self._done()

    def _tag(self) -> None:
        match = TAG.match(self._source, self._at)
        if match is None:
            word = re.match(r"</?([^\s>/]*)", self._source[self._at :])
            name = word.group(1).lower() if word else ""
            raise _problem(f'Unsupported start tag "{name}" at byte offset {self._bytes()}')
        closing, name = match.group(1), match.group(2).lower()
        if name not in TAGS:
            raise _problem(f'Unsupported start tag "{name}" at byte offset {self._bytes()}')
        if closing:
            self._close(name)
        else:
            found = [each.groups() for each in ATTRIBUTE.finditer(match.group(3))]
            values = {each[0].lower(): each[1] or each[2] or each[3] or "" for each in found}
            self._begin(name, self._entity(name, values))
        self._at = match.end()

    def _entity(self, name: str, values: Mapping[str, str]) -> Wire:
        language = values.get("class", "").removeprefix("language-")
        if name == "blockquote" and "expandable" in values:
            return {"type": "expandable_blockquote"}
        if name == "code" and self._open and self._open[-1][0] == "pre" and language:
            self._open[-1][1]["language"] = language
        if name == "span" and values.get("class") != "tg-spoiler":
            at = self._bytes()
            raise _problem(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        if name == "a":
            return _link(unescape(values.get("href", "")))
        if name == "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": values.get("emoji-id", "")}
        return {"type": TAGS[name]}

    def _close(self, name: str) -> None:
        if not self._open:
            raise _problem(f"Unexpected end tag at byte offset {self._bytes()}")
        opened = self._open[-1][0]
        if opened != name:
            raise _problem(
                f'Unmatched end tag at byte offset {self._bytes()}, expected "</{opened}>", '
                f'found "</{name}>"'
            )
        nested = name == "code" and len(self._open) > 1 and self._open[-2][0] == "pre"
        if nested:
            self._open.pop()
        else:
            self._end()


class _Markdown(_Reader):
    @override
    def read(self) -> tuple[str, list[Wire]]:
        while self._at < len(self._source):
            self._step()
        while self._open and self._open[-1][0] == ">":
            self._end()
        if self._open:
            kind = self._open[-1][1]["type"]
            raise _problem(f"Can't find end of {kind.capitalize()} entity")
        return self._done()

    def _step(self) -> None:
        rest = self._source[self._at :]
        mark = next((each for each in ("```", "`") if rest.startswith(each)), "")
        if rest[0] == "\\" and len(rest) > 1 and ord(rest[1]) < 127:
            self._take(rest[1], 2)
        elif mark:
            self._code(mark)
        elif rest[0] == "\n":
            self._newline(rest)
        elif rest[0] == ">" and (not self._out or self._out.endswith("\n")):
            self._quote()
        elif rest[0] in "[]":
            self._bracket(rest)
        else:
            self._plain(rest)

    def _take(self, text: str, size: int) -> None:
        self._out += text
        self._at += size

    def _plain(self, rest: str) -> None:
        mark = next((each for each in MARKS if rest.startswith(each)), None)
        if mark is None and rest[0] in RESERVED:
            raise _problem(
                f"Character '{rest[0]}' is reserved and must be escaped with the preceding '\\'"
            )
        if mark is None:
            self._take(rest[0], 1)
            return
        self._at += len(mark)
        if self._open and self._open[-1][0] == mark:
            self._end()
        else:
            self._begin(mark, {"type": MARKS[mark]})

    def _code(self, mark: str) -> None:
        end = self._source.find(mark, self._at + len(mark))
        if end < 0:
            name = "Pre" if mark == "```" else "Code"
            raise _problem(f"Can't find end of {name} entity at byte offset {self._bytes()}")
        body = re.sub(r"\\([\\`])", r"\1", self._source[self._at + len(mark) : end])
        entity: Wire = {"type": "code"}
        if mark == "```":
            language, newline, code = body.partition("\n")
            named = newline and language and not re.search(r"\s", language)
            entity = {"type": "pre"} | ({"language": language} if named else {})
            body = code if newline and (named or not language) else body
        self._begin(mark, entity)
        self._out += body
        self._end()
        self._at = end + len(mark)

    def _newline(self, rest: str) -> None:
        if self._open and self._open[-1][0] == ">" and not rest.startswith("\n>"):
            self._end()
        self._take("\n", 1)

    def _quote(self) -> None:
        if not any(name == ">" for name, _ in self._open):
            self._begin(">", {"type": "blockquote"})
        self._at += 1

    def _bracket(self, rest: str) -> None:
        if rest[0] == "[":
            self._begin("[", {"type": "text_link"})
            self._at += 1
            return
        target = re.match(r"\]\(((?:\\.|[^\\)])*)\)", rest)
        if target is None or not self._open or self._open[-1][0] != "[":
            raise _problem("Character ']' is reserved and must be escaped with the preceding '\\'")
        self._end(**_link(re.sub(r"\\(.)", r"\1", target.group(1))))
        self._at += target.end()


def _link(url: str) -> Wire:
    user = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if user:
        return {"type": "text_mention", "user": {"id": int(user.group(1))}}
    return {"type": "text_link", "url": url}
