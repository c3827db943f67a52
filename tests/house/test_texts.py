"""Whatever people in chats are told by the program itself stands in one catalogue: core/texts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core import errors

ROOT = Path(__file__).resolve().parents[2]
TOLD = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.UserError)
} | {"Notice", "notice", "TooLong", "TurnFailed"}
"""What carries a sentence to people: raised as a refusal, or shown."""
SAID = {"text", "error"}
TO_OTHERS = (
    "core/texts/",
    "core/presets.py",  # below the catalogue
    "gateway/http/",  # programs on /v1 read these
    "gateway/replay/",  # an operator's commands
    "gateway/cli/pinned.py",
    "gateway/cli/people.py",
)
TELLING = sorted(
    path
    for folder in ("core", "gateway", "adapters/chat")
    for path in (ROOT / folder).rglob("*.py")
    if not path.relative_to(ROOT).as_posix().startswith(TO_OTHERS)
)


def name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=found) | ast.Attribute(attr=found):
            return found
        case _:
            return ""


def written(node: ast.expr | None) -> bool:
    """Tell whether words stand here, between what is filled in or alone."""
    pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(
        isinstance(each, ast.Constant) and any(map(str.isalpha, str(each.value))) for each in pieces
    )


def literals(module: ast.Module) -> set[str]:
    """Give the names that are given words, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=targets, value=value) if written(value):
                found |= {each.id for each in targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=given), value=value) if written(value):
                found.add(given)
            case _:
                pass
    return found


def told_in_place(module: ast.Module) -> list[int]:
    named = literals(module)
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and name(node) in TOLD
        for said in [
            *node.args,
            *(each.value for each in node.keywords if each.arg in {"text", "error"}),
        ]
        if written(said) or (isinstance(said, ast.Name) and said.id in named)
    ]


@pytest.mark.parametrize("path", TELLING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_people_are_told_stands_in_the_catalogue(path):
    assert told_in_place(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        'raise UserError("It is late.")',
        'raise errors.TooOften(f"{n} are too many.", retry_after=1)',
        'why = "It is late."\nraise Overloaded(why)',
        'frame = Frame(key="notice", content=Notice(text="It is late."))',
    ],
)
def test_a_sentence_in_its_place_would_be_found(code):
    assert told_in_place(ast.parse(code))
