"""One stage for every messenger: Ann and Ben, a private chat, a group, and the real program.

    async with opened("slack") as stage, running_gateway(stage.configured(MODELS), folder):
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.")

What differs between the platforms is hidden here and nowhere else: how a thread is followed, what
a picker is, which message is the panel.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from typing_extensions import override

from core.wording import LABELS
from tests.gateway.page import Served
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.model import BOT_USER
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator

Where = Literal["dm", "group"]
Files = Sequence[tuple[str, bytes]]
MESSENGERS = ("telegram", "discord", "slack")
PANEL = " advisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message of the bot, as it stands. `tasks` are the panel's rows inside of it."""

    id: str
    text: str
    buttons: tuple[str, ...]
    edits: int
    files: tuple[str, ...]
    streaming: bool
    pings: tuple[str, ...]
    private: bool
    tasks: str = ""

    @property
    def panel(self) -> bool:
        """Whether it is the reference panel, or holds it."""
        return PANEL in self.text.split("\n", 1)[0] or bool(self.tasks)

    @property
    def complete(self) -> bool:
        """Whether it is the last part of an answer: only that one offers to ask again."""
        return any(LABELS["retry"] in each for each in self.buttons) and not self.streaming


class Stage:
    """A platform with its people. `sim` is the platform's own simulator."""

    platform: str

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.ann, self.ben = sim.person("Ann"), sim.person("Ben")
        self.places = {"dm": sim.dm(self.ann), "group": sim.group("team", self.ann, self.ben)}
        self.threads: dict[str, str | None] = {"dm": None, "group": None}
        self._newcomers = 0
        self._groups = 0
        self._robot: Any = None
        self._apart: Any = None  # the thread that people have among themselves
        self.toasts: list[str] = []  # what a press was answered, where that is no message

    def configured(self, models: dict[str, Any], *, more: str = "") -> str:
        """Write a configuration: this platform, two advisors `a` and `b`, an aggregator `big`."""
        return configuration((self,), models, more=more)

    def block(self) -> dict[str, Any]:
        """Give this platform's block of `platforms:`."""
        found: dict[str, Any] = yaml.safe_load(self.sim.config())
        return found

    async def join(self, served: Served) -> None:
        """Hear where the program listens: a messenger need not."""

    # --- what people do ----------------------------------------------------------------------

    async def ask(
        self, text: str, *, where: Where = "dm", who: Any = None, files: Files = ()
    ) -> str:
        """Say something to the bot: in the group with a mention. Waits until it listens."""
        await self.until(self.listening)
        said: str = await self.sim.say(
            self.places[where], who or self.ann, text, mention=where == "group", files=files
        )
        return said

    async def asked_ago(
        self, seconds: float, text: str, *, where: Where = "dm", who: Any = None
    ) -> str:
        """Let something come now that was said to the bot so long ago."""
        await self.until(self.listening)
        said: str = await self.sim.say(
            self.places[where], who or self.ann, text, mention=where == "group", ago=seconds
        )
        return said

    def listening(self) -> bool:
        """Whether the bot is there."""
        raise NotImplementedError

    async def command(
        self, name: str, args: str = "", *, where: Where = "dm", who: Any = None
    ) -> None:
        """Give a command by the platform's own means; Slack knows only /moa."""
        await self.until(self.listening)
        await self.sim.command(self.places[where], who or self.ann, name, args)

    async def change(self, said: str, text: str, *, where: Where, who: Any) -> None:
        """Change what somebody said; in the group the mention stays."""
        raise NotImplementedError

    async def unsay(self, said: str, *, where: Where, who: Any) -> None:
        """Delete what somebody said."""
        await self.sim.delete(self.places[where], said)

    async def follow_up(self, text: str, *, who: Any = None) -> None:
        """Go on in the group's conversation as people have to there."""
        raise NotImplementedError

    async def reply(self, text: str, to: str, *, who: Any = None) -> None:
        """Call the bot under what somebody said in the group."""
        await self.sim.say(self.places["group"], who or self.ann, text, reply_to=to, mention=True)

    async def below(self, text: str, to: str, *, who: Any = None, mention: bool = False) -> None:
        """Say something in a thread of people, below what somebody said in the group."""
        raise NotImplementedError

    async def press(self, label: str, *, where: Where = "dm", who: Any = None) -> None:
        """Press the newest button with this label, or one that has it in it."""
        for seen in reversed(self.seen(where)):
            fits = [each for each in seen.buttons if label in each]
            if fits:
                await self._press(where, who or self.ann, seen.id, fits[0])
                return
        raise LookupError(f"no {label!r} among {[each.buttons for each in self.seen(where)]}")

    async def _press(self, where: Where, who: Any, message_id: str, label: str) -> None:
        answer = await self.sim.press(self.places[where], who, message_id, label)
        self.toasts.append(str(answer or ""))

    async def pick(self, preset: str, *, where: Where = "dm") -> None:
        """Choose in the picker that stands there."""
        await self.press(preset, where=where)

    async def choose(self, preset: str) -> None:
        """Choose what answers in private from now on."""
        await self.press("Preset")
        await self.reads("answers here")
        await self.pick(preset)

    @property
    def robot(self) -> Any:
        """Another bot, which is in the group from the first look on."""
        if self._robot is None:
            self._robot = self.sim.person("Robot", bot=True)
            self._join(self._robot)
        return self._robot

    def name_of(self, who: Any) -> str:
        """Write a mention of somebody."""
        return f"<@{who.id}>"

    def _join(self, who: Any) -> None:
        """Let somebody be in the group."""
        raise NotImplementedError

    async def apart(self, text: str, who: Any, *, mention: bool = False) -> None:
        """Say something in a thread that people have opened among themselves in the group."""
        raise NotImplementedError

    async def cut(self) -> None:
        """Break every connection of the bot once."""
        raise NotImplementedError

    async def bring(self, who: Any) -> None:
        """Let somebody bring the bot into a group of theirs, which is the group from now on."""
        await self.until(self.listening)
        self._groups += 1
        self.places["group"] = await self._bring(f"lab {self._groups}", who)
        self.threads["group"] = None

    async def _bring(self, name: str, who: Any) -> Any:
        raise NotImplementedError

    async def bring_again(self, who: Any) -> None:
        """Throw the bot out of the group, and bring it in again."""
        await self.sim.kick(self.places["group"])
        await self.sim.invite(self.places["group"])

    def is_in(self) -> bool:
        """Whether the bot is in the group."""
        raise NotImplementedError

    # --- what they see -----------------------------------------------------------------------

    def _shown(self, where: Where) -> Sequence[Any]:
        shown: Sequence[Any] = self.sim.shown(self.places[where])
        return shown

    def seen(self, where: Where = "dm") -> list[Seen]:
        """The bot's messages, oldest first."""
        return [_seen(each) for each in self._shown(where)]

    def answers(self, where: Where = "dm") -> list[Seen]:
        """What is not only a panel."""
        return _answers(self.seen(where))

    def panels(self, where: Where = "dm") -> list[str]:
        """The panels' texts."""
        return [each.tasks or each.text for each in self.seen(where) if each.panel]

    def finals(self, text: str, where: Where = "dm") -> list[Seen]:
        """The complete answers with these words."""
        return [each for each in self.answers(where) if each.complete and text in each.text]

    async def answered(self, text: str, *, where: Where = "dm", times: int = 1) -> Seen:
        """Wait for a complete answer with these words."""
        await self.until(lambda: len(self.finals(text, where)) >= times)
        return self.finals(text, where)[-1]

    async def answers_newcomer(self, question: str, answer: str) -> None:
        """Let somebody new ask in private, and wait for a complete answer with these words.

        What was posted to others before holds up nothing there, as it would in one conversation.
        """
        await self.until(self.listening)
        self._newcomers += 1
        person = self.sim.person(f"Newcomer {self._newcomers}")
        place = self.sim.dm(person)

        def whole() -> bool:
            answers = _answers([_seen(each) for each in self.sim.shown(place)])
            return any(each.complete and answer in each.text for each in answers)

        await self.sim.say(place, person, question)
        await self.until(whole)

    async def panel_reads(self, text: str, *, where: Where = "dm") -> str:
        """Wait until a panel has these words; give it."""
        await self.until(lambda: any(text in each for each in self.panels(where)))
        return next(each for each in self.panels(where) if text in each)

    async def reads(self, text: str, *, where: Where = "dm") -> Seen:
        """Wait until any message of the bot has these words."""
        await self.until(lambda: any(text in each.text for each in self.seen(where)))
        return next(each for each in self.seen(where) if text in each.text)

    async def until(self, true: Any) -> None:
        try:
            await self.sim.until(true)
        except TimeoutError:
            there = [self.sim.shown(place) for place in self.places.values()]
            raise AssertionError(f"never came; {self.platform} shows {there}") from None

    def busy(self, seconds: float) -> None:
        """Let the next edit be refused for so long."""
        raise NotImplementedError


