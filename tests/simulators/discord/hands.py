"""What people press, pick and command, and what they alone see of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tests.simulators.discord import commands
from tests.simulators.discord.components import BUTTON, SELECTS, walk
from tests.simulators.discord.interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    DEFERRED,
    DEFERRED_UPDATE,
    MODAL,
    SLASH,
    Interaction,
)
from tests.simulators.discord.people import People
from tests.simulators.discord.seen import Person, Place, shown
from tests.simulators.discord.seen import label as caption
from tests.simulators.discord.world import LOADING, Said

FAILED = {SLASH: "The application did not respond", COMPONENT: "This interaction failed"}


class Hands(People):
    """People who press."""

    async def press(
        self,
        place: Place,
        person: Person,
        message_id: str,
        label: str,
        *,
        thread: str | None = None,
        seconds: float = 0.0,
    ) -> str:
        """Press a button, wait for the answer, and give what only this person sees of it.

        Where the bot acknowledges without a word, words are waited for so many `seconds` more.

        Raises:
            LookupError: there is no such button. TimeoutError: the bot was thinking for ever.
        """
        channel = self._channel(place, thread)
        said = self._visible(channel.messages[message_id], person)
        buttons = [each for each in walk(said.components) if each["type"] == BUTTON]
        fits = [each for each in buttons if caption(each) == label and not each.get("disabled")]
        if not fits:
            raise LookupError(f"no button {label!r} there, but {shown(said).buttons}")
        data = {"custom_id": fits[0]["custom_id"], "component_type": BUTTON, "id": fits[0]["id"]}
        made = self.interactions.start(COMPONENT, channel, self._user(person), data, said)
        return await self._answer(made, seconds)

    async def select(
        self,
        place: Place,
        person: Person,
        message_id: str,
        value: str,
        *,
        thread: str | None = None,
    ) -> str:
        """Pick an option of a select, by its value or its label; else as `press`."""
        channel = self._channel(place, thread)
        said = self._visible(channel.messages[message_id], person)
        for each in walk(said.components):
            if each["type"] in SELECTS:
                options = {option["label"]: option["value"] for option in each.get("options", ())}
                if value in options or value in options.values():
                    data = {
                        "custom_id": each["custom_id"],
                        "component_type": each["type"],
                        "values": [options.get(value, value)],
                        "id": each["id"],
                    }
                    who = self._user(person)
                    made = self.interactions.start(COMPONENT, channel, who, data, said)
                    return await self._answer(made)
        raise LookupError(f"no option {value!r} there, but {shown(said).options}")

    async def command(
        self,
        place: Place,
        person: Person,
        name: str,
        args: str | Mapping[str, object] = "",
        *,
        thread: str | None = None,
    ) -> str:
        """Give a slash command that is registered; else as `press`."""
        found = self._registered(name)
        data = {"id": found["id"], "name": name, "type": 1, "options": commands.filled(found, args)}
        where = self._channel(place, thread)
        who = self._user(person)
        rights = self.desk.world.rights(where, who)
        if not commands.offered(found, direct=where.guild is None, rights=rights):
            raise LookupError(f"/{name} is not offered there")
        made = self.interactions.start(SLASH, where, who, data)
        return await self._answer(made)

    async def autocomplete(
        self, place: Place, person: Person, name: str, option: str, text: str
    ) -> Sequence[str]:
        """Type into an option of a command, and give the names of what is offered."""
        found = self._registered(name)
        one = next(each for each in found["options"] if each["name"] == option)
        if not one.get("autocomplete"):
            raise LookupError(f"/{name} offers nothing for {option}")
        typed = {"name": option, "type": one["type"], "value": text, "focused": True}
        data = {"id": found["id"], "name": name, "type": 1, "options": [typed]}
        where, who = self._channel(place), self._user(person)
        made = self.interactions.start(AUTOCOMPLETE, where, who, data)
        await self._acknowledged(made)
        return [each["name"] for each in made.choices]

    async def _answer(self, made: Interaction, seconds: float = 0.0) -> str:
        """Wait until it is acknowledged, and if the bot is thinking, until it has answered."""
        if not await self._acknowledged(made):
            return FAILED[made.kind]
        if made.answer == MODAL and made.modal is not None:
            return str(made.modal["title"])
        said = made.original
        if made.answer == DEFERRED and said is not None:
            here = made.channel.messages
            await self.until(lambda: not said.flags & LOADING or said.id not in here)
        elif made.answer == DEFERRED_UPDATE and seconds:
            with suppress(TimeoutError):
                await self.until(lambda: self._whispers(made), seconds=seconds)
        return "\n".join(self._whispers(made))

    @staticmethod
    def _whispers(made: Interaction) -> Sequence[str]:
        """What this interaction's answers are that only its person sees."""
        return [
            shown(each).text
            for each in made.channel.messages.values()
            if each.whispered_to is made.person and (each.interaction or {}).get("id") == made.id
        ]

    async def _acknowledged(self, made: Interaction) -> bool:
        try:
            seconds = self.interactions.ack_seconds
            await self.until(lambda: made.answer is not None, seconds=seconds)
        except TimeoutError:
            return False
        return True

    def _registered(self, name: str) -> dict[str, Any]:
        for each in self.desk.world.commands.values():
            if each["name"] == name:
                return each
        raise LookupError(f"/{name} is not registered")

    @staticmethod
    def _visible(said: Said, person: Person) -> Said:
        if said.whispered_to is not None and said.whispered_to.id != person.id:
            raise LookupError(f"{person.name} does not see that message")
        return said
