"""Plays conversations that are written down as people would tell them, on every messenger.

    it answers whoever mentions it:
      models: {a: Take the train., b: Walk., big: Go by train.}
      told:
        - Ben, aside: Lunch, anybody?
        - Ann in the team: How do I get there?
        - bot in the team: Go by train.
        - answers in the team: 1

Steps, in the order in which they happen:
    WHO in private | in the team | in the thread: says that; in the team with a mention, in the
        thread as people go on there. What begins with "/" is the platform's own command
    WHO, aside: says that in the team, to nobody in particular
    WHO replies: calls the bot under what was last said aside
    WHO below[, aside]: in a thread of people below that: calls the bot, or nobody in particular
    WHO presses [in the team]: the newest button with these words
    WHO picks: in the picker that stands in private
    bot in …: a complete answer has these words. bot says in …: any message of it has
    bot to WHO: somebody alone, or where the platform cannot, any message has these words
    WHO, apart: says that in a thread that people have opened among themselves. WHO, apart to it:
        says that there with a mention of the bot
    WHO to WHO in the thread | , aside: says that there with a mention of somebody else
    WHO changes it, WHO deletes it: what was last said with a mention, or in private. WHO changes
        what was aside: into what it says then, with a mention
    panel in …: a panel has these words
    gone in …: no message of the bot has these words (any more)
    the store has: these words stand somewhere in the database. the store has not: nowhere
    answers in …: how many messages of it stand there, panels apart
    MODEL was asked: how often. MODEL heard: its last request has these words. MODEL never heard:
        none of its requests has them. last never heard: the last request to any model has not
    file to WHO: they alone have a file of that name. files to WHO: how many such files
    the program: restarts

`allowed`: who is let in, by their own ids; without it everybody is. Robot is another bot.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import yaml

from core.calls import ModelCall
from tests.gateway.call_log import CallLog
from tests.gateway.harness import running_gateway
from tests.patience import PATIENCE
from tests.transcripts.stages import MESSENGERS, Stage, Where

FOLDER = Path(__file__).parent
PEOPLE = "Ann|Ben|Robot"
PLACES: dict[str, Where] = {"in private": "dm", "in the team": "group", "in the thread": "group"}
PLACE = "|".join(PLACES)

Told = dict[str, Any]
Play = Callable[["Telling", re.Match[str], Any], Awaitable[None]]


def told_in(*files: str) -> list[tuple[str, str, Told]]:
    """Give (messenger, name, conversation) of these files, for each messenger that it is for."""
    found = []
    for file in files:
        conversations: dict[str, Told] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
        for name, told in conversations.items():
            found += [(each, name, told) for each in told.get("only", MESSENGERS)]
    return found


class Telling:
    """A conversation that is being played, by a program that may be started again."""

    def __init__(self, stage: Stage, told: Told, folder: Path) -> None:
        self.stage, self.told, self.folder = stage, told, folder
        self.aside = ""  # what was last said to nobody in particular
        self.last: tuple[str, Where] = ("", "dm")  # what was last said to the bot, and where
        self._logs: list[CallLog] = []
        self._program = AsyncExitStack()

    async def play(self) -> None:
        """Play it to the end; fails at the first step that does not come true."""
        async with self._program:
            await self.start()
            for step in self.told["told"]:
                ((said, value),) = step.items()
                await self._step(said, value)

    async def start(self) -> None:
        text = self.stage.configured(self.told["models"], more=self.told.get("settings", ""))
        if "allowed" in self.told:
            ids = [f"{self.stage.platform}:{self.who(each).id}" for each in self.told["allowed"]]
            text = text.replace("access:\n  public: true\n", f"access: {{allow: {ids}}}\n")
        running = running_gateway(text, self.folder)
        self._logs.append((await self._program.enter_async_context(running)).calls)

    async def restart(self) -> None:
        await self._program.aclose()
        await self.start()

    def calls(self, model: str) -> list[ModelCall]:
        """All that a model was asked, by every run of the program."""
        return [call for log in self._logs for call in log.of(model)]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds of the calls."""
        with suppress(TimeoutError):  # what is asserted next says more
            await self._logs[-1].until(true)

    def who(self, name: str) -> Any:
        if name == "Robot":
            return self.stage.robot
        return {"Ann": self.stage.ann, "Ben": self.stage.ben}[name]

    async def _step(self, said: str, value: Any) -> None:
        for pattern, play in STEPS:
            if found := re.fullmatch(pattern, said):
                try:
                    await play(self, found, value)
                except AssertionError as error:
                    raise AssertionError(f"{said}: {value!r} – {error}") from error
                return
        raise LookupError(f"nobody knows how to play {said!r}")


