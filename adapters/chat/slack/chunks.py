"""What a stream shows, and the chunks that bring it from one state to the next. Pure.

A stream only grows: titles and states of tasks are replaced, but text and a task's output are
appended, so they are sent once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from adapters.chat.slack.render import Block
from adapters.chat.slack.text import neutralise, shorten, steady
from core.frames import Panel, Part, Row, RowState
from core.wording import panel_title, row_text

FIELD: Final = 256
"""Characters of a title or an output."""

Status = Literal["pending", "in_progress", "complete", "error"]

_STATUS: Final[dict[RowState, Status]] = {
    "waiting": "pending",
    "writing": "in_progress",
    "ok": "complete",
    "empty": "error",
    "failed": "error",
    "timed_out": "error",
    "late": "complete",
    "skipped": "complete",
    "cancelled": "complete",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One advisor's card; `key` tells the cards of a stream apart."""

    key: str
    title: str
    status: Status
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that a stream shows. Tasks are in the panel's order."""

    text: str = ""
    title: str = ""
    tasks: tuple[Card, ...] = ()


def weight(picture: Picture) -> int:
    """Count what Slack holds against a stream's limit: bytes, outputs twice (facts: measured)."""
    once = (picture.text, picture.title, *(task.title for task in picture.tasks))
    twice = "".join(task.output for task in picture.tasks)
    return sum(len(text.encode()) for text in once) + 2 * len(twice.encode())


def picture(part: Part) -> Picture:
    """Say what a stream should show of a part; of a growing text, what will not change."""
    text = neutralise(part.text)
    panel = part.panel
    if panel is None:
        return Picture(text=steady(text) if part.streaming else text)
    return Picture(
        text=steady(text) if part.streaming else text,
        title=neutralise(shorten(panel_title(panel), FIELD)),
        tasks=_cards(panel),
    )


def extends(old: Picture, new: Picture, *, streaming: bool) -> bool:
    """Say whether a stream that shows `old` can come to show `new`."""
    if streaming and old.text.startswith(new.text):
        return True  # a little less is steady than was a moment ago
    return new.text.startswith(old.text)


def chunks(old: Picture, new: Picture, mark: str) -> list[Block]:
    """Give what is new; `mark` begins the ids of the tasks, so that the message can be found."""
    made: list[Block] = []
    if new.title and new.title != old.title:
        made.append({"type": "plan_update", "title": new.title})
    before = {task.key: task for task in old.tasks}
    made += [
        _update(f"{mark}-{task.key}", before.get(task.key), task)
        for task in new.tasks
        if before.get(task.key) != task
    ]
    if len(new.text) > len(old.text):
        made.append({"type": "markdown_text", "text": new.text[len(old.text) :]})
    return made


def merged(old: Picture, new: Picture) -> Picture:
    """Give what is shown once `chunks(old, new)` have arrived."""
    tasks = {task.key: task for task in (*old.tasks, *new.tasks)}
    return Picture(
        text=max(old.text, new.text, key=len),
        title=new.title or old.title,
        tasks=tuple(tasks.values()),
    )


def _cards(panel: Panel) -> tuple[Card, ...]:
    if panel.detail == "line":
        return ()
    return tuple(_card(row, panel.round) for row in panel.rows)


def _card(row: Row, round_: int) -> Card:
    _, _, title = row_text(row).partition(" ")  # the card has a sign of its own
    return Card(
        key=f"{round_}-{row.position}",
        title=neutralise(shorten(title, FIELD)),
        status=_STATUS[row.state],
        output=neutralise(shorten(row.gist, FIELD)),
    )


def _update(task_id: str, was: Card | None, task: Card) -> Block:
    update: Block = {
        "type": "task_update",
        "id": task_id,
        "title": task.title,
        "status": task.status,
    }
    if task.output and not (was and was.output):
        update["output"] = task.output
    return update