class Telegram(Stage):
    platform = "telegram"

    @override
    def name_of(self, who: Any) -> str:
        return f"@{who.username}"

    @override
    async def change(self, said: str, text: str, *, where: Where, who: Any) -> None:
        mention = f"@{self.sim.world.bot.username} " if where == "group" else ""
        await self.sim.edit(self.places[where], said, f"{mention}{text}")

    @override
    def listening(self) -> bool:
        return bool(self.sim.requests.of("getUpdates"))

    @override
    async def follow_up(self, text: str, *, who: Any = None) -> None:
        last = self.answers("group")[-1].id
        await self.sim.say(self.places["group"], who or self.ann, text, reply_to=last)

    @override
    async def cut(self) -> None:
        self.sim.drop_connections()

    @override
    def _join(self, who: Any) -> None:
        self.sim.chat(self.places["group"]).members[int(who.id)] = who

    @override
    async def _bring(self, name: str, who: Any) -> Any:
        return self.sim.group(name, who)

    @override
    async def bring_again(self, who: Any) -> None:
        await self.sim.kick(self.places["group"], who)
        await self.sim.add(self.places["group"], who)

    @override
    def is_in(self) -> bool:
        return int(self.sim.world.bot.id) in self.sim.chat(self.places["group"]).members

    @override
    def busy(self, seconds: float) -> None:
        fault = _refusal(429, seconds, "Too Many Requests: retry after")
        for method in ("sendMessageDraft", "editMessageText"):
            self.sim.faults.plan(method, None, fault)


