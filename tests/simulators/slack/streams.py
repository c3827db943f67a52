"""The methods that stream, and those that say how the work goes: sessions and statuses.

Source: docs.slack.dev/reference/methods/chat.startStream and its neighbours.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.simulators.slack import shapes
from tests.simulators.slack.blocks import (
    MESSAGE_BLOCKS,
    STATUSES,
    VIEW_BLOCKS,
    Refused,
    parsed,
)
from tests.simulators.slack.calls import Args, Backend, method
from tests.simulators.slack.chat import changed, markdown, metadata, numbered, thread, written
from tests.simulators.slack.model import BOT_USER, Json, Place, Post, Session, Stream, Task

SESSION = frozenset({"active", "processing", "suspended", "closed"})
MODES = frozenset({"dense", "plan", "timeline"})
TITLE = 200
FIELD = 256
WHOLE = 12_000
"""Bytes of a streamed message with text: each append is far below it, all of them together are
held to it. Details and output count twice (CopilotKit#6063, openclaw#143882)."""


@method("chat.startStream", "chat:write", per_minute=20)
def start(backend: Backend, args: Args) -> Json:
    """Start a message that grows; it always answers a message."""
    place = backend.place(args.need("channel"))
    args.need("thread_ts")
    if place.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not args.text(name):
                raise Refused(f"missing_{name}")
        reader = backend.space.people.get(args.text("recipient_user_id"))
        if reader is None:
            raise Refused("user_not_found")
        if reader.team != args.text("recipient_team_id"):
            raise Refused("team_not_found")
    mode = args.text("task_display_mode", "timeline")
    if mode not in MODES:
        raise Refused("invalid_arguments", f"must be one of: {', '.join(sorted(MODES))}")
    space = backend.space
    stream = Stream(started=space.now(), recipient=args.text("recipient_user_id"), mode=mode)
    root = thread(backend, place, args)
    chunks = _chunks(args)
    post = Post(
        ts=space.ts(), place=place, user=BOT_USER, at=space.loop(), thread_ts=root, bot=True
    )
    post.stream = stream
    _grow(backend, post, args, chunks)
    space.posts.append(post)
    space.typing.pop((place.id, post.root), None)
    written(backend, post)
    where = {"channel": place.id, "event_ts": post.ts, "channel_type": place.kind}
    backend.tell(shapes.message(space, post) | where, place)
    return {"ok": True, "channel": place.id, "ts": post.ts}


@method("chat.appendStream", "chat:write", per_minute=100)
def append(backend: Backend, args: Args) -> Json:
    """Append text or chunks."""
    post = _streaming(backend, args)
    if not args.text("markdown_text") and not args.has("chunks"):
        raise Refused("markdown_text_or_chunks_required")
    _grow(backend, post, args, _chunks(args))
    written(backend, post)
    return {"ok": True, "channel": post.place.id, "ts": post.ts}


@method("chat.stopStream", "chat:write", per_minute=20)
def stop(backend: Backend, args: Args) -> Json:
    """End it, with blocks below what was streamed."""
    post = _streaming(backend, args)
    blocks = _counted(parsed(args.given["blocks"], most=VIEW_BLOCKS)) if args.has("blocks") else []
    status = args.text("session_status", "active")
    if status not in SESSION:
        raise Refused("invalid_arguments", f"must be one of: {', '.join(sorted(SESSION))}")
    data = metadata(args)
    before = shapes.message(backend.space, post)
    _grow(backend, post, args, _chunks(args))
    post.blocks = numbered(backend, blocks)
    post.metadata = data or post.metadata
    if post.stream:
        post.stream.open = post.stream.stopped_by_user = False
    session = backend.space.sessions.get((post.place.id, post.root))
    if session:
        session.status = status
    written(backend, post)
    changed(backend, post, before)
    shown = shapes.message(backend.space, post)
    return {"ok": True, "channel": post.place.id, "ts": post.ts, "message": shown}


def _counted(blocks: list[Json]) -> list[Json]:
    """Count blocks: fifty that were streamed, and fifty below them."""
    if len(blocks) > MESSAGE_BLOCKS:
        raise Refused("msg_blocks_too_many")
    return blocks


def _streaming(backend: Backend, args: Args) -> Post:
    post = backend.own(args, "message_not_owned_by_app")
    by_user = post.stream and post.stream.stopped_by_user
    if by_user and (args.text("markdown_text") or args.given.get("chunks")):
        raise Refused("stopped_by_user")
    if not by_user and not backend.streaming(post):
        raise Refused("message_not_in_streaming_state")
    return post


def _chunks(args: Args) -> list[Json]:
    """Read and check the chunks."""
    chunks = args.decoded("chunks", "invalid_chunks")
    if chunks is None:
        return []
    if not isinstance(chunks, list) or not all(isinstance(each, dict) for each in chunks):
        raise Refused("invalid_chunks")
    if args.text("markdown_text"):
        raise Refused("cannot_provide_both_markdown_text_and_chunks")
    for at, each in enumerate(chunks):
        complaint = _chunk(each)
        if complaint:
            raise Refused("invalid_chunks", f"{complaint} [json-pointer:/chunks/{at}]")
    if sum(len(each["text"]) for each in chunks if each["type"] == "markdown_text") > 12_000:
        raise Refused("msg_too_long")
    return chunks


def _chunk(chunk: Json) -> str:
    kind = chunk.get("type")
    needed = {"markdown_text": ("text",), "plan_update": ("title",), "blocks": ()}
    fields = needed.get(str(kind), ("id", "title", "status"))
    if kind not in {*needed, "task_update"}:
        return f"unsupported type: {kind}"
    for name in fields:
        if not isinstance(chunk.get(name), str):
            return f"missing required field: {name}"
    for name in ("details", "output", "title"):
        value = chunk.get(name, "")
        if not isinstance(value, str) or len(value) > FIELD:
            return f"must be a string of less than {FIELD + 1} characters: {name}"
    if kind == "task_update" and chunk["status"] not in STATUSES:
        return f"must be one of: {', '.join(sorted(STATUSES))}"
    if kind == "blocks":
        parsed(chunk.get("blocks"))
    return ""


def _grow(backend: Backend, post: Post, args: Args, chunks: list[Json]) -> None:
    stream = post.stream
    if stream is None:
        return
    said = "chunks" if chunks else "markdown_text" if args.text("markdown_text") else ""
    if said and stream.content not in {"", said}:
        raise Refused("streaming_mode_mismatch")
    grown = deepcopy(stream)
    grown.content = stream.content or said
    grown.text += markdown(args)
    _add(backend, grown, chunks)
    _counted(grown.blocks)
    if grown.text and _weight(grown) > WHOLE:
        raise Refused("msg_too_long")
    post.stream = grown


def _weight(stream: Stream) -> int:
    tasks = stream.tasks.values()
    once = [stream.text, stream.plan, *(task.title for task in tasks)]
    twice = [text for task in tasks for text in (task.details, task.output)]
    return sum(len(text.encode()) for text in [*once, *twice, *twice])


def _add(backend: Backend, stream: Stream, chunks: list[Json]) -> None:
    for chunk in chunks:
        if chunk["type"] == "markdown_text":
            stream.text += chunk["text"]
        elif chunk["type"] == "plan_update":
            stream.plan = chunk["title"]
        elif chunk["type"] == "blocks":
            stream.blocks += numbered(backend, chunk["blocks"])
        else:
            _task(stream.tasks, chunk)


def _task(tasks: dict[str, Task], chunk: Json) -> None:
    """Update a card. Details and output of one update are added to those of the last."""
    task = tasks.setdefault(chunk["id"], Task(id=chunk["id"], title="", status=""))
    task.title, task.status = chunk["title"], chunk["status"]
    task.details += chunk.get("details", "")
    task.output += chunk.get("output", "")


# --- sessions and statuses ------------------------------------------------------------------


def _thread_of(backend: Backend, args: Args) -> tuple[Place, str]:
    place = backend.place(args.need("channel_id"))
    if BOT_USER not in place.members:
        raise Refused("not_authorized")
    if not args.text("thread_ts"):
        raise Refused("thread_ts_required")
    return place, args.text("thread_ts")


@method("agents.sessions.setStatus", "chat:write", per_minute=50)
def set_session(backend: Backend, args: Args) -> Json:
    """Say how the work in a thread goes; while it is processing, people see a Stop button."""
    place, root = _thread_of(backend, args)
    status = args.need("status")
    if status not in SESSION:
        raise Refused("invalid_status")
    if len(args.text("title")) > TITLE:
        raise Refused("invalid_arguments", f"must be less than {TITLE + 1} characters: title")
    if backend.space.find(place, root) is None:
        raise Refused("thread_not_found")
    key = (place.id, root)
    session = backend.space.sessions.setdefault(
        key, Session(status=status, title=args.text("title"))
    )
    session.status = status
    backend.changes.tell()
    answer: Json = {"ok": True, "status": status, "agent_status": status, "title": session.title}
    if "agent_session_stopped" not in backend.subscriptions:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"
    return answer


@method("agents.sessions.rename", "chat:write", per_minute=50)
def rename(backend: Backend, args: Args) -> Json:
    """Give a session another title."""
    place, root = _thread_of(backend, args)
    title = args.need("title")
    session = backend.space.sessions.get((place.id, root))
    if session is None:
        raise Refused("session_not_found")
    if len(title) > TITLE:
        raise Refused("invalid_arguments", f"must be less than {TITLE + 1} characters: title")
    session.title = title
    return {"ok": True, "title": title}


@method("assistant.threads.setStatus", "chat:write", per_minute=600)
def set_status(backend: Backend, args: Args) -> Json:
    """Show a line such as "is thinking…" until something is posted, or for two minutes."""
    place = backend.place(args.need("channel_id"))
    root = args.need("thread_ts")
    if backend.space.find(place, root) is None:
        raise Refused("invalid_thread_ts")
    lines: Any = args.decoded("loading_messages", "invalid_arguments") or []
    if not isinstance(lines, list) or len(lines) > 10:
        raise Refused("invalid_arguments", "no more than 10 items allowed: loading_messages")
    status = args.text("status")
    if status:
        until = backend.space.now() + 120
        backend.space.typing[place.id, root] = {"status": status, "lines": lines, "until": until}
    else:
        backend.space.typing.pop((place.id, root), None)
    backend.changes.tell()
    return {"ok": True}