async def _says(telling: Telling, found: re.Match[str], text: str) -> None:
    stage, who, place = telling.stage, telling.who(found["who"]), found["place"]
    where = PLACES[place]
    if text.startswith("/"):
        name, _, args = text[1:].partition(" ")
        await stage.command(name, args, where=where, who=who)
    elif place == "in the thread":
        await stage.follow_up(text, who=who)
    else:
        telling.last = (await stage.ask(text, where=where, who=who), where)


async def _changes(telling: Telling, found: re.Match[str], text: str) -> None:
    said, where = telling.last
    if found["aside"]:
        said, where = telling.aside, "group"
    await telling.stage.change(said, text, where=where, who=telling.who(found["who"]))


async def _deletes(telling: Telling, found: re.Match[str], text: str) -> None:
    said, where = telling.last
    await telling.stage.unsay(said, where=where, who=telling.who(found["who"]))


async def _panel(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.stage.panel_reads(text, where=PLACES[found["place"]])


async def _gone(telling: Telling, found: re.Match[str], text: str) -> None:
    stage, where = telling.stage, PLACES[found["place"]]
    await stage.until(lambda: not any(text in each.text for each in stage.seen(where)))


async def _stored(telling: Telling, found: re.Match[str], text: str) -> None:
    def there() -> bool:
        files = (telling.folder / "data").glob("moa-gateway.db*")
        return any(text.encode() in each.read_bytes() for each in files)

    wanted = found["no"] is None
    async with asyncio.timeout(PATIENCE):
        while there() is not wanted:  # noqa: ASYNC110 - it is somebody else's file
            await asyncio.sleep(0.05)


async def _aside(telling: Telling, found: re.Match[str], text: str) -> None:
    stage = telling.stage
    await stage.until(stage.listening)
    said = await stage.sim.say(stage.places["group"], telling.who(found["who"]), text)
    telling.aside = said


async def _replies(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.stage.reply(text, telling.aside, who=telling.who(found["who"]))


async def _below(telling: Telling, found: re.Match[str], text: str) -> None:
    who, aside = telling.who(found["who"]), bool(found["aside"])
    await telling.stage.below(text, telling.aside, who=who, mention=not aside)


async def _apart(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.stage.apart(text, telling.who(found["who"]), mention=bool(found["to_it"]))


async def _to_other(telling: Telling, found: re.Match[str], text: str) -> None:
    other = telling.who(found["other"])
    said = f"{telling.stage.name_of(other)} {text}"
    if found["aside"]:
        await _aside(telling, found, said)
    else:
        await telling.stage.follow_up(said, who=telling.who(found["who"]))


async def _presses(telling: Telling, found: re.Match[str], label: str) -> None:
    where: Where = "group" if found["team"] else "dm"
    await telling.stage.press(label, where=where, who=telling.who(found["who"]))


async def _picks(telling: Telling, found: re.Match[str], name: str) -> None:
    await telling.stage.pick(name)


async def _answers(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.stage.answered(text, where=PLACES[found["place"]])


async def _reads(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.stage.reads(text, where=PLACES[found["place"]])


async def _alone(telling: Telling, found: re.Match[str], text: str) -> None:
    stage = telling.stage

    def told() -> bool:
        seen = [*stage.seen("dm"), *stage.seen("group")]
        return any(text in each for each in (*stage.toasts, *(each.text for each in seen)))

    await stage.until(told)


async def _count(telling: Telling, found: re.Match[str], count: int) -> None:
    answers = telling.stage.answers(PLACES[found["place"]])
    assert len(answers) == count, [each.text for each in answers]


async def _asked(telling: Telling, found: re.Match[str], count: int) -> None:
    await telling.until(lambda: len(telling.calls(found["model"])) >= count)
    assert len(telling.calls(found["model"])) == count


def _heard(call: ModelCall) -> str:
    return "\n".join(line.text for line in call.lines)


async def _last_heard(telling: Telling, found: re.Match[str], text: str) -> None:
    await telling.until(lambda: any(text in _heard(c) for c in telling.calls(found["model"])[-1:]))
    heard = _heard(telling.calls(found["model"])[-1])
    assert text in heard, heard


async def _never_heard(telling: Telling, found: re.Match[str], text: str) -> None:
    for call in telling.calls(found["model"]):
        assert text not in _heard(call), _heard(call)


async def _not_now(telling: Telling, found: re.Match[str], text: str) -> None:
    heard = _heard(telling.calls("big")[-1])
    assert text not in heard, heard


def _files(stage: Stage) -> list[str]:
    """The files that nobody but one person has."""
    alone = [*stage.seen("dm"), *(each for each in stage.seen("group") if each.private)]
    return [name for each in alone for name in each.files]


async def _file(telling: Telling, found: re.Match[str], name: str) -> None:
    await telling.stage.until(lambda: name in _files(telling.stage))


async def _some_files(telling: Telling, found: re.Match[str], count: int) -> None:
    stage = telling.stage
    await stage.until(lambda: len(_files(stage)) >= count)
    assert len(_files(stage)) == count
    assert not any(each.files for each in stage.seen("group") if not each.private)


async def _program(telling: Telling, found: re.Match[str], what: str) -> None:
    assert what == "restarts"
    await telling.restart()


STEPS: list[tuple[str, Play]] = [
    (rf"(?P<who>{PEOPLE}) (?P<place>{PLACE})", _says),
    (rf"(?P<who>{PEOPLE}), aside", _aside),
    (rf"(?P<who>{PEOPLE}), apart(?P<to_it> to it)?", _apart),
    (rf"(?P<who>{PEOPLE}) to (?P<other>{PEOPLE})(?:(?P<aside>, aside)| in the thread)", _to_other),
    (rf"(?P<who>{PEOPLE}) replies", _replies),
    (rf"(?P<who>{PEOPLE}) below(?P<aside>, aside)?", _below),
    (rf"(?P<who>{PEOPLE}) presses(?P<team> in the team)?", _presses),
    (rf"(?P<who>{PEOPLE}) picks", _picks),
    (rf"bot (?P<place>{PLACE})", _answers),
    (rf"bot says (?P<place>{PLACE})", _reads),
    (rf"bot to (?P<who>{PEOPLE})", _alone),
    (rf"answers (?P<place>{PLACE})", _count),
    (rf"file to (?P<who>{PEOPLE})", _file),
    (rf"files to (?P<who>{PEOPLE})", _some_files),
    (r"last never heard", _not_now),
    (rf"(?P<who>{PEOPLE}) changes (it|what was (?P<aside>aside))", _changes),
    (rf"(?P<who>{PEOPLE}) deletes it", _deletes),
    (rf"panel (?P<place>{PLACE})", _panel),
    (rf"gone (?P<place>{PLACE})", _gone),
    (r"the store has(?P<no> not)?", _stored),
    (r"(?P<model>\w+) was asked", _asked),
    (r"(?P<model>\w+) heard", _last_heard),
    (r"(?P<model>\w+) never heard", _never_heard),
    (r"the program", _program),
]
