"""A tree of nodes to typed settings, every mistake told and not only the first.

Decides what counts as unset (null, blank, left out), that ids may look like numbers, and how a
secret comes from a file. What it returns after a mistake is only good for finding more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any, Final

from msgspec import NODEFAULT, UNSET, UnsetType, inspect

from gateway.config import leaves
from gateway.config.report import Path, Report, nearest
from gateway.config.scalars import expand, meaning
from gateway.config.text import Block, Entry, Items, Node, Scalar
from gateway.config.values import Secret

_FILE: Final = "_file"
_LONGEST_SECRET: Final = 65_536  # bytes; keys and tokens have some hundred


class Decoder:
    """One file's decoding; what it finds goes into the report."""

    def __init__(self, report: Report, environ: Mapping[str, str]) -> None:
        """Take the variables as they are now."""
        self._report = report
        self._environ = environ

    def value(self, node: Node, kind: inspect.Type, path: Path) -> Any:  # noqa: ANN401 - its kind is known at run time
        """Give what a node holds; UNSET when it holds nothing or something wrong."""
        kinds = leaves.kinds_of(kind)
        if isinstance(node, Scalar):
            return self._scalar(node, kinds, path)
        for each in kinds:
            match each, node:
                case inspect.StructType(), Block() as block:
                    return self._struct(block, self._tagged(block, kinds, path), path)
                case inspect.DictType() as mapping, Block() as block:
                    return self._mapping(block, mapping, path)
                case inspect.VarTupleType() as several, Items() as items:
                    return self._items(items, several, path)
                case inspect.AnyType(), _:
                    return self._anything(node, path)
                case _:
                    pass  # the next kind may fit
        self._report.add(path, f"should be {leaves.expected(kinds)}, not {leaves.called(node)}")
        return UNSET

    # --- scalars --------------------------------------------------------------------------

    def _scalar(self, node: Scalar, kinds: leaves.Kinds, path: Path) -> Any:  # noqa: ANN401
        scalar = expand(node, path, environ=self._environ, report=self._report)
        if scalar is None:
            return UNSET
        secret = leaves.is_secret(kinds)
        if not secret:
            self._report.written[path] = node.written
        if isinstance(kinds[0], inspect.AnyType):
            return meaning(scalar)
        # A blank secret says "no key yet", where `null` says that there is none.
        if (meaning(scalar) is None or not scalar.text.strip()) and not (secret and _blank(scalar)):
            return UNSET
        try:
            return leaves.read(scalar, kinds)
        except ValueError as error:
            self._report.add(path, str(error))
            return UNSET

    # --- blocks and lists -----------------------------------------------------------------

    def _struct(self, block: Block, kind: inspect.StructType | None, path: Path) -> Any:  # noqa: ANN401
        if kind is None:
            return UNSET
        fields = {field.encode_name: field for field in kind.fields}
        secrets = [name for name, field in fields.items() if _holds_secret(field)]
        known = [*fields, *(name + _FILE for name in secrets)]
        values: dict[str, Any] = {}
        for key, entry in block.entries.items():
            at = (*path, key)
            self._report.lines[at] = entry.line
            if key in fields:
                values[key] = self.value(entry.node, fields[key].type, at)
            elif key not in known and key != kind.tag_field:
                self._report.add(at, f"there is no such key here{nearest(key, known)}")
        for name in secrets:
            self._from_file(block.entries, values, name, path)
        return kind.cls(**self._filled(values, fields, path))

    def _filled(
        self, values: Mapping[str, Any], fields: Mapping[str, inspect.Field], path: Path
    ) -> dict[str, Any]:
        """Give a value for each field: what was read, or else what holds where nothing was."""
        read = {name: value for name, value in values.items() if value is not UNSET}
        absent = {name: field for name, field in fields.items() if name not in read}
        return read | {name: self._absent(each, (*path, name)) for name, each in absent.items()}

    def _absent(self, field: inspect.Field, path: Path) -> Any:  # noqa: ANN401
        """Give a field's default. A required one is told, and stands empty for later checks."""
        if not field.required:
            return field.default if field.default is not NODEFAULT else field.default_factory()
        if not self._report.broken(path):
            self._report.add(path, "is missing")
        return leaves.nothing(leaves.kinds_of(field.type)[0])

    def _tagged(self, block: Block, kinds: leaves.Kinds, path: Path) -> inspect.StructType | None:
        """Choose among structs by their tag: `api`, or `type`, which defaults to the key."""
        structs = [each for each in kinds if isinstance(each, inspect.StructType)]
        field = structs[0].tag_field
        if field is None:
            return structs[0]
        tags = {str(each.tag): each for each in structs}
        wrote = self._tag(block, field, path)
        at = (*path, field)
        if wrote not in tags and not self._report.broken(at):
            wants = "should be" if field in block.entries or field == "type" else "is missing:"
            self._report.add(at, f"{wants} one of {', '.join(tags)}{nearest(wrote, tags)}")
        return tags.get(wrote)

    def _tag(self, block: Block, field: str, path: Path) -> str:
        entry = block.entries.get(field)
        read: str | UnsetType = UNSET
        if entry is not None:
            self._report.lines[*path, field] = entry.line
            read = self.value(entry.node, inspect.StrType(), (*path, field))
        if isinstance(read, UnsetType):
            return path[-1] if field == "type" else ""
        return read

    def _mapping(self, block: Block, kind: inspect.DictType, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, entry in block.entries.items():
            self._report.lines[*path, key] = entry.line
            found[key] = self._member(entry.node, kind.value_type, (*path, key))
        return {key: value for key, value in found.items() if value is not UNSET}

    def _items(self, items: Items, kind: inspect.VarTupleType, path: Path) -> tuple[Any, ...]:
        found = []
        for index, node in enumerate(items.nodes):
            at = (*path, str(index))
            self._report.lines[at] = node.line
            found.append(self._member(node, kind.item_type, at))
        return tuple(value for value in found if value is not UNSET)

    def _member(self, node: Node, kind: inspect.Type, path: Path) -> Any:  # noqa: ANN401
        """Read a member of a block or list; a block that holds nothing still has its name."""
        kinds = leaves.kinds_of(kind)
        empty = isinstance(node, Scalar) and node.plain and meaning(node) is None
        if empty and isinstance(kinds[0], inspect.StructType):
            return self.value(Block(line=node.line, entries={}), kind, path)
        return self.value(node, kind, path)

    def _anything(self, node: Node, path: Path) -> Any:  # noqa: ANN401
        if isinstance(node, Block):
            return self._mapping(node, inspect.DictType(inspect.StrType(), inspect.AnyType()), path)
        return list(self._items(node, inspect.VarTupleType(inspect.AnyType()), path))  # type: ignore[arg-type]

    # --- secrets --------------------------------------------------------------------------

    def _from_file(
        self, entries: Mapping[str, Entry], values: dict[str, Any], name: str, path: Path
    ) -> None:
        key = name + _FILE
        if key not in entries:
            return
        at = (*path, key)
        place = self.value(entries[key].node, inspect.StrType(), at)
        if isinstance(place, UnsetType):
            return
        if isinstance(values.get(name), Secret):
            self._report.add(at, f"{name} is given too; keep one of the two")
            return
        values[name] = Secret("")  # whatever happens: it is not missing
        try:
            values[name] = Secret.parse(_written_in(File(place).expanduser()))
        except OSError as error:
            self._report.add(at, f"the file cannot be read: {error.strerror}")
        except (UnicodeDecodeError, RuntimeError):
            self._report.add(at, "the file is no text")
        except ValueError as error:
            self._report.add(at, f"the file {error}")


def _written_in(file: File) -> str:
    """Read a secret; what has no end, such as a device, is none."""
    with file.open("rb") as opened:
        data = opened.read(_LONGEST_SECRET + 1)
    if len(data) > _LONGEST_SECRET:
        raise ValueError(f"has more than {_LONGEST_SECRET:,} bytes")
    return data.decode()


def _blank(scalar: Scalar) -> bool:
    return not scalar.text.strip()


def _holds_secret(field: inspect.Field) -> bool:
    return leaves.is_secret(leaves.kinds_of(field.type))
