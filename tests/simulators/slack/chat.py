"""The methods that write messages: postMessage, update, delete, postEphemeral."""

from __future__ import annotations

import html
from typing import Any

from tests.simulators.slack import marks, shapes
from tests.simulators.slack.blocks import MARKDOWN, Refused, parsed
from tests.simulators.slack.calls import Args, Backend, method
from tests.simulators.slack.model import BOT_USER, Json, Place, Post

TRUNCATED = 40_000
UPDATED = 4_000
"""Bytes of `text` that chat.update takes, counted once it is escaped (gitlab!258898)."""

METADATA = 16_000


def body(args: Args) -> tuple[str, list[Json], bool]:
    """Read what a message says: text, blocks, and whether the text is real Markdown.

    Raises:
        Refused: nothing, too much, or two ways at once.
    """
    text, blocks = args.text("text"), []
    if args.has("blocks") and args.given["blocks"] not in ("", "[]"):
        blocks = parsed(args.given["blocks"])
    if args.text("markdown_text"):
        if text or blocks:
            raise Refused("markdown_text_conflict")
        return markdown(args), [], True
    if not text and not blocks and not args.has("attachments"):
        raise Refused("no_text")
    return text[:TRUNCATED], blocks, False


def markdown(args: Args) -> str:
    """Read `markdown_text`.

    Raises:
        Refused: it is too long.
    """
    text = args.text("markdown_text")
    if len(text) > MARKDOWN:
        raise Refused("msg_too_long")
    return text


