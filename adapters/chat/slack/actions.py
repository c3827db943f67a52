"""Presses, choices and slash commands → `Incoming`, and the words that buttons carry. Pure.

Only words that we wrote ourselves are believed; whether somebody may press is not decided here.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2s
from typing import Final, get_args

from adapters.chat.slack.normalise import address_of, author_of, is_direct, milliseconds
from adapters.chat.slack.text import plain
from adapters.chat.slack.wire import Acted, Handle, Interaction, Me, Person, Place, Slash
from core import commands
from core.frames import Action, Button
from core.menu import MENU
from core.presets import VIRTUAL_PREFIX
from core.types import Author, Command, Message, Press

HOME_PRESET: Final = "moa_home_preset"
"""The action of the menu in the App Home."""

_ACTIONS: Final = frozenset(get_args(Action))
_WORDS: Final = frozenset(entry.name for entry in MENU)


def word_of(button: Button) -> str:
    """Write what a button carries."""
    return f"{button.action}:{button.turn_id}:{button.value}"


def press(
    platform: str, interaction: Interaction, acted: Acted, me: Me, person: Person | None
) -> Press | None:
    """Read a press; None if the word is none of ours."""
    word = acted.selected_option.value if acted.selected_option else acted.value or ""
    action, _, rest = word.partition(":")
    turn_id, _, value = rest.partition(":")
    if action not in _ACTIONS:
        return None
    channel = interaction.channel.id if interaction.channel else interaction.container.channel_id
    user = interaction.user.id
    below = interaction.message
    ts = below.ts if below else interaction.container.message_ts
    thread = (below.thread_ts if below else None) or interaction.container.thread_ts
    # What only one person sees opens no thread.
    root = thread or (None if interaction.container.is_ephemeral else ts)
    direct = is_direct(channel)
    return Press(
        event_id=_event_id(interaction, acted),
        address=address_of(platform, channel, root, direct=direct),
        author=_presser(interaction, channel, me, person),
        action=action,
        turn_id=turn_id,
        at=milliseconds(acted.action_ts),
        value=value,
        message_id=ts or None,
        reply_to=Place(thread=root or "", user=user, team=_team(interaction)).reply_to,
        direct=direct,
        handle=Handle(
            channel=channel,
            user=user,
            thread=thread or "",
            response_url=interaction.response_url or "",
        ).write(),
    )


def chosen_at_home(
    platform: str, interaction: Interaction, acted: Acted, me: Me, person: Person | None
) -> Command:
    """Read a choice in the App Home: my own preset, everywhere."""
    user = interaction.user.id
    value = acted.selected_option.value if acted.selected_option else ""
    return Command(
        event_id=_event_id(interaction, acted),
        address=address_of(platform, user, None, direct=True),
        author=_presser(interaction, user, me, person),
        name="moa",
        args=f"{VIRTUAL_PREFIX}{value} me",
        at=milliseconds(acted.action_ts),
        handle=Handle(channel="", user=user).write(),
    )


def command(platform: str, slash: Slash, me: Me, person: Person | None, at: int) -> Command:
    """Read `/moa WORD …`: a known word is the command, anything else is what `moa` is given."""
    word, _, rest = slash.text.strip().partition(" ")
    known = word.lower() in _WORDS
    direct = is_direct(slash.channel_id)
    return Command(
        event_id=_command_id(slash, at),
        address=address_of(platform, slash.channel_id, None, direct=direct),
        author=_slasher(slash, me, person),
        name=word.lower() if known else "moa",
        args=_given(word.lower(), rest, me) if known else plain(slash.text, me.user, {}),
        at=at,
        direct=direct,
        handle=Handle(
            channel=slash.channel_id, user=slash.user_id, response_url=slash.response_url
        ).write(),
    )


def _command_id(slash: Slash, at: int) -> str:
    """Tell a command from every other one, also on a server whose triggers are all the same."""
    if not slash.trigger_id:
        return f"{slash.channel_id}/{slash.user_id}/{at}"
    said = f"{slash.response_url} {slash.text}"
    rest = blake2s(said.encode(errors="replace"), digest_size=8).hexdigest()
    return f"{slash.trigger_id}/{slash.channel_id}/{slash.user_id}/{rest}"


def _given(name: str, rest: str, me: Me) -> str:
    """Give what follows a command; whom it names stays an id."""
    return rest.strip() if commands.takes_person(name) else plain(rest, me.user, {})


def asked(command: Command, slash: Slash, ts: str) -> Message:
    """Make `/moa ask TEXT` the question that it is, under the quote that was posted at `ts`."""
    said = commands.asked(command.args)
    return Message(
        event_id=command.event_id,
        address=address_of(
            command.address.platform, command.address.channel, ts, direct=command.direct
        ),
        author=command.author,
        text=said.text,
        at=command.at,
        message_id=ts,
        reply_to=Place(thread=ts, user=slash.user_id, team=slash.team_id).reply_to,
        direct=command.direct,
        preset=said.preset,
    )


def _event_id(interaction: Interaction, acted: Acted) -> str:
    return f"{acted.action_ts or interaction.trigger_id}/{interaction.user.id}/{acted.action_id}"


def _slasher(slash: Slash, me: Me, person: Person | None) -> Author:
    author = author_of(slash.user_id, slash.team_id, slash.channel_id, me=me, person=person)
    return _called(author, slash.user_name)


def _presser(interaction: Interaction, channel: str, me: Me, person: Person | None) -> Author:
    user = interaction.user
    author = author_of(user.id, _team(interaction), channel, me=me, person=person)
    return _called(author, user.name or user.username or "")


def _called(author: Author, name: str) -> Author:
    """Give somebody of whom only the id is known the name that came along."""
    return replace(author, name=name) if name and author.name == author.id else author


def _team(interaction: Interaction) -> str:
    return interaction.user.team_id or (interaction.team.id if interaction.team else "")


def of_words(to: Command | Press) -> Handle:
    """Say where to answer a command that was written as a message: such a one has no handle."""
    thread = Place.of(to.reply_to, to.address.thread).thread
    if thread == to.message_id:
        thread = ""  # in a thread that nobody has opened yet, a whisper is not seen
    return Handle(channel=to.address.channel, user=to.author.id, thread=thread)