class Discord(Stage):
    platform = "discord"

    @override
    async def change(self, said: str, text: str, *, where: Where, who: Any) -> None:
        mention = f"<@{self.sim.desk.world.bot.id}> " if where == "group" else ""
        await self.sim.edit(self.places[where], said, f"{mention}{text}")

    @override
    def listening(self) -> bool:
        return bool(self.sim.gateway.connected)

    @override
    async def command(
        self, name: str, args: str = "", *, where: Where = "dm", who: Any = None
    ) -> None:
        world = self.sim.desk.world
        await self.until(lambda: name in {each["name"] for each in world.commands.values()})
        await super().command(name, args, where=where, who=who)

    @override
    async def below(self, text: str, to: str, *, who: Any = None, mention: bool = False) -> None:
        place, who = self.places["group"], who or self.ann
        known = [each for each in self.sim.threads(place) if each.id == to]
        thread = known[0] if known else await self.sim.thread(place, who, "talk", from_message=to)
        await self.sim.say(thread, who, text, mention=mention)

    @override
    async def follow_up(self, text: str, *, who: Any = None) -> None:
        (thread, *_) = self.sim.threads(self.places["group"])
        await self.sim.say(thread, who or self.ann, text, mention=True)  # else it must not read it

    @override
    def _shown(self, where: Where) -> Sequence[Any]:
        place = self.places[where]
        below = self.sim.threads(place) if where == "group" else ()
        return [each for here in (place, *below) for each in self.sim.shown(here)]

    @override
    async def _press(self, where: Where, who: Any, message_id: str, label: str) -> None:
        below = self.sim.threads(self.places[where]) if where == "group" else ()
        for place in (self.places[where], *below):
            if any(each.id == message_id for each in self.sim.shown(place)):
                await self.sim.press(place, who, message_id, label)

    @override
    async def pick(self, preset: str, *, where: Where = "dm") -> None:
        picker = [each for each in self._shown(where) if preset in each.options][-1]
        await self.sim.select(self.places[where], self.ann, picker.id, preset)

    @override
    async def cut(self) -> None:
        await self.sim.gateway.kill()

    @override
    def _join(self, who: Any) -> None:
        self.sim.world.guilds[self.places["group"].guild].members.setdefault(who.id, set())

    @override
    async def apart(self, text: str, who: Any, *, mention: bool = False) -> None:
        if self._apart is None:
            await self.until(self.listening)
            self._apart = await self.sim.thread(self.places["group"], who, "lunch")
        await self.sim.say(self._apart, who, text, mention=mention)

    @override
    async def _bring(self, name: str, who: Any) -> Any:
        return self.sim.group(name, who, guild=name)

    @override
    def is_in(self) -> bool:
        place, world = self.places["group"], self.sim.world
        return world.bot.id in world.guilds[place.guild].members

    @override
    def busy(self, seconds: float) -> None:
        self.sim.faults.plan("edit_message", None, _refusal(429, seconds, ""))