def metadata(args: Args) -> Json | None:
    """Read `metadata`.

    Raises:
        Refused: it has not the form of metadata.
    """
    value = args.decoded("metadata", "invalid_metadata_format")
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if not isinstance(value.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if len(str(value)) > METADATA:
        raise Refused("metadata_too_large")
    return value


def thread(backend: Backend, place: Place, args: Args) -> str | None:
    """Read `thread_ts`; a reply's own ts is taken for its thread's.

    Raises:
        Refused: there is no such message.
    """
    ts = args.text("thread_ts")
    if not ts:
        return None
    root = backend.space.find(place, ts)
    if root is None:
        # A root that had replies leaves a tombstone, and its thread goes on.
        if any(post.thread_ts == ts for post in backend.space.within(place)):
            return ts
        if backend.unthreads:
            return None
        raise Refused("thread_not_found")
    return root.root


def written(backend: Backend, post: Post, args: Args | None = None) -> None:
    """Note a version of a message, and whom it pings."""
    people = backend.space.people
    text = post.stream.text if post.stream else post.text
    blocks = [*post.blocks, *(post.stream.blocks if post.stream else [])]
    find = marks.in_markdown if post.markdown or post.stream else marks.mentioned
    post.pings |= find(text, people) | marks.in_blocks(blocks, people)
    if args and (args.flag("link_names") or args.text("parse") == "full"):
        post.pings |= marks.linked(text, people)
    post.versions.append((backend.space.loop(), text))
    backend.changes.tell()


def numbered(backend: Backend, blocks: list[Json]) -> list[Json]:
    """Give every block and element without an id one, as Slack does."""
    made = []
    for block in blocks:
        inside: dict[str, Any] = {}
        for name in ("elements", "child_blocks"):
            if isinstance(block.get(name), list) and block["type"] != "rich_text":
                inside[name] = [
                    each | {"action_id": each.get("action_id") or backend.space.new_id("a")}
                    if each.get("type") in marks.INTERACTIVE
                    else each
                    for each in block[name]
                ]
        if "child_blocks" in inside:
            inside["child_blocks"] = numbered(backend, inside["child_blocks"])
        made.append({"block_id": backend.space.new_id("b"), **block, **inside})
    return made


@method("chat.postMessage", "chat:write", per_minute=300)
def post_message(backend: Backend, args: Args) -> Json:
    """Post. What the bot posts comes back to it as an event."""
    place = backend.place(args.need("channel"))
    text, blocks, is_markdown = body(args)
    space = backend.space
    post = Post(
        ts=space.ts(),
        place=place,
        user=BOT_USER,
        at=space.loop(),
        text=text,
        blocks=numbered(backend, blocks),
        markdown=is_markdown,
        thread_ts=thread(backend, place, args),
        bot=True,
        metadata=metadata(args),
        unfurl=args.flag("unfurl_links") or args.flag("unfurl_media", default=True),
    )
    space.posts.append(post)
    space.typing.pop((place.id, post.root), None)
    written(backend, post, args)
    shown = shapes.message(space, post)
    backend.tell(shown | _where(post), place)
    answer: Json = {"ok": True, "channel": place.id, "ts": post.ts, "message": shown}
    if len(args.text("text")) > TRUNCATED:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


@method("chat.update", "chat:write", per_minute=50)
def update(backend: Backend, args: Args) -> Json:
    """Replace a message of the bot's own, unless it streams."""
    post = backend.own(args, "cant_update_message")
    if post.place.archived:
        raise Refused("is_inactive")
    if backend.streaming(post):
        raise Refused("streaming_state_conflict")
    text, blocks, is_markdown = body(args)
    escaped = html.escape(html.unescape(text), quote=False)
    if not is_markdown and len(escaped.encode()) > UPDATED:
        raise Refused("msg_too_long")
    before = shapes.message(backend.space, post)
    post.stream = None
    post.text, post.blocks, post.markdown = text, numbered(backend, blocks), is_markdown
    if args.has("metadata"):
        post.metadata = metadata(args)
    if not blocks:
        post.edited = f"{int(backend.space.now())}.000000"
    written(backend, post, args)
    changed(backend, post, before)
    return {
        "ok": True,
        "channel": post.place.id,
        "ts": post.ts,
        "text": post.text,
        "message": shapes.message(backend.space, post),
    }


@method("chat.delete", "chat:write", per_minute=50)
def delete(backend: Backend, args: Args) -> Json:
    """Delete a message of the bot's own."""
    post = backend.own(args, "cant_delete_message")
    gone(backend, post)
    return {"ok": True, "channel": post.place.id, "ts": post.ts}


@method("chat.postEphemeral", "chat:write", per_minute=100)
def post_ephemeral(backend: Backend, args: Args) -> Json:
    """Show one person of a place a message that nobody else sees and no history keeps."""
    place = backend.place(args.need("channel"))
    user = args.need("user")
    if user not in place.members:
        raise Refused("user_not_in_channel")
    text, blocks, is_markdown = body(args)
    post = whisper(backend, place, user, text=text, blocks=blocks)
    post.markdown, post.thread_ts = is_markdown, args.text("thread_ts") or None
    replies = [each for each in backend.space.within(place) if each.thread_ts == post.thread_ts]
    if post.thread_ts and all(each.whispered_to for each in replies):
        # "Ephemeral messages in threads are only shown if there is already an active thread":
        # docs.slack.dev/reference/methods/chat.postEphemeral. It is accepted, and nobody sees it.
        post.deleted = True
    written(backend, post, args)
    return {"ok": True, "message_ts": post.ts}


def whisper(
    backend: Backend, place: Place, user: str, *, text: str = "", blocks: list[Json] | None = None
) -> Post:
    """Make a message that only this person sees."""
    space = backend.space
    post = Post(
        ts=space.ts(),
        place=place,
        user=BOT_USER,
        at=space.loop(),
        text=text,
        blocks=numbered(backend, blocks or []),
        bot=True,
        whispered_to=user,
    )
    space.posts.append(post)
    return post


def _where(post: Post) -> Json:
    return {"channel": post.place.id, "event_ts": post.ts, "channel_type": post.place.kind}


def changed(backend: Backend, post: Post, before: Json) -> None:
    """Tell that a message is another now."""
    ts = backend.space.ts()
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": shapes.message(backend.space, post),
        "previous_message": before,
        "ts": ts,
    }
    backend.tell(event | _where(post) | {"event_ts": ts}, post.place)


def gone(backend: Backend, post: Post) -> None:
    """Delete a message, and tell; where others stand below it, a tombstone stays in its place."""
    ts, before = backend.space.ts(), shapes.message(backend.space, post)
    post.deleted = True
    below = (each for each in backend.space.posts if each is not post and not each.deleted)
    if any(each.place is post.place and each.thread_ts == post.ts for each in below):
        event: Json = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": shapes.tombstone(backend.space, post),
            "previous_message": before,
            "ts": ts,
        }
        backend.tell(event | _where(post) | {"event_ts": ts}, post.place)
        backend.changes.tell()
        return
    event = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": post.ts,
        "previous_message": before,
        "ts": ts,
    }
    backend.tell(event | _where(post) | {"event_ts": ts}, post.place)
    backend.changes.tell()
