"""The bot's messages as people see them now. Decides nothing."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulators.slack.marks import elements, labels, readable
from tests.simulators.slack.model import Json, Place, Post, Task, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of the bot's, as it stands. Times are of the loop.

    `text` is what is read: the streamed text, then blocks; the text alone where there are none.
    `notification` is what a phone shows. `buttons` are labels in their order, menus by their
    placeholder. `edits` counts the versions after the first. `reply_to` is the thread it is in.
    `pings` are the ids and words that any of its versions really pinged. `versions` are all its
    texts with their times. `plan` and `tasks` are streamed ones, or those of its blocks.
    """

    id: str
    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    edits: int = 0
    streaming: bool = False
    at: float = 0.0
    reply_to: str | None = None
    whispered_to: str | None = None
    plan: str = ""
    tasks: tuple[Task, ...] = ()
    notification: str = ""
    blocks: Sequence[Json] = ()
    pings: frozenset[str] = frozenset()
    unfurls: bool = False
    reactions: tuple[str, ...] = ()
    metadata: Json | None = None
    versions: tuple[tuple[float, str], ...] = ()


def blocks_of(post: Post) -> list[Json]:
    """List all blocks of a message, streamed ones first."""
    return [*(post.stream.blocks if post.stream else []), *post.blocks]


def shown(space: Workspace, place: Place, thread: str | None) -> list[Shown]:
    """List the bot's messages in a place, or in one thread of it."""
    posts = space.within(place, thread=thread)
    return [seen(post) for post in posts if post.bot]


def seen(post: Post) -> Shown:
    """See one message."""
    stream, blocks = post.stream, blocks_of(post)
    parts = [stream.text if stream else "", *map(readable, blocks)]
    if not stream and not blocks:
        parts = [post.text if post.markdown else html.unescape(post.text)]
    return Shown(
        id=post.ts,
        text="\n".join(part for part in parts if part),
        buttons=tuple(label for _, each in elements(blocks) for label in labels(each)),
        files=tuple(file["name"] for file in post.files),
        edits=max(0, len(post.versions) - 1),
        streaming=bool(stream and stream.open),
        at=post.at,
        reply_to=post.thread_ts,
        whispered_to=post.whispered_to,
        plan=_plan(post),
        tasks=_tasks(post),
        notification=stream.text if stream else post.text,
        blocks=blocks,
        pings=frozenset(post.pings),
        unfurls=post.unfurl and "http" in post.text,
        reactions=tuple(post.reactions),
        metadata=post.metadata,
        versions=tuple(post.versions),
    )


def _plan(post: Post) -> str:
    plans = [each["title"] for each in blocks_of(post) if each["type"] == "plan"]
    return (post.stream.plan if post.stream else "") or "".join(plans[:1])


def _tasks(post: Post) -> tuple[Task, ...]:
    streamed = list(post.stream.tasks.values()) if post.stream else []
    cards = [
        card
        for block in blocks_of(post)
        for card in ([block] if block["type"] == "task_card" else block.get("tasks", []))
    ]
    return (
        *streamed,
        *(
            Task(
                id=card["task_id"],
                title=card["title"],
                status=card.get("status", "pending"),
                details=readable(card.get("details") or {}),
                output=readable(card.get("output") or {}),
            )
            for card in cards
        ),
    )
