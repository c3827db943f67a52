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


def promised() -> set[int]:
    """The promises that a test is named after."""
    return {
        int(match[1])
        for path in (TESTS / "promises").glob("test_*.py")
        for name in names(path)
        if (match := _IN_NAMES.match(name))
    }


def test_each_promise_has_a_test_named_after_it_and_no_test_another_one():
    assert promised() == set(PROMISES)


@pytest.mark.parametrize("number", PROMISES)
def test_each_section_says_how_by_what_it_is_shown_and_what_is_not_promised(number):
    (section,) = re.findall(rf"(?ms)^## P{number} .*?(?=^## )", page("reliability.md"))
    for head in ("Mechanism", "Shown by", "Not promised"):
        (told,) = re.findall(rf"(?ms)^\*\*{head}\.\*\*(.*?)(?=^\*\*|\Z)", section)
        assert len(told.strip()) > 1, head
    assert _NAMED.search(section), "no test is named"


def test_each_threat_has_a_control_and_a_test():
    rows = [
        [cell.strip() for cell in line[2:-2].split(" | ")]
        for line in page("security.md").splitlines()
        if line.startswith("| ") and not line.startswith("| threat")
    ]
    assert len(rows) >= 24
    for threat, control, attacked in rows:
        assert len(control) > 1, threat
        assert _NAMED.search(attacked), threat
