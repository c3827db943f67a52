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
            if isinstance(each, inspect.StructType) and isinstance(node, Block):
                return self._struct(node, self._tagged(node, kinds, path), path)
            if isinstance(each, inspect.DictType) and isinstance(node, Block):
                return self._mapping(node, each, path)
            if isinstance(each, inspect.VarTupleType) and isinstance(node, Items):
                return self._items(node, each, path)
            if isinstance(each, inspect.AnyType):
                return self._anything(node, path)
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
        secrets = {name + _FILE: name for name, field in fields.items() if _holds_secret(field)}
        values: dict[str, Any] = {}
        for key, entry in block.entries.items():
            self._report.lines[*path, key] = entry.line
            if key in fields:
                values[key] = self.value(entry.node, fields[key].type, (*path, key))
            elif key not in secrets and key != kind.tag_field:
                hint = nearest(key, [*fields, *secrets])
                self._report.add((*path, key), f"there is no such key here{hint}")
        for key in [key for key in secrets if key in block.entries]:
            self._from_file(block.entries, values, secrets[key], path)
        for name, field in fields.items():
            if values.get(name, UNSET) is UNSET:
                values[name] = self._absent(field, (*path, name))
        return kind.cls(**values)

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
        wrote = path[-1] if field == "type" else ""
        at = (*path, field)
        if field in block.entries:
            self._report.lines[at] = block.entries[field].line
            read = self.value(block.entries[field].node, inspect.StrType(), at)
            wrote = wrote if isinstance(read, UnsetType) else read
        if wrote not in tags and not self._report.broken(at):
            one_of = f"one of {', '.join(tags)}{nearest(wrote, tags)}"
            known = field in block.entries or field == "type"
            self._report.add(at, f"should be {one_of}" if known else f"is missing: {one_of}")
        return tags.get(wrote)

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
        at = (*path, key)
        place = self.value(entries[key].node, inspect.StrType(), at)
        if isinstance(place, UnsetType):
            return
        if isinstance(values.get(name), Secret):
            self._report.add(at, f"{name} is given too; keep one of the two")
            return
        values[name] = Secret("")  # whatever happens: it is not missing
        try:
            values[name] = Secret.parse(File(place).expanduser().read_text(encoding="utf-8"))
        except OSError as error:
            self._report.add(at, f"the file cannot be read: {error.strerror}")
        except (UnicodeDecodeError, RuntimeError):
            self._report.add(at, "the file is no text")
        except ValueError as error:
            self._report.add(at, f"the file {error}")


def _blank(scalar: Scalar) -> bool:
    return not scalar.text.strip()


def _holds_secret(field: inspect.Field) -> bool:
    return leaves.is_secret(leaves.kinds_of(field.type))
