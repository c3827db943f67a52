"""What Slack's JSON looks like: messages, people, conversations, events. Decides nothing."""

from __future__ import annotations

from tests.simulators.slack.model import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    Json,
    Person,
    Place,
    Post,
    Workspace,
)


def profile() -> Json:
    """Give the profile of the bot, as messages carry it."""
    return {
        "id": BOT,
        "deleted": False,
        "name": "moa",
        "updated": 1700000000,
        "app_id": APP,
        "icons": {"image_36": "", "image_48": "", "image_72": ""},
        "team_id": TEAM,
    }


def message(space: Workspace, post: Post, *, metadata: bool = False) -> Json:
    """Give a message as history, events and answers show it."""
    if post.deleted:
        return tombstone(space, post)
    body: Json = {
        "user": post.user,
        "type": "message",
        "ts": post.ts,
        "text": _text(post),
        "team": space.people[post.user].team if post.user in space.people else TEAM,
    }
    if post.bot:
        body |= {"bot_id": BOT, "app_id": APP, "bot_profile": profile()}
    else:
        body["client_msg_id"] = f"00000000-0000-4000-8000-{post.ts.replace('.', '')[-12:]}"
    if post.blocks:
        body["blocks"] = post.blocks
    if post.files:
        body |= {"files": post.files, "upload": False}
        if not post.bot:
            body["subtype"] = "file_share"
    body |= _thread(space, post)
    if post.edited:
        body["edited"] = {"user": post.user, "ts": post.edited}
    if post.reactions:
        body["reactions"] = [
            {"name": name, "users": users, "count": len(users)}
            for name, users in post.reactions.items()
        ]
    if metadata and post.metadata:
        body["metadata"] = post.metadata
    return body


def tombstone(space: Workspace, post: Post) -> Json:
    """Give what stands in the place of a deleted message that others stand below."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": post.ts,
        **_thread(space, post),
    }


def _text(post: Post) -> str:
    return post.stream.text if post.stream else post.text


def _thread(space: Workspace, post: Post) -> Json:
    if post.thread_ts:
        parent = space.find(post.place, post.thread_ts)
        return {"thread_ts": post.thread_ts, "parent_user_id": parent.user if parent else ""}
    replies = [
        each
        for each in space.within(post.place, thread=post.ts)
        if each is not post and not each.whispered_to
    ]
    if not replies:
        return {}
    users = sorted({each.user for each in replies})
    latest = {} if space.undated else {"latest_reply": replies[-1].ts}
    return latest | {
        "thread_ts": post.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def user(person: Person) -> Json:
    """Give a person as users.info does."""
    stranger = person.team != TEAM and not person.enterprise
    grid = {"enterprise_user": {"id": person.id, "enterprise_id": person.enterprise}}
    body: Json = {
        **(grid if person.enterprise else {}),
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "deleted": person.is_deleted,
        "real_name": person.name.title(),
        "tz": "Europe/Berlin",
        "profile": {
            "real_name": person.name.title(),
            "display_name": person.name,
            "team": person.team,
        },
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 1700000000,
    }
    if stranger:
        return body | {"is_stranger": True}
    return body | {
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
    }


def channel(place: Place) -> Json:
    """Give a conversation as conversations.info does."""
    body: Json = {
        "id": place.id,
        "created": 1700000000,
        "is_archived": place.archived,
        "is_im": place.kind == "im",
        "is_mpim": place.kind == "mpim",
        "is_private": place.kind != "channel",
        "is_channel": place.kind == "channel",
        "is_group": place.kind in {"group", "mpim"},
        "is_org_shared": False,
        "is_ext_shared": place.shared,
        "is_shared": place.shared,
        "context_team_id": TEAM,
    }
    if place.kind == "im":
        return body | {"user": next(iter(place.members - {BOT_USER}), BOT_USER)}
    return body | {"name": place.name, "name_normalized": place.name, "is_member": True}


def event_callback(space: Workspace, event: Json, place: Place | None, *, team: str = TEAM) -> Json:
    """Wrap an event as the Events API does. Each has an id of its own."""
    ident = f"Ev{space.new_id('E')}"
    return {
        "token": "legacy-verification-token",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": ident,
        "event_time": int(space.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": bool(place and place.shared),
        "event_context": f"4-{ident}",
    }
