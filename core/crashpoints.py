"""The moments at which a kill could lose something, double it or have it billed twice, by name.

Decides which moments have a name, and whether one that is passed is the one that the program was
armed for (docs/decisions/0042). It never ends anything itself: what dying is, whoever arms it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import ConfigError

POINTS: Final[Mapping[str, str]] = {
    # what comes in
    "intake.unstored": "It has come in, and the inbox does not have it.",
    "intake.stored": "The inbox has it, and nobody has begun with it.",
    "telegram.polled": "A poll has confirmed what was stored; what it brings is not looked at.",
    "telegram.stored": "What a poll brought is stored, and not confirmed.",
    "telegram.hooked": "What Telegram posted is stored, and its post not answered.",
    "slack.stored": "What Slack sent is stored, and not acknowledged.",
    "slack.acknowledged": "An envelope is acknowledged.",
    "discord.heard": "A message was dispatched, and is not looked at.",
    "discord.passed": "A message is dealt with, and the next one of its channel is not.",
    "discord.stored": "A command or press is stored, and Discord does not know.",
    "discord.read": "What was said meanwhile is read again, and not taken in.",
    # a turn
    "turn.unbegun": "A lane has taken a question, and no turn is written down.",
    "turn.begun": "The turn is written down, and nobody is asked.",
    "turn.resumed": "A turn that was cut is counted as tried again.",
    "reference.unkept": "A reference has landed, and its checkpoint is not written.",
    "reference.kept": "The checkpoint of a reference is written.",
    "references.closed": "All references are over, which is written down.",
    "answer.unasked": "The advice is complete, and the aggregator is not asked.",
    "answer.begun": "The first words of an answer have come, or its first call of a tool.",
    "turn.unended": "The answer is complete, and its ending is not stored.",
    "turn.ended": "The ending is stored, and nobody has been told.",
    "turn.shown": "All is shown to its end, and that is not noted.",
    "refusal.said": "A question was refused in the chat, and still waits in the inbox.",
    # messages in chats
    "post.unnoted": "A message is to be posted, and is not in the outbox.",
    "post.noted": "The outbox has it, and the platform does not.",
    "post.accepted": "The platform has it, and the outbox does not have its id.",
    "post.kept": "The outbox has the id.",
    "preview.sent": "A preview of an answer is shown.",
    "edit.unsent": "A message is to be changed.",
    "edit.sent": "A message was changed.",
    "final.unsent": "A message that stands there is to become final.",
    "final.sent": "It is final.",
    "part.shown": "A part of a long answer that is complete is shown, and another one is not.",
    "note.noted": "The note of a place in line is in the outbox, and not posted.",
    "note.posted": "It is posted, and its id is not kept.",
    "note.deleted": "It is deleted, and still in the outbox.",
    "notice.posted": "A word of the program's own is posted, and its id not kept.",
    "letter.kept": "What broke the program off is put aside, and nobody was told.",
    "letter.told": "That it is put aside is told, and still owed in the outbox.",
    # tools
    "tools.unkept": "The aggregator has called tools, and that is not written down.",
    "tools.kept": "The calls are written down, and none has begun.",
    "approval.asked": "Somebody is to be asked, and the question is not shown.",
    "approval.unkept": "Somebody has said yes or no, and that is not written down.",
    "approval.kept": "It is written down, and the call that waits has not heard.",
    "tool.intended": "That a tool is run is written down, and it does not run.",
    "tool.ran": "A tool has run, and its result is not kept.",
    "tool.returned": "The result of a tool is kept.",
    # while a turn runs
    "burst.joined": "A message has left the line to be asked with the one before it.",
    "steer.unkept": "Messages have left the line for a turn that runs; the store does not know.",
    "steer.kept": "The store has them as that turn's, and the turn has not heard them.",
    "withdrawal.unkept": "A turn is to be taken back, and that is not written down.",
    "withdrawal.kept": "It is taken back, and still runs.",
    "change.done": "A message was changed or deleted, and so noted; the change is not closed.",
    "summary.unkept": "A summary is written, and does not stand for its part of the history.",
    "summary.kept": "The summary stands for its part of the history.",
    "file.noted": "Who sent a file is written down, and it is not in its place.",
    "file.kept": "The file is in its place, and its turn does not know.",
    # what people set
    "setting.unkept": "A preset is chosen, and not kept.",
    "setting.kept": "The choice is kept, and not told.",
    "command.done": "A command or press is done, and still in the inbox.",
    "command.dropped": "It is out of the inbox.",
    "pairing.offered": "A stranger has a code, and was not told.",
    "pairing.redeemed": "A stranger is let in, and this process does not know.",
    "access.unkept": "Somebody is to be let in or shut out, and that is not kept.",
    "access.kept": "It is kept, and this process does not know.",
    "move.kept": "A chat has moved to another id, and this process does not know.",
    "introduction.noted": "That the bot introduces itself is written down, and not said.",
    # what goes
    "forget.erased": "A page of somebody's texts is out of the database, the rest may stand.",
    "forget.untraced": "The traces are gone, and the texts stand in the database.",
    "forget.unwiped": "All is taken out, and may be read in the database's pages.",
    "forget.unpinned": "What somebody had pinned is taken out, and their files stand.",
    "forget.swept": "Their files are gone from the shelf, and the next session is not begun.",
    "forget.here": "A chat is done with, and the other sessions of the same wish are not.",
    "forget.wiped": "The pages are written anew, and the wish is still there.",
    "forget.closed": "The wish is taken out, and may be read in the pages.",
    "forget.person": "Votes and choices of somebody are gone, and copies of the data stand.",
    "purge.erased": "A page of what was too old is taken out.",
    "purge.untraced": "Messages that were too old are gone, and their traces stand.",
    "wipe.begun": "The pages of the database are about to be written anew.",
    # the program
    "migration.copied": "The data is copied, and still old.",
    "migration.applied": "One migration is done, and the next one is not.",
    "migration.uncommitted": "A migration is done, and not committed.",
    "backup.unfinished": "The database is copied under another name.",
    "backup.halfway": "A backup has the database, and not yet the files.",
    "backup.unnamed": "A backup is written, and not under its name.",
    "recovery.ended": "A program's turn of an earlier run is ended, and not closed.",
    "recovery.queued": "What was left is queued, and nothing is taken in.",
    "drain.begun": "Intake is closed, and turns run.",
    "drain.cut": "Turns are over or cut, and the faces are open.",
    "drain.over": "All is over but the store.",
}
"""Each stands in one place of the source, and a test kills the program at each."""


@dataclass(slots=True)
class _Armed:
    name: str
    where: str
    passings: int
    die: Callable[[], None]


_armed: Final[list[_Armed]] = []


def crashpoint(name: str, where: str = "") -> None:
    """Die here, if that is what the program was armed for; `where` is the platform concerned."""
    if _armed:
        _passed(_armed[0], name, where)


def _passed(armed: _Armed, name: str, where: str) -> None:
    if armed.name != name or armed.where not in {"", where}:
        return
    armed.passings -= 1
    if not armed.passings:
        armed.die()


def arm(spec: str, die: Callable[[], None]) -> None:
    """Have `die` called at `name`, `name@platform`, or at the n-th passing: `name:n`.

    Raises:
        ConfigError: there is no such point.
    """
    point, _, count = spec.partition(":")
    name, _, where = point.partition("@")
    passings = int(count) if count.isascii() and count.isdigit() else int(not count)
    if name not in POINTS or not passings:
        raise ConfigError(
            f"MOA_GATEWAY_CRASH_AT: {spec!r} is no crash point. It is name, name@platform or name:n"
            f" (the n-th passing) with one of: {', '.join(POINTS)}. It is for tests alone:"
            " the program kills itself there. Remove the variable"
        )
    _armed[:] = [_Armed(name=name, where=where, passings=passings, die=die)]
