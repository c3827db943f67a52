"""What the pages of promises name as shown is there, and each promise stands on its page."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PROMISES = range(1, 15)

_IN_NAMES = re.compile(r"^test_p(\d+)_")
_NAMED = re.compile(r"`((?:tests|bench)/[\w/.]+\.py)(?:::(\w+))?`")


@cache
def names(path: Path) -> frozenset[str]:
    """The functions and classes of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, kinds))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["reliability.md", "security.md"])
def test_what_a_page_names_is_there(name):
    for path, test in _NAMED.findall(page(name)):
        assert (ROOT / path).is_file(), path
        assert not test or test in names(ROOT / path), (path, test)


def test_every_promise_stands_on_the_page():
    assert re.findall(r"^## P(\d+) ", page("reliability.md"), re.MULTILINE) == [
        str(each) for each in PROMISES
    ]


def test_no_test_names_a_promise_that_is_not_made():
    found = {
        int(match[1])
        for path in (TESTS / "promises").glob("test_*.py")
        for name in names(path)
        if (match := _IN_NAMES.match(name))
    }
    assert found <= set(PROMISES)
