"""Every rule of the engine (MOA-1 to MOA-41) can be looked up by its number in a test.

A test names a rule in its own name (`test_moa_19_…`, `test_moa_4_40_…`, `…_moa_23`) or in its text
(`MOA-19`); what only stands above a whole file does not count.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LATER = {36}
"""An agreement short-cut: the rules themselves put it off."""
RULES = sorted(set(range(1, 42)) - LATER)

_IN_NAMES = re.compile(r"(?<![a-z0-9])moa((?:_\d+)+)(?![0-9])")
_IN_TEXTS = re.compile(r"MOA-(\d+)")


@cache
def shown_by() -> dict[int, list[str]]:
    """The tests that name each rule."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for test in found_in(ast.parse(text)):
            for rule in named(test.name, ast.get_source_segment(text, test) or ""):
                found[rule].append(f"{path.relative_to(TESTS)}::{test.name}")
    return dict(found)


def found_in(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return (each for each in functions if each.name.startswith("test_"))


def named(name: str, text: str) -> set[int]:
    numbers = [each for group in _IN_NAMES.findall(name) for each in group.split("_") if each]
    return {int(each) for each in (*numbers, *_IN_TEXTS.findall(text))}


@pytest.mark.parametrize("rule", RULES, ids=[f"MOA-{rule}" for rule in RULES])
def test_each_rule_of_the_engine_is_named_by_a_test(rule):
    assert shown_by().get(rule), f"no test names MOA-{rule}"


def test_no_test_names_a_rule_that_is_not_there():
    strange = {rule: tests for rule, tests in shown_by().items() if rule not in {*RULES, *LATER}}
    assert strange == {}


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("test_moa_19_the_block", "", {19}),
        ("test_moa_4_40_precedence", "", {4, 40}),
        ("test_the_cadence_moa_23", "", {23}),
        ("test_moas_are_birds", "the file's rules", set()),
        ("test_it", "# MOA-7, and (MOA-9)", {7, 9}),
    ],
)
def test_how_a_rule_is_named(name, text, rules):
    assert named(name, text) == rules
