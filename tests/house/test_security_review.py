"""What the page for the security reviewer says is what the program asks for and keeps."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import yaml

from adapters.chat.telegram.account import UPDATES
from adapters.store import open_sqlite
from core.menu import MENU
from core.retention import COPIES, DAY, KINDS, Terms, term_text
from gateway.cli.root import root
from tests.simulators.discord.world import PERMISSIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security-review.md").read_text(encoding="utf-8")
NAMES = {
    "view": "View Channels",
    "send": "Send Messages",
    "history": "Read Message History",
    "send_in_threads": "Send Messages in Threads",
    "threads": "Create Public Threads",
    "files": "Attach Files",
    "reactions": "Add Reactions",
}


def rows(head: str) -> list[list[str]]:
    """Give the cells of a table by the first cell of its head."""
    table = re.search(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None, head
    return [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table[1].splitlines()]


def marked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_it_names_the_scopes_of_the_slack_app_and_no_other():
    manifest = yaml.safe_load((ROOT / "slack-manifest.yaml").read_text(encoding="utf-8"))
    named = [scope for row in rows("scope") for scope in marked(row[0])]
    assert sorted(named) == sorted(manifest["oauth_config"]["scopes"]["bot"])
    assert all(row[1] for row in rows("scope"))


def test_it_names_the_permissions_of_the_discord_invitation_and_no_other():
    invitation = (ROOT / "docs" / "how-to" / "discord.md").read_text(encoding="utf-8")
    (wanted,) = re.findall(r"permissions=(\d+)", invitation)
    named = [name.strip() for row in rows("permission") for name in row[0].split(",")]
    bits = {PERMISSIONS[key] for key, name in NAMES.items() if name in named}
    assert sorted(named) == sorted(NAMES.values())
    assert sum(bits) == int(wanted)


def test_it_names_the_updates_of_telegram():
    sentence = PAGE[PAGE.index("asks for these updates") :].split("\n\n")[0]
    assert tuple(marked(sentence)) == UPDATES


def test_it_names_each_term_and_what_holds_without_a_word():
    found = {marked(row[0])[0]: row[1] for row in rows("`retention`")}
    assert found == {kind: term_text(getattr(Terms(), kind)) for kind in KINDS}
    assert f"go after {COPIES // DAY} days" in PAGE


async def test_it_names_every_table_of_the_database(tmp_path):
    await (await open_sqlite(tmp_path / "data.db")).close()
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {name for (name,) in found if not name.startswith("sqlite_")}
    assert {name for row in rows("table") for name in marked(row[0])} == tables


def test_every_command_that_deletes_is_there():
    names = {each.name for each in MENU}
    assert {"forget", "privacy"} <= names
    for words in re.findall(r"`moa-gateway ([a-z ]+)", PAGE):
        group, *rest = words.split()
        command = root.commands[group]
        assert not rest or rest[0] in getattr(command, "commands", {}), words
