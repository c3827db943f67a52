"""One person's conversation in a terminal: which line is a question, which a command.

Decides what the slash words do here and that one question is answered before the next one is
asked. It neither draws nor reads: the console adapter and the keyboard do.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.chat.console.adapter import Ended
from adapters.chat.console.normalise import YOU, Typed, somewhere
from adapters.chat.console.render import advice
from core.errors import StoreError, UserError
from core.presets import slots_of
from gateway.newcomer.offers import SMALL_NOTICE
from gateway.terminal.permissions import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.chat.console.adapter import ConsoleChat
    from adapters.chat.console.screen import Screen
    from core.frames import Action
    from core.presets import Preset
    from gateway.program.assembly import Gateway
    from gateway.terminal.keyboard import Keyboard
    from gateway.wiring import LocalModel

HELP: Final = """\
/moa            which preset answers, and which there are
/moa NAME       choose one; off asks the aggregator alone, default takes the choice back
/advisors       what each advisor said to the last question
/retry          the last question again, asking the advisors anew
/retry all      the same, and all advisors though the question seemed plain
/stop, Ctrl-C   stop the answer that is being written
/new            begin a new conversation
/undo           take the last question and its answer out
/compact        put a summary in the place of what was said so far
/memory         what is pinned here; /memory add TEXT, /memory remove NUMBER
/export         this conversation as Markdown
/quit, Ctrl-D   leave
Everything else is a question."""
LOST: Final = "The question has no answer: something broke inside. The log says what."

LOOK: Final = 0.2
"""Seconds between two looks at a model that is being fetched or loaded."""
DONE: Final = 180.0
"""Seconds that a command may take: a summary is asked of a model."""
PATIENCE: Final = 5.0
"""Seconds after which one looks whether a turn without a word still runs."""

_COMMAND: Final = re.compile(r"/([a-z]+)(?:\s+(\S.*))?\s*", re.DOTALL)


class Dialogue:
    """A conversation that begins anew with every start. `failed`: a turn had no whole answer."""

    _gateway: Gateway

    def __init__(self, chat: ConsoleChat, screen: Screen, keyboard: Keyboard) -> None:
        """Begin a conversation; it needs to `meet` its gateway before anything else."""
        self.failed = False
        self._chat = chat
        self._screen = screen
        self._keyboard = keyboard
        self._address = somewhere()
        self._last: Ended | None = None
        self._stopped: set[str] = set()
        self.permissions = Permissions(chat, screen, self._typed)

    def meet(self, gateway: Gateway) -> None:
        """Take the gateway that answers."""
        self._gateway = gateway

    async def prefer(self, preset: str | None) -> None:
        """Choose a preset for this conversation; None takes the choice back."""
        at = self._typed().at
        scope = f"session:{self._address.session}"
        await self._gateway.store.set(scope, "preset", preset, by=YOU.id, at=at)

    async def ask(self, text: str) -> None:
        """Ask one question and show its answer.

        Raises:
            UserError: it cannot be asked.
        """
        await self._until_loaded(await self._preset())
        message = self._typed().message(text)
        await self._chat.acknowledge(message)  # first: an answer may be there in no time
        await self._chat.take_in(message)
        await self._answered()

    async def talk(self) -> None:
        """Answer line by line until there is none any more, or one says to leave."""
        if self._keyboard.interactive:
            await self._greet()
        while (text := await self._read()) is not None:
            try:
                if text.strip() and not await self._do(text.strip()):
                    return
            except (UserError, StoreError) as error:
                self._fail(str(error))

    def stop(self) -> bool:
        """Stop what runs; False if nothing does that was not told to stop before."""
        running = set(self._gateway.runner.running) - self._stopped
        self._stopped |= running
        for turn_id in running:
            self._gateway.runner.stop(turn_id)
        return bool(running)

    def urgent(self, line: str) -> bool:
        """Do at once what cannot wait for an answer: stop it, say whether a tool may run."""
        return self.permissions.hear(line) or (line.strip() == "/stop" and self.stop())

    # --- lines ---------------------------------------------------------------------------------

    async def _read(self) -> str | None:
        if self._keyboard.interactive:
            preset = await self._preset()
            name = preset.name if preset.enabled else f"{preset.name}, no advisors"
            self._screen.prompt(f"{name} › ")
        text = None
        try:
            text = await self._keyboard.message()
        finally:
            if text is None and self._keyboard.interactive:
                self._screen.say("")  # the prompt's line is still open
        return text

    async def _do(self, text: str) -> bool:
        """Do what a line says; False if it says to leave."""
        if not text.startswith("/"):
            await self.ask(text)
            return True
        found = _COMMAND.fullmatch(text)
        match (found[1], found[2] or "") if found else ("", ""):
            case (("quit" | "exit"), ""):
                return False
            case (("moa" | "preset"), name):
                await self._moa(name)
            case "retry", ("" | "all") as whom:
                await self._retry("advise" if whom else "retry")
            case "new", "":
                await self._anew()
            case ("undo" | "compact" | "memory" | "export") as name, args:
                await self._command(name, args)
            case _:
                self._screen.say(self._answer(text))
        return True

    def _answer(self, text: str) -> str:
        match text:
            case "/help":
                return HELP
            case "/stop":
                return "Nothing is running."
            case "/advisors":
                panel = self._last.panel if self._last else None
                return advice(panel) if panel else "No advisor was asked yet."
            case _:
                word = text.split(maxsplit=1)[0]
                return f"{word} is no command here, or says too much. /help lists them."

    async def _moa(self, name: str) -> None:
        if not name:
            self._screen.say("\n".join(self._presets(await self._preset())))
            return
        await self._chat.take_in(self._typed().command("moa", name))

    def _presets(self, chosen: Preset) -> Iterator[str]:
        for preset in self._gateway.exchange.choices.catalogue().presets.values():
            mark = "*" if preset.name == chosen.name else " "
            missing = self._gateway.config.unavailable(preset)
            reason = f" (unavailable: {missing})" if missing else ""
            yield f"{mark} {preset.name}: {_mixture(preset)}{reason}"
        yield "/moa NAME chooses one for this conversation."

    async def _retry(self, action: Action) -> None:
        if self._last is None:
            self._screen.say("There is no question to ask again.")
            return
        self._chat.asked()
        await self._chat.take_in(self._typed().press(action, self._last.turn_id))
        await self._answered()

    async def _command(self, name: str, args: str) -> None:
        """Have a command done, and go on once it is: what comes next may rest on it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DONE):
                await self._chat.command(self._typed().command(name, args))
        if name == "undo":
            self._last = None

    async def _anew(self) -> None:
        scope = f"session:{self._address.session}"
        chosen = (await self._gateway.store.settings(scope)).get("preset")
        self._address, self._last = somewhere(), None
        await self.prefer(chosen)
        self._screen.say("A new conversation.")

    # --- answers -------------------------------------------------------------------------------

    async def _answered(self) -> None:
        """Wait until the answer is shown."""
        with self._keyboard.silenced():
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(self.permissions.run())
                ended = await self._ended()
                asking.cancel()
        if ended is None:
            self._fail(LOST)
            return
        self._last = ended
        self.failed = self.failed or bool(ended.error)

    async def _ended(self) -> Ended | None:
        """Wait for a turn's end; None if it is gone without one. A lane that broke tells nobody."""
        idle = 0
        while idle <= 1:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._chat.ended()
            except TimeoutError:
                idle = 0 if self._gateway.runner.running else idle + 1
        return None

    async def _until_loaded(self, preset: Preset) -> None:
        """Show how far the models on this machine are until they can answer, or cannot."""
        for model in self._embedded(preset):
            while (state := model.state).phase not in {"ready", "failed"}:
                self._screen.progress(state.phase, state.message)
                await asyncio.sleep(LOOK)
            self._screen.clear()

    def _embedded(self, preset: Preset) -> list[LocalModel]:
        names = dict.fromkeys(slot.provider for slot in slots_of(preset))
        embedded = self._gateway.models.embedded
        return [embedded[name] for name in names if name in embedded]

    # --- words ---------------------------------------------------------------------------------

    async def _greet(self) -> None:
        preset = await self._preset()
        self._screen.say(f"{preset.name}: {_mixture(preset)}. /help lists the commands.")
        if any(model.tiny for model in self._embedded(preset)):
            self._screen.say(SMALL_NOTICE)
        await self._until_loaded(preset)
        for model in self._embedded(preset):
            if model.state.phase == "failed":
                self._screen.say(model.state.message)

    async def _preset(self) -> Preset:
        return await self._gateway.exchange.choices.preset(self._address)

    def _fail(self, text: str) -> None:
        self._screen.clear()
        self._screen.say(text)
        self.failed = True

    def _typed(self) -> Typed:
        now = self._gateway.clock.now()
        return Typed(address=self._address, at=int(now.timestamp() * 1000))


def _mixture(preset: Preset) -> str:
    counted = Counter(slot.label for slot in preset.active)
    advisors = (label if count == 1 else f"{count} × {label}" for label, count in counted.items())
    answers = f"{preset.aggregator.label} answers"
    return f"{answers}, advised by {', '.join(advisors)}" if counted else answers