class Slack(Stage):
    platform = "slack"

    @override
    async def change(self, said: str, text: str, *, where: Where, who: Any) -> None:
        mention = f"<@{BOT_USER}> " if where == "group" else ""
        await self.sim.edit(self.places[where], who, said, f"{mention}{text}")

    @override
    async def unsay(self, said: str, *, where: Where, who: Any) -> None:
        await self.sim.unsay(self.places[where], who, said)

    @override
    def listening(self) -> bool:
        return bool(self.sim.sockets.links)

    @override
    async def ask(
        self, text: str, *, where: Where = "dm", who: Any = None, files: Files = ()
    ) -> str:
        ts = await super().ask(text, where=where, who=who, files=files)
        self.threads[where] = ts
        return ts

    @override
    async def command(
        self, name: str, args: str = "", *, where: Where = "dm", who: Any = None
    ) -> None:
        given = (name, args) if name == "moa" else ("moa", f"{name} {args}".strip())
        await super().command(*given, where=where, who=who)

    @override
    async def reply(self, text: str, to: str, *, who: Any = None) -> None:
        await self.below(text, to, who=who, mention=True)

    @override
    async def below(self, text: str, to: str, *, who: Any = None, mention: bool = False) -> None:
        place = self.places["group"]
        await self.sim.say(place, who or self.ann, text, thread=to, mention=mention)

    @override
    async def follow_up(self, text: str, *, who: Any = None) -> None:
        place, thread = self.places["group"], self.threads["group"]
        bot = who is self._robot and who is not None  # a bot has to address it every time
        await self.sim.say(place, who or self.ann, text, thread=thread, mention=bot)

    @override
    async def press(self, label: str, *, where: Where = "dm", who: Any = None) -> None:
        if label == "Stop":  # Slack has one of its own
            thread = self.threads[where]
            await self.sim.native_stop(self.places[where], who or self.ann, thread)
            return
        await super().press(label, where=where, who=who)

    @override
    async def pick(self, preset: str, *, where: Where = "dm") -> None:
        for each in reversed(self._shown(where)):
            try:
                await self.sim.select(self.places[where], self.ann, each.id, preset)
            except ValueError:
                continue
            return
        raise LookupError(f"no picker offers {preset}")

    @override
    async def cut(self) -> None:
        await self.sim.disconnect("refresh_requested")

    @override
    def _join(self, who: Any) -> None:
        self.places["group"].members.add(who.id)

    @override
    async def apart(self, text: str, who: Any, *, mention: bool = False) -> None:
        await self.until(self.listening)
        place = self.places["group"]
        said = await self.sim.say(place, who, text, thread=self._apart, mention=mention)
        self._apart = self._apart or said

    @override
    async def _bring(self, name: str, who: Any) -> Any:
        place = self.sim.group(name, who, with_bot=False)
        await self.sim.invite(place, by=who)
        return place

    @override
    def is_in(self) -> bool:
        return BOT_USER in self.places["group"].members

    @override
    def busy(self, seconds: float) -> None:
        for method in ("chat.appendStream", "chat.update"):
            self.sim.faults.plan(method, _refusal(429, seconds, "ratelimited"))


