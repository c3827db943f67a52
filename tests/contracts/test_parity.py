"""`adapters/chat/PARITY.yaml` says of every platform what the code says of itself."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import adapters.chat
from adapters.chat.telegram import Webhook
from core.ports import Capabilities, ChatAdapter
from core.types import Address
from tests.contracts.chats.opening import STANDS, opened
from tests.contracts.test_chats import LOCAL

ROOT = Path(__file__).parents[2]
PARITY: Mapping[str, Any] = yaml.safe_load((ROOT / "adapters/chat/PARITY.yaml").read_text())
ROWS: Mapping[str, Mapping[str, Any]] = PARITY["capabilities"]
PLATFORMS = sorted(each.name for each in pkgutil.iter_modules(adapters.chat.__path__))
WORDS = {"means", "test", "tests", "field", "value", "method"}
DEFAULTS = Capabilities(limit=1)

every_row = pytest.mark.parametrize("name", ROWS)
every_platform = pytest.mark.parametrize("platform", PLATFORMS)


@asynccontextmanager
async def made(platform: str) -> AsyncIterator[ChatAdapter]:
    if platform in LOCAL:
        yield LOCAL[platform]()
        return
    async with opened(platform, run=False) as stand:
        yield stand.chat


def done(row: Mapping[str, Any]) -> set[str]:
    return {platform for platform in PLATFORMS if row[platform] == "done"}


@every_row
def test_every_capability_says_of_every_platform_what_became_of_it(name):
    row = ROWS[name]
    assert row["means"]
    assert row.keys() - WORDS == set(PLATFORMS)
    for platform in PLATFORMS:
        said = row[platform]
        if said == "done":
            continue
        assert isinstance(said, dict), f"{platform}: done, or exempt: reason"
        assert said.keys() == {"exempt"}
        assert len(said["exempt"].split()) >= 3


@every_row
def test_what_is_done_is_shown_by_a_test_that_exists(name):
    row = ROWS[name]
    assert row.get("tests", {}).keys() <= done(row)
    for platform in done(row):
        test = row.get("tests", {}).get(platform) or row.get("test")
        assert test, f"{platform} is done, so a test shows it"
        file, _, function = test.partition("::")
        assert function in functions(ROOT / "tests" / file), test


@cache
def functions(path: Path) -> frozenset[str]:
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in found if isinstance(each, kinds))


def test_every_field_that_an_adapter_declares_has_a_row_or_is_a_number():
    told = {row["field"] for row in ROWS.values() if "field" in row}
    told |= {field for row in ROWS.values() for field in row.get("value", {})}
    assert told | {"limit", "unit", "pace", "opening"} == set(Capabilities.__dataclass_fields__)


def declared(platform: str, where: str) -> Capabilities:
    return Capabilities(**PARITY["declared"][platform][where])


@every_platform
async def test_what_it_declares_is_what_stands_here(platform):
    async with made(platform) as chat:
        for where, channel in (("dm", "1"), ("group", "-1")):
            address = Address(platform=platform, channel=channel)
            assert chat.capabilities(address) == declared(platform, where)


@every_platform
def test_what_it_declares_is_what_is_done(platform):
    either = [declared(platform, where) for where in ("dm", "group")]
    for name, row in ROWS.items():
        if "field" in row:
            field = row["field"]
            is_set = any(getattr(can, field) != getattr(DEFAULTS, field) for can in either)
            assert is_set == (platform in done(row)), name
        for field, value in row.get("value", {}).items():
            has = {getattr(can, field) == value for can in either}
            assert has == {platform in done(row)}, name


@every_platform
async def test_a_method_is_written_where_it_is_done(platform):
    async with made(platform) as chat:
        for name, row in ROWS.items():
            method = row.get("method", "run")
            own = getattr(type(chat), method) is not getattr(ChatAdapter, method)
            assert own == (method == "run" or platform in done(row)), name


@pytest.mark.parametrize("platform", sorted(STANDS))
async def test_it_has_a_route_where_the_platform_may_post(platform):
    posted_to: dict[str, dict[str, object]] = {
        "telegram": {"webhook": Webhook(url="https://bot.example.org/", secret="s")},
        "slack": {"mode": "http", "signing_secret": "secret"},
    }
    async with opened(platform, run=False) as stand:
        chat: Any = stand.made(**posted_to.get(platform, {}))
        assert bool(chat.hooks) == (platform in done(ROWS["webhook"]))
    assert (platform in posted_to) == (platform in done(ROWS["webhook"]))


def test_no_platform_is_named_that_there_is_not():
    assert sorted(PARITY["declared"]) == PLATFORMS
    assert PARITY.keys() == {"declared", "capabilities"}
