"""Shows that the app which slack-manifest.yaml makes is allowed, and hears, all that is used."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from adapters.chat.slack import options, receive
from tests.simulators.slack.calls import METHODS

ROOT = Path(__file__).parents[4]
MANIFEST = yaml.safe_load((ROOT / "slack-manifest.yaml").read_text())
SOURCE = "\n".join(path.read_text() for path in (ROOT / "adapters/chat/slack").glob("*.py"))

SCOPES = {
    "auth.test": set(),
    "agents.sessions.setStatus": {"chat:write", "assistant:write"},
    "apps.connections.open": set(),  # the app-level token's own
    "chat.appendStream": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.startStream": {"chat:write"},
    "chat.stopStream": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.leave": {"channels:manage", "groups:write", "mpim:write"},
    "files.completeUploadExternal": {"files:write"},
    "files.delete": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "files.info": {"files:read"},
    "reactions.add": {"reactions:write"},
    "usergroups.users.list": set(),  # usergroups:read, where `access` names a user group
    "users.info": {"users:read"},
    "users.list": {"users:read"},
    "views.publish": set(),
}
"""What each method needs, as its page says."""

EVENTS = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "member_joined_channel": {"channels:read", "groups:read", "mpim:read"},
    "app_home_opened": set(),
    "agent_session_stopped": {"assistant:write"},
}
OTHERWISE = {"commands", "files:read"}
"""For the slash command, and for reading files that people send."""


def used() -> set[str]:
    return {name.replace("_", ".") for name in re.findall(r"\.web\.([a-z]+_\w+)\(", SOURCE)}


def test_every_method_that_is_called_is_known_here():
    assert used() == SCOPES.keys()


def test_the_app_has_the_scopes_that_are_needed_and_no_others():
    needed = set().union(*SCOPES.values(), *EVENTS.values()) | OTHERWISE
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert needed == options.SCOPES


def test_the_app_hears_what_is_read():
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert events == EVENTS.keys()
    assert {each.partition(".")[0] for each in events} == receive.EVENTS


def test_every_method_is_one_that_the_simulator_is_strict_about():
    assert used() - METHODS.keys() <= {"files.delete", "files.info"}


def test_it_works_as_printed():
    features, settings = MANIFEST["features"], MANIFEST["settings"]
    assert settings["socket_mode_enabled"]
    assert settings["interactivity"]["is_enabled"]
    assert "request_url" not in str(MANIFEST)
    assert features["app_home"]["home_tab_enabled"]
    assert features["app_home"]["messages_tab_enabled"]
    assert not features["app_home"]["messages_tab_read_only_enabled"]
    assert [each["command"] for each in features["slash_commands"]] == ["/moa"]
    assert "assistant_view" not in features
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert len(MANIFEST["display_information"]["description"]) <= 140
    assert len(MANIFEST["display_information"]["name"]) <= 35
