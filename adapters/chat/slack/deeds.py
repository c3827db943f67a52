"""Presses and slash commands → the intake: what Slack sends once, and never again.

Decides what is done first so that all can see what a command asks. Who does it has to be known:
else it is not acknowledged, so that Slack says that it failed, and they are told to do it again.
"""

from __future__ import annotations

import logging

from adapters.chat.slack import actions
from adapters.chat.slack.taking import Surroundings, Taker
from adapters.chat.slack.wire import Interaction, Me, Person, Slash
from core.errors import ChatAway, ChatClosed, ChatError, StoreError, UserError
from core.texts import intake as said
from core.types import Command, Message, Press

log = logging.getLogger(__name__)


class Deeds:
    """Takes in what people do in one account."""

    def __init__(self, platform: str, me: Me, can: Surroundings, taker: Taker) -> None:
        """Take in for `platform`, where we are `me`."""
        self._platform = platform
        self._me = me
        self._can = can
        self._taker = taker

    async def interaction(self, interaction: Interaction) -> None:
        """Take in presses and choices.

        Raises:
            StoreError: they are not stored. ChatAway: Slack cannot say now who that is.
        """
        if interaction.type != "block_actions":
            return
        person = await self._person(interaction.user.id)
        known = self._can.people.tells(interaction.user.id)
        me = self._me.at(interaction.team.id if interaction.team else "")
        for acted in interaction.actions:
            incoming: Command | Press | None
            if acted.action_id == actions.HOME_PRESET:
                incoming = actions.chosen_at_home(self._platform, interaction, acted, me, person)
            else:
                incoming = actions.press(self._platform, interaction, acted, me, person)
            if incoming is not None:
                self._require(incoming, known=known)
                await self._taker.take(incoming)

    async def slash(self, slash: Slash) -> None:
        """Take in a command.

        Raises:
            StoreError: it is not stored. ChatAway: Slack cannot say now who that is.
        """
        person = await self._person(slash.user_id)
        me = self._me.at(slash.team_id)
        command = actions.command(self._platform, slash, me, person, self._taker.now())
        self._require(command, known=self._can.people.tells(slash.user_id))
        if command.name == "ask":
            await self._ask(command, slash)
        else:
            await self._taker.take(command)

    async def _person(self, user: str) -> Person | None:
        """Give what is known of somebody, after a moment if need be."""
        people = self._can.people
        person = (await people.of([user])).get(user)
        if people.tells(user):
            return person
        await people.learn(user, self._can.aside)
        return (await people.of([user])).get(user) if people.tells(user) else None

    def _require(self, done: Command | Press, *, known: bool) -> None:
        if not known:
            self._taker.tell(done, said.UNNAMED)
            raise ChatAway("Slack cannot say now who that is")

    async def _ask(self, command: Command, slash: Slash) -> None:
        """Take in `/moa ask`: it is quoted for all to see, if whoever asks is let in."""
        try:
            if not isinstance(await self._can.intake.admitted(command), Message):
                await self._taker.take(command)  # which says why it cannot be asked
                return
            ts = await self._can.quote(command)
        except UserError as error:
            self._taker.tell(command, str(error))
            return
        except ChatError as error:
            log.info("%s: a question was not quoted: %s", self._platform, error)
            why = said.UNINVITED if isinstance(error, ChatClosed) else said.UNTAKEN
            self._taker.tell(command, why)
            return
        message = actions.asked(command, slash, ts)
        try:
            taken = await self._can.intake(message)
        except UserError as error:
            taken = False
            self._taker.tell(command, str(error))
        except StoreError:  # Slack says that it failed
            self._can.aside(self._can.unquote(message))
            raise
        if not taken:
            self._can.aside(self._can.unquote(message))
