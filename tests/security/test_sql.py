"""Texts that would be SQL, where they are stored and asked for: all of the store, and the program.

Every method of the store is found in its protocol and called with values that are made after its
types, each text in them an attack. So a method that is added is attacked as well.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import re
import sqlite3
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

import core.calls
import core.outcomes
import core.presets
import core.types
from adapters.store import open_sqlite
from adapters.store.queries import QUERIES
from core.errors import GatewayError
from core.storage import Store
from core.types import Author, Line
from tests.fakes.turns import end, message, start
from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, answered
from tests.transcripts.stages import MESSENGERS, opened

TEXTS = (
    "'; DROP TABLE inbox; --",
    '"; DELETE FROM lines; --',
    "' OR '1'='1",
    "%' OR 1=1 --",
    "x') UNION SELECT payload FROM inbox --",
    "$1 $2 ?1 :a @b",
    "'' \\' \\\\' `id`",
    "%_*?[a-z]",
    "a\x00b",
    "\ud800 half",
    "/* */ ; PRAGMA writable_schema=1;",
    "web/owner'||(SELECT 1)||'",
    "\u202e\u2066\ufeff\u0130",
    "",
)
ENDS = ("close", "move")  # the one at the end, the other by itself
DEEPEST = 8
NAMES = {
    name: each
    for module in (collections.abc, typing, core.calls, core.outcomes, core.presets, core.types)
    for name, each in vars(module).items()
}
"""What modules name for the eyes of a type checker alone."""


def made(hint: Any, text: str, depth: int = 0) -> Any:
    """Make a value after a type; every text in it is `text`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, typing.NewType) or depth > DEEPEST:
        return None
    if origin in {typing.Union, types.UnionType}:
        wanted = [each for each in arguments if each is not type(None)]
        return made(wanted[0], text, depth)
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        inside = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(made(each, text, depth + 1) for each in inside)
    if origin in {Mapping, dict}:
        return {made(arguments[0], text, depth + 1): made(arguments[1], text, depth + 1)}
    if origin in {Sequence, Collection, list, frozenset, set}:
        found = [made(arguments[0], text, depth + 1)]
        return frozenset(found) if origin in {frozenset, set} else found
    if dataclasses.is_dataclass(hint):
        return _record(typing.cast("type", hint), text, depth)
    plain: dict[Any, Any] = {str: text, int: 1, float: 1.0, bool: True, Decimal: Decimal(1)}
    return plain.get(hint, text)


def _record(kind: type, text: str, depth: int) -> Any:
    hints = typing.get_type_hints(kind, localns=NAMES)
    values = {}
    for field in dataclasses.fields(kind):
        if field.init:
            values[field.name] = made(hints[field.name], text, depth + 1)
    return kind(**values)


def methods() -> list[tuple[str, dict[str, Any]]]:
    """Give every method of the store, with the types of what it takes."""
    found = []
    for name, method in inspect.getmembers(Store, inspect.isfunction):
        if not name.startswith("_") and name not in ENDS:
            hints = typing.get_type_hints(method, vars(inspect.getmodule(method)))
            hints.pop("return", None)
            found.append((name, hints))
    return found


def schema(file: Path) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 2").fetchall()


async def plant(store: Store) -> None:
    """Store what has to be there afterwards."""
    await store.accept(message("sentinel"))
    await store.begin(start("sentinel", seq=1))
    await store.finish(end("sentinel", "Because."))
    await store.set("session:sentinel", "preset", "mine", by="u1", at=1, name="Ann")
    await store.vote("sentinel", "web:u1", "up", at=1)
    await store.pin(
        "web/sentinel", "Remember me.", author=Author(id="u1", name="Ann"), at=1, most=9
    )


async def grown(store: Store) -> list[object]:
    session = start("sentinel", seq=1).session
    return [
        await store.turn("sentinel"),
        [line for _, line in await store.lines(session)],
        await store.settings("session:sentinel"),
        await store.votes_of("web", "u1"),
        await store.facts("web/sentinel"),
    ]


