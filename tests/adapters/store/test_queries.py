"""Every statement has a name that somebody uses, and none needs one database's dialect."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from adapters.store import sql
from adapters.store.queries import QUERIES, statement, statement_of_rows


def used() -> set[str]:
    folder = Path(str(sql.__file__)).parent
    trees = [ast.parse(each.read_text(encoding="utf-8")) for each in folder.glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id.startswith("statement")
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def test_every_statement_is_used_and_every_used_one_is_there():
    assert used() == QUERIES.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_parameters_count_from_one_without_a_gap(name):
    numbers = {int(number) for number in re.findall(r"\$(\d+)", QUERIES[name])}
    assert numbers == set(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", QUERIES)
def test_nothing_is_written_that_only_one_database_understands(name):
    text = QUERIES[name].upper()
    for trap in ("?", "->>", "WITH ", "OR REPLACE", "OR IGNORE", "TRUE", "FALSE", "ROWID"):
        assert trap not in text
    assert not re.search(r"\$\d+ IS", text)
    assert not [literal for literal in re.findall(r"'[^']*'", text) if "$" in literal]


def test_a_row_is_repeated_with_its_own_parameters():
    assert statement_of_rows("calls_of", [("a",), ("b",)]).query.count("($2)") == 1
    rows = [tuple(range(25)), tuple(range(25, 50))]
    repeated = statement_of_rows("add_calls", rows)
    assert repeated.values == tuple(range(50))
    assert "$25), ($26, " in repeated.query
    assert repeated.query.endswith("DO NOTHING\nRETURNING turn_id")


def test_a_statement_without_such_a_row_cannot_be_repeated():
    with pytest.raises(KeyError):
        statement_of_rows("remove_turn", [("a",)])


def test_an_unknown_name_is_no_statement():
    with pytest.raises(KeyError):
        statement("nothing")
