"""One scalar beside the types that its key allows.

Decides what a type is called to the operator, and which spelling of a value it takes: text
takes ids that look like numbers, a number takes no quotes. It never repeats a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import inspect

from gateway.config.report import nearest
from gateway.config.scalars import Meaning, meaning
from gateway.config.text import Block, Node, Scalar
from gateway.config.values import Dollars, Secret

Kinds: TypeAlias = tuple[inspect.Type, ...]
_Kind: TypeAlias = Any  # the subclass of inspect.Type that a reader is for
_LONGEST = 60
_HUGE = 1e100


def kinds_of(kind: inspect.Type) -> Kinds:
    """Give what a type allows, without null, which every key allows."""
    if isinstance(kind, inspect.Metadata):
        return kinds_of(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(one for each in kind.types for one in kinds_of(each))
    return () if isinstance(kind, inspect.NoneType) else (kind,)


def is_secret(kinds: Kinds) -> bool:
    """Tell whether a key's text must not be shown."""
    return any(isinstance(each, inspect.CustomType) and each.cls is Secret for each in kinds)


def nothing(kind: inspect.Type) -> object:
    """Stand in for a required value that is missing, so that the rest can be checked."""
    if isinstance(kind, inspect.StructType):
        required = [field for field in kind.fields if field.required]
        return kind.cls(**{each.name: nothing(kinds_of(each.type)[0]) for each in required})
    if is_secret((kind,)):
        return Secret("")
    return {inspect.StrType: "", inspect.DictType: {}, inspect.VarTupleType: ()}.get(type(kind))


def read(scalar: Scalar, kinds: Kinds) -> object:
    """Give the scalar as the first type that takes it.

    Raises:
        ValueError: none does; the text says what would be right.
    """
    found = meaning(scalar)
    for kind in kinds:
        reader = _READERS.get(type(kind))
        if reader is not None and (value := reader(scalar, found, kind)) is not None:
            return value
    wrote = f"not {called(scalar)}"
    quoted = None if scalar.plain else meaning(_bare(scalar))
    if isinstance(quoted, int | float) and not isinstance(quoted, bool):
        wrote += " in quotes"
    near = nearest(scalar.written, [word for kind in kinds for word in _words(kind)])
    raise ValueError(f"should be {expected(kinds)}, {wrote}{near}")


def expected(kinds: Kinds) -> str:
    """Say what a key wants."""
    return " or ".join(_name(kind) + _bounds(kind) for kind in kinds)


def _name(kind: _Kind) -> str:
    """Name a type; one of ours may be written as a number."""
    number = isinstance(kind, inspect.CustomType) and kind.cls is Dollars
    return "an amount of dollars" if number else _NAMES[type(kind)]


def called(node: Node) -> str:
    """Say what stands there instead; of text, what the file says and not what a variable holds."""
    if isinstance(node, Block):
        return "a block of keys"
    if not isinstance(node, Scalar):
        return "a list"
    written = node.written if len(node.written) <= _LONGEST else node.written[:_LONGEST] + "…"
    return repr(written)


def _bare(scalar: Scalar) -> Scalar:
    return Scalar(line=scalar.line, text=scalar.text, plain=True, written=scalar.written)


def _words(kind: inspect.Type) -> tuple[str, ...]:
    return tuple(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else ()


def _bounds(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        *words, last = _words(kind)
        return f"{', '.join(words)} or {last}" if words else last
    if not isinstance(kind, _NUMBERS):
        return ""
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge} to {kind.le}"
    if kind.ge is not None:
        return f" of at least {kind.ge}"
    return f" above {kind.gt}" if kind.gt is not None else ""


# --- one reader for each type: None says that the scalar is nothing of the kind ---------------


def _truth(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    return found if isinstance(found, bool) else None


def _whole(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    right = isinstance(found, int) and not isinstance(found, bool)
    return found if right and _within(found, kind) else None


def _number(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    # Above this lie infinity, NaN, and what no float can hold.
    right = abs(found) < _HUGE and _within(found, kind)
    return float(found) if right else None


def _text(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    return None if isinstance(found, bool) else scalar.text.strip()


def _word(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    return scalar.text if scalar.text in _words(kind) else None


def _custom(scalar: Scalar, found: Meaning, kind: _Kind) -> object:
    return kind.cls.parse(scalar.text.strip())


def _within(value: _Kind, kind: _Kind) -> bool:
    low = kind.ge is None or value >= kind.ge
    above = kind.gt is None or value > kind.gt
    return bool(low and above and (kind.le is None or value <= kind.le))


_NUMBERS = (inspect.IntType, inspect.FloatType)
_READERS: dict[type[inspect.Type], Callable[[Scalar, Meaning, _Kind], object]] = {
    inspect.BoolType: _truth,
    inspect.IntType: _whole,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.LiteralType: _word,
    inspect.CustomType: _custom,
}
_NAMES: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.StrType: "text",
    inspect.LiteralType: "",
    inspect.CustomType: "text",
    inspect.DictType: "a block of keys",
    inspect.StructType: "a block of keys",
    inspect.VarTupleType: "a list",
    inspect.AnyType: "anything",
}
