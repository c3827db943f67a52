"""Shows which row of the file holds in a place: the most exact one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from core.types import Address
from gateway import config as configuration
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.clock import SystemClock
from tests.gateway.assembled import TEXT
from tests.gateway.guarded import ANN

FILE = (
    TEXT
    + """
platforms:
  slack: {bot_token: x, app_token: y}
  discord: {token: x}
  web: {}
defaults: {preset: review, advisors: line, listen: mention}
workspaces:
  - {platform: slack, workspace: T1, preset: alone, cost: off}
  - {platform: discord, workspace: 42, notify: never}
channels:
  - {platform: slack, channel: C1, thread: "7", advisors: full}
  - {platform: slack, channel: C1, listen: all, advisors: off, preset: "off"}
  - {platform: slack, channel: C1, workspace: T2, locked: true}
  - {platform: discord, channel: C1, threads: mention}
"""
)
C1 = Address(platform="slack", channel="C1")


@pytest.fixture
def places() -> Places:
    return Places(configuration.parse(FILE, "config.yaml", {}), Grants(SystemClock()))


def test_a_channel_wins_over_its_workspace_and_that_over_the_defaults(places):
    here = places.at(C1, ("T1",), direct=False)
    assert (here.listen, here.advisors, here.cost) == ("all", "off", "off")
    assert here.presets == {"channel": "off", "workspace": "alone", "default": "review"}
    there = places.at(replace(C1, channel="C2"), ("T1",), direct=False)
    assert (there.listen, there.advisors, there.cost) == ("mention", "line", "off")
    assert there.presets == {"channel": None, "workspace": "alone", "default": "review"}


def test_a_thread_wins_over_its_channel_wherever_it_stands_in_the_file(places):
    here = places.at(replace(C1, thread="7"), (), direct=False)
    assert (here.listen, here.advisors) == ("all", "full")
    assert places.at(replace(C1, thread="8"), (), direct=False).advisors == "off"


def test_a_row_with_a_workspace_holds_in_that_one_alone(places):
    assert not places.at(C1, ("T1",), direct=False).locked
    assert places.at(C1, ("T2",), direct=False).locked


def test_a_server_of_discord_is_a_workspace(places):
    address = Address(platform="discord", channel="C1")
    here = places.at(address, ("guild:42", "role:7"), direct=False)
    assert (here.notify, here.threads, here.advisors) == ("never", "mention", "line")
    assert places.at(address, ("role:42",), direct=False).notify == "asker"


def test_what_it_costs_is_private_where_others_read(places):
    elsewhere = Address(platform="discord", channel="C9")
    assert places.at(elsewhere, (), direct=False).cost == "private"
    assert places.at(elsewhere, (), direct=True).cost == "footer"
    assert places.at(Address(platform="web", channel="x"), (), direct=True).cost == "footer"


def test_behind_a_token_of_ours_everybody_is_the_owner(places):
    assert places.role(ANN, Address(platform="web", channel="x"), direct=True) == "owner"
    assert places.role(ANN, Address(platform="console", channel="x"), direct=True) == "owner"
    assert places.role(ANN, C1, direct=True) == "stranger"


def test_a_chat_that_moved_is_told_once_and_what_the_file_says_of_its_new_id_wins():
    file = FILE + "  - {platform: slack, channel: C2, advisors: full}\n"
    places = Places(configuration.parse(file, "config.yaml", {}), Grants(SystemClock()))
    with capture_logs() as logs:
        for _ in range(2):
            places.moved(C1, replace(C1, channel="C2"))
        places.moved(replace(C1, channel="C8"), replace(C1, channel="C9"))
    here = places.at(replace(C1, channel="C2"), (), direct=False)
    assert (here.listen, here.advisors) == ("all", "full")
    (line,) = logs
    assert "C1 is now C2" in line["text"]