async def test_every_method_of_the_store_takes_every_text_as_a_value(tmp_path):
    file = tmp_path / "data.db"
    store = await open_sqlite(file)
    await plant(store)
    before, tables = await grown(store), schema(file)
    assert len(methods()) > 50
    ran: set[str] = set()
    for text in TEXTS:
        for name, hints in methods():
            values = {key: made(hint, text) for key, hint in hints.items()}
            told = ""
            try:
                await getattr(store, name)(**values)
            except GatewayError as error:
                told = str(error)
            except (ValueError, TypeError, LookupError):
                continue  # it is no such value: it was not stored
            assert "syntax" not in told, (name, text)
            ran.add(name)
    assert len(ran) >= len(methods()) - 6, {name for name, _ in methods()} - ran
    assert await grown(store) == before
    await store.close()
    assert schema(file) == tables


def test_no_statement_is_composed_of_values():
    """A statement is a text of a file: parameters alone, no literal that a value could close."""
    for name, query in QUERIES.items():
        bare = re.sub(r"--.*|'[^']*'", "", query)
        assert not re.search(r"[{}]|%s|\$\{", bare), name
        assert ";" not in bare.rstrip(";"), name
    sources = Path(__file__).parents[2].joinpath("adapters", "store").glob("*.py")
    texts = {each.name: each.read_text(encoding="utf-8") for each in sources}
    assert not [name for name, text in texts.items() if "noqa: S608" in text]


@pytest.mark.parametrize("text", [each for each in TEXTS if each.strip() and "\ud800" not in each])
async def test_what_is_stored_comes_back_exactly(tmp_path, text):
    store = await open_sqlite(tmp_path / "data.db")
    said = dataclasses.replace(
        message("e1"), text=text, author=Author(id=text, name=text), event_id=text
    )
    await store.accept(said)
    assert [each.incoming for each in await store.waiting()] == [said]
    await store.set(text, text, text, by=text, at=1, name=text)
    assert await store.settings(text) == {text: text}
    await store.begin(dataclasses.replace(start("t1"), question=Line(role="user", parts=(text,))))
    await store.finish(end("t1", text))
    turn = await store.turn("t1")
    assert turn is not None
    assert turn.end is not None
    assert text in repr(turn) or repr(text)[1:-1] in repr(turn)
    await store.pin(text, text, author=Author(id=text, name=text), at=1, most=9)
    assert [each.text for each in await store.facts(text)] == [text]
    await store.close()


MODELS: dict[str, Any] = {"a": "Take the train.", "b": "Walk.", "big": "{last}"}
SAID = [each for each in TEXTS if each.strip() and "\x00" not in each and "\ud800" not in each]


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_people_chats_files_and_texts_are_only_values_to_the_program(tmp_path, platform):
    async with opened(platform) as stage:
        evil = stage.sim.person("Robert'); DROP TABLE turns;--")
        text = stage.configured(MODELS)
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            name = "a'); DROP TABLE files;--.txt"
            await stage.ask(" ".join(SAID[:6]), where="group", who=stage.ben, files=[(name, b"hi")])
            place = stage.sim.dm(evil)
            await stage.sim.say(place, evil, SAID[0])
            for word in ("preset", "forget", "export", "status"):
                await stage.sim.say(place, evil, f"/{word} {SAID[2]}")
            for attack in SAID:
                await page.say(attack)
                await page.choose(attack)
                await page.press("retry", attack, attack)
            view = await page.until(answered(2))
            for hostile in SAID:
                path = f"/api/conversations/{hostile[:40]}"
                async with page.http.get(path) as answer:
                    assert answer.status in {400, 404}
        tables = schema(tmp_path / "data" / "moa-gateway.db")
        assert {"inbox", "turns", "outbox"} <= {each[1] for each in tables}
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            again = await page.look()
            assert [each["question"] for each in again["turns"]][:2] == [
                each["question"] for each in view["turns"]
            ][:2]
        _untouched(tmp_path, tables)


def _untouched(folder: Path, tables: list[Any]) -> None:
    assert schema(folder / "data" / "moa-gateway.db") == tables
