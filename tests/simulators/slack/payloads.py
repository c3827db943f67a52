"""What Slack sends: the payloads of events, commands and presses. Decides nothing."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulators.slack import shapes
from tests.simulators.slack.marks import rows
from tests.simulators.slack.model import (
    APP,
    BOT_USER,
    TEAM,
    Json,
    Person,
    Place,
    Post,
    Workspace,
)

plain = shapes.message
TOKEN = "legacy-verification-token"
NAMED = {"im": "directmessage", "group": "privategroup", "mpim": "privategroup"}


def media_type(name: str) -> str:
    """Guess what a file is by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def message(space: Workspace, post: Post) -> Json:
    """Make the event of a new message."""
    event = shapes.message(space, post)
    if space.people[post.user].team != TEAM:
        event |= {"user_team": event["team"], "source_team": event["team"]}
    return event | {
        "channel": post.place.id,
        "event_ts": post.ts,
        "channel_type": post.place.kind,
    }


def joined(space: Workspace, place: Place, person: Person, *, by: Person | None) -> Json:
    """Make the event that somebody came into a channel; it names an inviter if there is one."""
    event = {
        "type": "member_joined_channel",
        "user": person.id,
        "channel": place.id,
        "channel_type": "C" if place.kind == "channel" else "G",
        "team": person.team,
        "event_ts": space.ts(),
    }
    return event | ({"inviter": by.id} if by else {})


def came(
    space: Workspace,
    place: Place,
    person: Person,
    *,
    by: Person | None = None,
    left: bool = False,
) -> Json:
    """Make the message event that tells who came or went."""
    ts = space.ts()
    inviter = {"inviter": by.id} if by else {}
    return inviter | {
        "type": "message",
        "subtype": "channel_leave" if left else "channel_join",
        "user": person.id,
        "text": f"<@{person.id}> has {'left' if left else 'joined'} the channel",
        "ts": ts,
        "channel": place.id,
        "event_ts": ts,
        "channel_type": place.kind,
    }


def mention(event: Json) -> Json:
    """Make the twin of a message event that tells of a mention."""
    left = {"channel_type", "subtype"}
    return {key: value for key, value in event.items() if key not in left} | {"type": "app_mention"}


def stopped(
    space: Workspace, place: Place, person: Person, thread: str, streams: Sequence[str]
) -> Json:
    """Make the event of a native Stop."""
    return {
        "type": "agent_session_stopped",
        "channel": place.id,
        "user": person.id,
        "thread_ts": thread,
        "streaming_message_ts": list(streams),
        "event_ts": space.ts(),
    }


def home_opened(space: Workspace, place: Place, person: Person, view: Json | None) -> Json:
    """Make the event of an opened App Home."""
    event = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": place.id,
        "tab": "home",
        "event_ts": space.ts(),
    }
    return event | ({"view": view} if view else {})


def slash(space: Workspace, place: Place, person: Person, command: str, text: str) -> Json:
    """Make the form of a slash command."""
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": "moa",
        "channel_id": place.id,
        "channel_name": NAMED.get(place.kind, place.name),
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
    }


def action(
    space: Workspace,
    element: Mapping[str, Any],
    block_id: str,
    label: str,
    option: str | None,
) -> Json:
    """Make what happened to one element: pressed, or an option chosen."""
    kind = element["type"]
    base = {
        "type": kind,
        "action_id": element.get("action_id", ""),
        "block_id": block_id,
        "action_ts": space.ts(),
    }
    if kind in {"static_select", "overflow"}:
        wanted = option or label
        for row in rows(element):
            if row["text"]["text"] == wanted:
                return base | {"selected_option": row}
        raise ValueError(f"no option {wanted!r}")
    if kind == "feedback_buttons":
        sides = [element["positive_button"], element["negative_button"]]
        side = next(each for each in sides if each["text"]["text"] == label)
        return base | {"text": side["text"], "value": side["value"]}
    value = {"value": element["value"]} if "value" in element else {}
    return base | {"text": element.get("text")} | value


def block_actions(
    space: Workspace,
    person: Person,
    actions: list[Json],
    *,
    post: Post | None = None,
    view: Json | None = None,
) -> Json:
    """Make the payload of a press, in a message or in a view."""
    payload: Json = {
        "type": "block_actions",
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": person.team,
        },
        "api_app_id": APP,
        "token": TOKEN,
        "team": {"id": TEAM, "domain": "moa"},
        "enterprise": None,
        "is_enterprise_install": False,
        "state": {"values": {}},
        "actions": actions,
    }
    if view is not None:
        container = {"type": "view", "view_id": view["id"]}
        return payload | {
            "container": container,
            "view": view | {"app_id": APP, "bot_id": BOT_USER},
        }
    if post is None:
        return payload
    container = {
        "type": "message",
        "message_ts": post.ts,
        "channel_id": post.place.id,
        "is_ephemeral": bool(post.whispered_to),
    }
    if post.thread_ts:
        container["thread_ts"] = post.thread_ts
    name = NAMED.get(post.place.kind, post.place.name)
    payload |= {"container": container, "channel": {"id": post.place.id, "name": name}}
    if not post.whispered_to:
        payload["message"] = shapes.message(space, post)
    return payload
