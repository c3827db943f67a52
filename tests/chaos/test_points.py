"""Every crash point stands in one place of the source, and a test kills the program at it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from core.crashpoints import POINTS
from tests.gateway.harness import refused_gateway

ROOT = Path(__file__).parents[2]


def trees(pattern: str) -> list[ast.Module]:
    paths = sorted(ROOT.glob(pattern))
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def placed() -> Counter[str]:
    """Count where each point stands in the source."""
    found = Counter[str]()
    for layer in ("core", "adapters", "gateway"):
        for tree in trees(f"{layer}/**/*.py"):
            for node in ast.walk(tree):
                match node:
                    case ast.Call(
                        func=ast.Name(id="crashpoint"), args=[ast.Constant(value=name), *_]
                    ):
                        found[str(name)] += 1
                    case ast.Call(func=ast.Name(id="crashpoint")):
                        raise AssertionError(f"not a name: {ast.unparse(node)}")
                    case _:
                        pass
    return found


def killed_at() -> set[str]:
    """Find the points that the tests of this folder name."""
    words = (
        str(node.value)
        for tree in trees("tests/chaos/test_points_*.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    )
    return {re.split("[@:]", each)[0] for each in words} & set(POINTS)


def test_every_point_stands_in_one_place():
    assert placed() == dict.fromkeys(POINTS, 1)


def test_the_program_is_killed_at_every_point():
    assert killed_at() == set(POINTS)


def test_a_point_says_in_a_sentence_what_is_so_there():
    for name, sentence in POINTS.items():
        assert re.fullmatch(r"[a-z]+\.[a-z]+", name), name
        assert sentence.endswith("."), name
    assert len(set(POINTS.values())) == len(POINTS)


@pytest.mark.parametrize("spec", ["turn.bogun", "turn.begun:0", "turn.begun:x", "@slack"])
async def test_what_is_no_point_is_the_operators_mistake(tmp_path, spec):
    code, told = await refused_gateway("", tmp_path, environ={"MOA_GATEWAY_CRASH_AT": spec})
    assert code == 2
    assert told.startswith(f"moa-gateway: MOA_GATEWAY_CRASH_AT: '{spec}' is no crash point")
    assert "turn.begun" in told
