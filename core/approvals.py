"""What people are shown of a tool call that needs their yes, before and after they decide. Pure.

Decides how it reads. Whoever may decide, and what a decision is good for, is `core.authority`'s
matter. What a model wrote is shown so that nothing in it can hide: what no message holds is there
as a file before anybody is asked, and signs that cannot be seen, or are taken for others, are spelt
out (`core.signs`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.authority import PATIENCE
from core.events import ApprovalChanged
from core.frames import Action, Button, File, Frame, Permission
from core.records import Approval
from core.signs import spelt
from core.texts import approvals as said
from core.texts.names import named
from core.wording import LABELS

APPROVAL: Final = "approval/"
WHOLE: Final = "arguments/"
SHOWN: Final = 1_200
"""Characters of the arguments that a message shows where it may hold no more than 2,000."""
_BLANKS: Final = 4
"""Times its own length that a text may have, line by line: levels without end make it grow."""
_NAME: Final = 80
_ACTIONS: Final[tuple[Action, ...]] = ("approve", "refuse")


def approval_frames(
    asked: Iterable[ApprovalChanged], turn_id: str, *, ended: bool, files: bool
) -> list[Frame]:
    """Give a message for each call that somebody was asked about; `ended`: the turn has.

    `files`: the chat takes some, and holds messages of a certain length only.
    """
    frames: list[Frame] = []
    for each in asked:
        open_ = each.approval.decision == "waiting" and not ended
        arguments = whole(each.approval.arguments)
        if files and open_ and len(arguments) > SHOWN:
            frames.append(_file(each.approval, turn_id, arguments))
        if files:
            arguments = cut(arguments, _name(each.approval))
        frames.append(_frame(each, turn_id, arguments, open_=open_))
    return frames


def _file(approval: Approval, turn_id: str, arguments: str) -> Frame:
    """Give all of the arguments, to be read before anybody is asked.

    A chat that does not take it is not asked again and again: who then does not find it says no.
    """
    content = File(turn_id=turn_id, name=_name(approval), text=arguments)
    return Frame(key=f"{WHOLE}{approval.number}", content=content)


def _name(approval: Approval) -> str:
    return f"arguments-{approval.number + 1}.json"


def _frame(asked: ApprovalChanged, turn_id: str, arguments: str, *, open_: bool) -> Frame:
    approval = asked.approval
    buttons = [
        Button(action=action, label=LABELS[action], turn_id=turn_id, value=str(approval.number))
        for action in _ACTIONS
        if open_
    ]
    return Frame(
        key=f"{APPROVAL}{approval.number}",
        content=Permission(
            turn_id=turn_id,
            title=_title(approval, open_=open_),
            arguments=arguments,
            below=" ".join(_asking(asked)) if open_ else "",
        ),
        buttons=tuple(buttons),
        final=True,
        notify=True,
    )


def asks(key: str) -> bool:
    """Tell whether the message of this key is about somebody's yes, and no part of an answer."""
    return key.startswith((APPROVAL, WHOLE))


@lru_cache(maxsize=16)  # while an answer streams it is asked for again and again
def whole(arguments: str) -> str:
    """Write a call's arguments for people, line by line unless that is mostly blanks."""
    try:
        told = json.loads(arguments)
        text = json.dumps(told, indent=2, ensure_ascii=False)
        if len(text) > _BLANKS * len(arguments) + SHOWN:
            text = json.dumps(told, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = arguments
    return spelt(text)


def cut(text: str, file: str) -> str:
    """Cut what a message does not hold, openly: all of it stands in the file of that name."""
    if len(text) <= SHOWN:
        return text
    return f"{text[:SHOWN]}\n{said.more(len(text) - SHOWN, file)}"


def _title(approval: Approval, *, open_: bool) -> str:
    tool = approval.tool.removeprefix(f"{approval.server}__")
    call = spelt(f"{approval.server}/{tool}")[:_NAME]
    by = named(approval.by)
    if open_:
        return said.needs(call)
    match approval.decision:
        case "approved" | "used":
            return said.allowed(call, by)
        case "refused":
            return said.refused(call, by)
        case "expired":
            return said.expired(call, PATIENCE // 60)
        case "waiting":
            return said.over(call)


def _asking(asked: ApprovalChanged) -> list[str]:
    """Say what may have led to the call, who decides, and until when."""
    lines = []
    if asked.read:
        servers = ", ".join(spelt(each)[:_NAME] for each in asked.read)
        lines.append(said.has_read(servers))
    who = said.YOU_DECIDE if asked.askable == "asker" else said.ADMINS_DECIDE
    lines.append(said.decides(who, PATIENCE // 60))
    return lines