def _refusal(status: int, seconds: float, error: str) -> Any:
    from tests.simulators.base import Fault  # noqa: PLC0415 - one use

    return Fault(kind="refuse", status=status, error=error, retry_after=seconds)


def _answers(seen: Sequence[Seen]) -> list[Seen]:
    return [each for each in seen if not each.panel or each.tasks]


def _seen(shown: Any) -> Seen:
    tasks = getattr(shown, "tasks", ())
    rows = [f"{each.status} {each.title} {each.output}" for each in tasks]
    return Seen(
        id=shown.id,
        text=shown.text,
        buttons=tuple(shown.buttons),
        edits=shown.edits,
        files=tuple(getattr(each, "name", each) for each in shown.files),
        streaming=shown.streaming,
        pings=tuple(shown.pings),
        private=shown.whispered_to is not None,
        tasks="\n".join([shown.plan, *rows]) if rows else "",
    )


STAGES = {"telegram": Telegram, "discord": Discord, "slack": Slack}
SIMULATORS: dict[str, Any] = {
    "telegram": lambda: TelegramSimulator(scale=20, privacy=False),
    "discord": lambda: DiscordSimulator(scale=0.05, content_intent=True),
    "slack": lambda: SlackSimulator(scale=20),
}


@asynccontextmanager
async def opened(platform: str) -> AsyncIterator[Stage]:
    """Open a platform's simulator, with people in it."""
    if platform == "web":
        from tests.transcripts.web import Web  # noqa: PLC0415 - it is a stage itself

        async with AsyncExitStack() as stack:
            yield Web(stack)
    else:
        async with SIMULATORS[platform]() as sim:
            yield STAGES[platform](sim)


def configuration(stages: Sequence[Stage], models: dict[str, Any], *, more: str = "") -> str:
    """Write a configuration for these platforms, open to their people."""
    blocks: dict[str, Any] = {}
    for stage in stages:
        blocks |= stage.block()
    if "discord" in blocks:
        blocks["discord"]["threads"] = "auto"
    slots = [{"provider": "p", "model": name} for name in ("a", "b")]
    big = {"provider": "p", "model": "big"}
    presets = {
        "review": {"reference_models": slots, "aggregator": big, "fanout": "user_turn"},
        "alone": {"enabled": False, "reference_models": slots, "aggregator": big},
    }
    whole = {
        "platforms": {**blocks, "web": {"enabled": True}},
        "providers": {"p": {"api": "scripted", "answers": models}},
        "moa": {"default_preset": "review", "presets": presets},
        "access": {"public": True},
        "budgets": {"total": {"daily": 1}, "unpriced": 0},
    }
    if "defaults:" not in more:  # it introduces itself where a test is about that
        whole["defaults"] = {"introduce": False}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False) + more
