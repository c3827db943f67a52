"""The methods around messages: reactions, views, files, the Socket Mode ticket."""

from __future__ import annotations

import re
from typing import Any

from tests.simulators.slack import shapes
from tests.simulators.slack.blocks import VIEW_BLOCKS, Refused, parsed
from tests.simulators.slack.calls import Args, Backend, method
from tests.simulators.slack.chat import gone, numbered, thread
from tests.simulators.slack.model import BOT_USER, TEAM, Json, Post

TRIGGER = 3.0


@method("apps.connections.open", "connections:write", per_minute=50, token="app")
def connect(backend: Backend, args: Args) -> Json:
    """Give an address for one WebSocket connection, good once."""
    ticket = backend.space.new_id("ticket-")
    backend.tickets.add(ticket)
    url = backend.base_url.replace("http://", "ws://", 1)
    return {"ok": True, "url": f"{url}/link/?ticket={ticket}&app_id={ticket}"}


def _reacted(backend: Backend, args: Args) -> tuple[Post, str]:
    place = backend.place(args.need("channel"))
    name = args.need("name")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise Refused("invalid_name")
    post = backend.space.find(place, args.need("timestamp"))
    if post is None:
        raise Refused("message_not_found")
    return post, name


@method("reactions.add", "reactions:write", per_minute=50)
def react(backend: Backend, args: Args) -> Json:
    """Add the bot's reaction."""
    post, name = _reacted(backend, args)
    users = post.reactions.setdefault(name, [])
    if BOT_USER in users:
        raise Refused("already_reacted")
    users.append(BOT_USER)
    backend.changes.tell()
    return {"ok": True}


@method("reactions.remove", "reactions:write", per_minute=50)
def unreact(backend: Backend, args: Args) -> Json:
    """Take the bot's reaction away."""
    post, name = _reacted(backend, args)
    if BOT_USER not in post.reactions.get(name, []):
        raise Refused("no_reaction")
    post.reactions[name].remove(BOT_USER)
    if not post.reactions[name]:
        del post.reactions[name]
    backend.changes.tell()
    return {"ok": True}


def _view(backend: Backend, args: Args, kind: str) -> Json:
    view: Any = args.decoded("view", "invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != kind:
        raise Refused("invalid_arguments", f"must be a view of type {kind} [json-pointer:/view]")
    blocks = parsed(view.get("blocks"), most=VIEW_BLOCKS)
    if kind == "modal" and len((view.get("title") or {}).get("text", "")) not in range(1, 25):
        raise Refused("invalid_arguments", "must be less than 25 characters [json-pointer:/view]")
    return view | {"blocks": numbered(backend, blocks)}


@method("views.publish", per_minute=100)
def publish(backend: Backend, args: Args) -> Json:
    """Set a person's App Home."""
    user = args.need("user_id")
    if user not in backend.space.people:
        raise Refused("user_not_found")
    view = _view(backend, args, "home") | {"id": backend.space.new_id("V"), "team_id": TEAM}
    backend.space.homes[user] = view
    backend.changes.tell()
    return {"ok": True, "view": view}


@method("views.open", per_minute=100)
def open_modal(backend: Backend, args: Args) -> Json:
    """Open a modal for whoever just did something; a trigger is good for three seconds, once."""
    born = backend.triggers.pop(args.need("trigger_id"), None)
    if born is None:
        raise Refused("invalid_trigger_id" if args.text("trigger_id") else "invalid_arguments")
    if backend.space.now() - born > TRIGGER:
        raise Refused("expired_trigger_id")
    view = _view(backend, args, "modal") | {"id": backend.space.new_id("V"), "team_id": TEAM}
    backend.space.modals.append(view)
    backend.changes.tell()
    return {"ok": True, "view": view}


# --- files ----------------------------------------------------------------------------------


@method("files.getUploadURLExternal", "files:write", per_minute=100)
def upload_url(backend: Backend, args: Args) -> Json:
    """Give an address to which the bytes of a file are sent."""
    name, length = args.need("filename"), args.number("length", 0)
    if length < 1:
        raise Refused("invalid_arguments", "must be more than 0: length")
    ident = backend.space.new_id("F")
    backend.space.files[ident] = {"id": ident, "name": name, "size": length}
    return {"ok": True, "upload_url": f"{backend.base_url}/upload/v1/{ident}", "file_id": ident}


@method("files.completeUploadExternal", "files:write", per_minute=100)
def complete(backend: Backend, args: Args) -> Json:
    """Share files whose bytes have arrived."""
    given: Any = args.decoded("files", "invalid_arguments")
    if not isinstance(given, list) or not given:
        raise Refused("invalid_arguments", "missing required field: files")
    found = []
    for each in given:
        kept = backend.space.files.get(each.get("id", ""))
        if kept is None or each["id"] not in backend.space.contents:
            raise Refused("file_not_found")
        kept["title"] = each.get("title") or kept["name"]
        found.append(file(backend, kept["id"]))
    if args.has("channel_id"):
        _share(backend, args, found)
    return {"ok": True, "files": found}


def _share(backend: Backend, args: Args, found: list[Json]) -> None:
    space, place = backend.space, backend.place(args.text("channel_id"))
    post = Post(
        ts=space.ts(),
        place=place,
        user=BOT_USER,
        at=space.loop(),
        text=args.text("initial_comment"),
        thread_ts=thread(backend, place, args),
        bot=True,
        files=found,
    )
    space.posts.append(post)
    event = shapes.message(space, post) | {"subtype": "file_share", "channel": place.id}
    backend.tell(event | {"event_ts": post.ts, "channel_type": place.kind}, place)
    backend.changes.tell()


@method("files.info", "files:read", per_minute=100)
def file_info(backend: Backend, args: Args) -> Json:
    """Describe a file, also one of which a message of another organisation told the id alone."""
    ident = args.need("file")
    if ident not in backend.space.files:
        raise Refused("file_not_found")
    return {"ok": True, "file": file(backend, ident), "comments": []}


@method("files.delete", "files:write", per_minute=50)
def delete_file(backend: Backend, args: Args) -> Json:
    """Delete a file; a message that only shared it goes with it."""
    ident = args.need("file")
    if backend.space.files.pop(ident, None) is None:
        raise Refused("file_not_found")
    backend.space.contents.pop(ident, None)
    for post in [each for each in backend.space.posts if not each.deleted]:
        shared = [each for each in post.files if each["id"] != ident]
        if len(shared) < len(post.files):
            post.files = shared
            if not (shared or post.text or post.blocks):
                gone(backend, post)
    backend.changes.tell()
    return {"ok": True}


def file(backend: Backend, ident: str) -> Json:
    """Describe a file as messages do; its bytes are to be had with the bot's token."""
    kept = backend.space.files[ident]
    url = f"{backend.base_url}/files-pri/{TEAM}-{ident}/{kept['name']}"
    return {
        "id": ident,
        "created": int(backend.space.now()),
        "name": kept["name"],
        "title": kept.get("title", kept["name"]),
        "mimetype": kept.get("mimetype", "text/plain"),
        "filetype": kept["name"].rpartition(".")[2] or "text",
        "size": kept["size"],
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": url,
        "url_private_download": f"{url}?download=1",
        "permalink": f"https://moa.slack.com/files/{ident}",
    }
