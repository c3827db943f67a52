"""JSON that is nested too deeply raises RecursionError, which is no ValueError.

So whoever reads JSON catches it too, or reads only what the program has written itself. Lists of
exceptions only ever shrink.
"""

import ast

import pytest

from tests.house.test_house import dotted, names, sources, tree

READERS = {"json.loads", "json.load", "msgspec.json.decode"}

# What is read without a look at its depth, and how often.
UNGUARDED: dict[str, int] = {
    "adapters/chat/discord/connection.py": 1,  # `_poll` catches it, with all that discord.py raises
    "adapters/llm/chat_seal.py": 1,  # what this file has sealed
    "adapters/llm/embedded_server.py": 1,  # the child's side: its parent gives the order
    "adapters/llm/encoding.py": 3,  # says that it raises it: the answers of all formats catch it
    "adapters/llm/messages_content.py": 1,  # what messages_thinking.py has sealed
    "adapters/llm/messages_wire.py": 1,  # `messages_answer` catches it
    "adapters/llm/responses_seal.py": 1,  # what this file has sealed
    "adapters/prices/pricer.py": 1,  # what our own child says
    "adapters/prices/tables.py": 1,  # what its parent says
    "adapters/store/codec.py": 2,  # what this file has packed
    "adapters/store/costs.py": 1,  # what codec.py has packed
    "adapters/store/erasing.py": 1,  # the same, and arguments that `core.authority` has measured
    "adapters/tools/session.py": 1,  # what the line before has written, of what pydantic has read
    "gateway/http/completions_request.py": 2,  # `read_request` catches it
}


def unguarded(module: ast.Module) -> list[int]:
    """Find the lines that read JSON outside of a `try` that catches RecursionError."""
    enough = {"RecursionError", *constants(module)}
    tries = [each for each in ast.walk(module) if isinstance(each, ast.Try)]
    safe = {
        id(inner)
        for each in tries
        if any(named(handler.type) & enough for handler in each.handlers)
        for statement in each.body
        for inner in ast.walk(statement)
    }
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and dotted(node.func) in READERS and id(node) not in safe
    ]


def constants(module: ast.Module) -> set[str]:
    """Give the names of a file for several kinds of errors, RecursionError among them."""
    found = set()
    for node in module.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and "RecursionError" in named(getattr(node, "value", None)):
            found.add(target.id)
    return found


def named(kinds: ast.expr | None) -> set[str]:
    return {dotted(each) for each in getattr(kinds, "elts", [kinds]) if each is not None}


def test_whoever_reads_json_catches_what_is_nested_too_deeply():
    found = {
        name: len(lines)
        for path, name in zip(sources(), names(sources()), strict=True)
        if (lines := unguarded(tree(path)))
    }
    assert found == UNGUARDED


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("json.loads(x)", [1]),
        ("try: json.loads(x)\nexcept ValueError: pass", [1]),
        ("try: f()\nexcept (ValueError, RecursionError): json.loads(x)", [2]),
        ("try: json.loads(x)\nexcept (ValueError, RecursionError): pass", []),
        ("try: a = msgspec.json.decode(x, type=T).b\nexcept RecursionError: pass", []),
        ("BAD: Final = (KeyError, RecursionError)\ntry: json.loads(x)\nexcept BAD: pass", []),
    ],
)
def test_a_reader_that_is_not_guarded_is_known_when_seen(code, lines):
    assert unguarded(ast.parse(code)) == lines
