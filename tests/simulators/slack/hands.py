"""What people press and type: buttons, menus, slash commands, the native Stop, the App Home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.patience import PATIENCE
from tests.simulators.slack import payloads
from tests.simulators.slack.hooks import Hooks
from tests.simulators.slack.marks import elements, labels, rows
from tests.simulators.slack.model import Json, Person, Place, Post
from tests.simulators.slack.people import People
from tests.simulators.slack.shown import blocks_of

if TYPE_CHECKING:
    from tests.simulators.slack.delivery import Kind, Outcome


class Hands(People):
    """What people do beyond talking. The simulator gives it a way to deliver."""

    hooks: Hooks
    commands: tuple[str, ...] = ("/moa",)

    async def deliver(
        self, kind: Kind, payload: Json, *, attempt: int = 0, reason: str = ""
    ) -> Outcome:
        """Deliver one payload once."""
        raise NotImplementedError

    async def press(
        self,
        place: Place,
        person: Person,
        message_id: str,
        label: str,
        *,
        option: str | None = None,
    ) -> str:
        """Press a button, or choose an option of a menu; what Slack itself says of it, if it does.

        What the bot answers comes as a message: look for it in `shown`.
        """
        post = self._visible(place, person, message_id)
        for block_id, each in elements(blocks_of(post)):
            if label in labels(each) and _may_press(each, person):
                action = payloads.action(self.space, each, block_id, label, option)
                payload = payloads.block_actions(self.space, person, [action], post=post)
                payload["trigger_id"] = self._trigger()
                payload["response_url"] = self.hooks.make(place, person.id, post)
                return (await self.deliver("interactive", payload)).error
        raise ValueError(f"no {label!r} for {person.name} under {message_id}")

    async def select(
        self, place: Place, person: Person, message_id: str, option: str, *, menu: str = ""
    ) -> str:
        """Choose an option of the menu that has it."""
        post = self._visible(place, person, message_id)
        for _, each in elements(blocks_of(post)):
            texts = [row["text"]["text"] for row in rows(each)]
            if option in texts and menu in {"", *labels(each)}:
                return await self.press(place, person, message_id, labels(each)[0], option=option)
        raise ValueError(f"no option {option!r} under {message_id}")

    async def feedback(self, place: Place, person: Person, message_id: str, *, good: bool) -> str:
        """Press one of the feedback buttons."""
        post = self._visible(place, person, message_id)
        for _, each in elements(blocks_of(post)):
            if each["type"] == "feedback_buttons":
                return await self.press(place, person, message_id, labels(each)[0 if good else 1])
        raise ValueError(f"no feedback buttons under {message_id}")

    def _visible(self, place: Place, person: Person, ts: str) -> Post:
        for post in self.space.within(place):
            if post.ts == ts and post.whispered_to in {None, person.id}:
                return post
        raise ValueError(f"{person.name} sees no message {ts} in {place.name}")

    def _trigger(self) -> str:
        trigger = self.space.new_id("trigger-")
        self.backend.triggers[trigger] = self.space.now()
        return trigger

    async def command(
        self,
        place: Place,
        person: Person,
        name: str,
        args: str = "",
        *,
        thread: str | None = None,
    ) -> str:
        """Type a slash command; what Slack or the acknowledgement says at once.

        Only `commands` are registered, so any other name is typed behind the first of them.
        """
        command, text = f"/{name.removeprefix('/')}", args
        if command not in self.commands:
            command, text = self.commands[0], f"{name} {args}".strip()
        if thread is not None:
            return f"{command} is not supported in threads. Sorry!"
        payload = payloads.slash(self.space, place, person, command, text)
        payload["trigger_id"] = self._trigger()
        payload["response_url"] = self.hooks.make(place, person.id)
        outcome = await self.deliver("slash_commands", payload)
        if outcome.error:
            said = f'{command} failed with the error "{outcome.error}"'
            self.hooks.answered(place, person.id, said)
            return said
        return self.hooks.acknowledged(place, person.id, outcome.response)

    async def native_stop(self, place: Place, person: Person, thread: str) -> None:
        """Press Slack's own Stop, there while a session is processing; streams end there."""
        session = self.space.sessions.get((place.id, thread))
        if session is None or session.status != "processing":
            raise ValueError("there is no Stop button: nothing is processing in this thread")
        if "agent_session_stopped" not in self.backend.subscriptions:
            raise ValueError("there is no Stop button: the app is not subscribed to it")
        stopped = []
        for post in self.space.within(place, thread=thread):
            if post.bot and post.stream and self.backend.streaming(post):
                post.stream.open, post.stream.stopped_by_user = False, True
                stopped.append(post.ts)
        self.backend.tell(payloads.stopped(self.space, place, person, thread, stopped), place)
        self.changes.tell()

    # --- App Home ---------------------------------------------------------------------------

    async def open_home(self, person: Person, *, seconds: float = PATIENCE) -> Json:
        """Open the App Home, and give the view that the bot then publishes."""
        before = self.space.homes.get(person.id)
        self.backend.tell(payloads.home_opened(self.space, self.dm(person), person, before), None)
        await self.changes.until(
            lambda: self.space.homes.get(person.id) is not before, seconds=seconds
        )
        return self.space.homes[person.id]

    async def press_home(self, person: Person, label: str, *, option: str | None = None) -> str:
        """Press something in the App Home."""
        view = self.space.homes[person.id]
        for block_id, each in elements(view["blocks"]):
            if label in labels(each):
                action = payloads.action(self.space, each, block_id, label, option)
                payload = payloads.block_actions(self.space, person, [action], view=view)
                payload["trigger_id"] = self._trigger()
                return (await self.deliver("interactive", payload)).error
        raise ValueError(f"no {label!r} in the App Home of {person.name}")


def _may_press(element: object, person: Person) -> bool:
    only = element.get("visible_to_user_ids") if isinstance(element, dict) else None
    return not only or person.id in only
