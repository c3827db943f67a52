"""YAML text to a tree of nodes that know their lines.

Decides what is no configuration at all: text that is not YAML, keys written twice, tags, more
than one document, nesting or aliases beyond all measure. It never resolves a scalar and never
builds an object that a file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from gateway.config.report import Path, Report

_Event: TypeAlias = Any  # the stubs know less of events than the parser tells

LONGEST = 1 << 19  # characters
DEEPEST = 40
MOST_NODES = 50_000  # aliases count as what they stand for

# Those that say nothing new: this is text, a mapping, a list.
_TAGS = {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq"))}
_QUOTED = re.compile("'([^']*)'")
_SIGNS = 4  # characters
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A piece of text. `plain` is False when it was quoted; `written` is what the file says."""

    line: int
    text: str
    plain: bool
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    line: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a key holds, and the line of the key."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A mapping, in the file's order."""

    line: int
    entries: dict[str, Entry]


Node: TypeAlias = Scalar | Items | Block


def read(text: str, report: Report) -> Block:
    """Read the text of a configuration file; mistakes go into the report.

    Raises:
        ConfigError: what follows could not be read; everything found so far is told.
    """
    if len(text) > LONGEST:
        report.add((), f"is longer than {LONGEST} characters")
        report.settle()
    try:
        node = _Composer(text, report).document()
    except _Unreadable as error:
        report.add((), error.text, line=error.line)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        report.add((), f"a character that YAML does not allow (U+{error.character:04X})", line=line)
    except yaml.MarkedYAMLError as error:
        report.add((), _complaint(error, text), line=_line(error))
    except (yaml.YAMLError, ValueError, OverflowError):
        # A version or an escaped character of absurd size: the parser loses the place.
        report.add((), "an escaped character or a version number that does not exist")
    else:
        if isinstance(node, Block):
            return node
        report.add((), "the file should be a block of keys", line=node.line)
    report.settle()
    return Block(line=1, entries={})


class _Unreadable(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class _Composer:
    """Events to nodes. An alias stands for the finished node of its anchor, never for itself."""

    def __init__(self, text: str, report: Report) -> None:
        self._events: Iterator[_Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._report = report
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._nodes = 0

    def document(self) -> Node:
        node: Node = Block(line=1, entries={})
        seen = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    raise _Unreadable(_row(event), "a second document begins here; one is read")
                seen = True
                node = self._node(next(self._events), (), 0)
        if isinstance(node, Scalar) and node.plain and not node.text:
            return Block(line=1, entries={})  # a file of comments
        return node

    def _node(self, event: _Event, path: Path, depth: int) -> Node:
        if depth > DEEPEST:
            raise _Unreadable(_row(event), f"more than {DEEPEST} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        self._count(event, 1)
        node = self._fresh(event, path, depth)
        if event.anchor:
            self._anchors[event.anchor] = (node, self._nodes - before)
        return node

    def _fresh(self, event: _Event, path: Path, depth: int) -> Node:
        line = _row(event)
        if event.tag not in _TAGS:
            raise _Unreadable(line, "tags (words that begin with !) are not read; quote the text")
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(line=line, nodes=tuple(self._items(path, depth)))
        if isinstance(event, yaml.MappingStartEvent):
            return Block(line=line, entries=self._entries(path, depth))
        if _SURROGATE.search(event.value):
            raise _Unreadable(line, "half of a character (a surrogate) is no text")
        plain = event.style is None and event.tag is None
        return Scalar(line=line, text=event.value, plain=plain, written=event.value)

    def _items(self, path: Path, depth: int) -> Iterator[Node]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, (*path, str(index)), depth + 1)
            index += 1

    def _entries(self, path: Path, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, line = self._key(event), _row(event)
            entry = Entry(line=line, node=self._node(next(self._events), (*path, key), depth + 1))
            first = entries.setdefault(key, entry)
            if first is not entry:
                told = f"is written twice (first on line {first.line})"
                self._report.add((*path, key), told, line=line)
        return entries

    def _key(self, event: _Event) -> str:
        if not isinstance(event, yaml.ScalarEvent) or _SURROGATE.search(event.value):
            raise _Unreadable(_row(event), "a key should be text")
        if event.value == "<<" and event.style is None:
            raise _Unreadable(_row(event), "merge keys (<<) are not YAML 1.2; write the keys out")
        if not event.value:
            raise _Unreadable(_row(event), "a key is empty")
        self._count(event, 1)
        return str(event.value)

    def _alias(self, event: _Event) -> Node:
        if event.anchor not in self._anchors:
            raise _Unreadable(_row(event), "this alias (*) has no anchor (&) above it")
        node, size = self._anchors[event.anchor]
        self._count(event, size)
        return node

    def _count(self, event: _Event, size: int) -> None:
        self._nodes += size
        if self._nodes > MOST_NODES:
            raise _Unreadable(_row(event), f"more than {MOST_NODES} values, aliases included")


def _row(event: _Event) -> int:
    return int(event.start_mark.line) + 1


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _complaint(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    if mark and text[mark.index - 1 : mark.index + 1] == "${":
        return 'this is no YAML: inside { } and [ ], quote ${…}: "${NAME}"'
    line = text[text.rfind("\n", 0, mark.index) + 1 :].partition("\n")[0] if mark else ""
    hint = " (a value with ${…} may need quotes)" if "${" in line else ""
    return f"this is no YAML: {_problem(error)}{hint}"


def _problem(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong in words for who wrote the file, not for who wrote the parser."""
    problem, context = error.problem or "it cannot be read", error.context or ""
    if "'\\t'" in problem:
        return "a tab stands here; indent with spaces"
    if problem.startswith("expected <block end>"):
        return "this line is not indented as those that it belongs to"
    # The parser repeats what it stumbled over, and that may be part of a secret.
    said = _QUOTED.sub(_harmless, problem)
    said = said.replace("'<scalar>'", "more text")
    if "flow" in context and error.context_mark:
        opened = "{" if "mapping" in context else "["
        return f"{said} (is the {opened} of line {error.context_mark.line + 1} closed?)"
    return said


def _harmless(quoted: re.Match[str]) -> str:
    """Give what the parser quotes if that is a sign or a name of its own."""
    return quoted[0] if len(quoted[1]) < _SIGNS or "<" in quoted[1] else "it"
