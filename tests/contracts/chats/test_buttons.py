"""Buttons fit, are pressed, come back as what they were, and are answered to who pressed."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.frames import Action, Button
from core.types import Press
from tests.contracts.chats.frames import ACTIONS, TURN, answer, button, notice
from tests.contracts.chats.stand import Stand, Where

LONGEST = "v" * 40


async def pressed(stand: Stand, where: Where, message_id: str, label: str) -> Press:
    """Press a button as Ben and give what the adapter makes of it."""
    before = len(stand.inbox.presses)
    async with stand.pressing(where, message_id, label, who=None if where == "dm" else stand.ben):
        await stand.until(lambda: len(stand.inbox.presses) > before)
    return stand.inbox.presses[before]


def labelled(stand: Stand, where: Where, message_id: str, words: str) -> str:
    shown = stand.one(where, message_id).buttons
    return next(each for each in shown if words in each)


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_button_comes_back_as_the_press_that_it_was(stand: Stand, action: Action):
    asked = await stand.heard("group")
    one = button(action, f"Word {action}", value=LONGEST)
    frame = notice("Choose.", one) if action == "pick" else answer("Yes.", buttons=(one,))
    posted = await stand.post(asked, frame)
    await stand.restart()
    press = await pressed(stand, "group", posted, labelled(stand, "group", posted, "Word"))
    assert (press.action, press.turn_id, press.value) == (action, TURN, LONGEST)
    assert press.author.id == stand.ben.id
    assert press.address.session == asked.address.session
    assert press.message_id == posted
    assert not press.direct


async def test_in_private_a_press_is_of_that_conversation(stand: Stand):
    asked = await stand.heard("dm")
    posted = await stand.post(asked, answer("Yes."))
    press = await pressed(stand, "dm", posted, labelled(stand, "dm", posted, "Retry"))
    assert press.address.session == asked.address.session
    assert press.direct


async def test_all_buttons_of_an_answer_are_there(stand: Stand):
    asked = await stand.heard("group")
    wanted: tuple[Action, ...] = ("retry", "preset", "info", "up", "down", "remove")
    posted = await stand.post(asked, answer("Yes.", buttons=tuple(map(button, wanted))))
    for action in wanted:
        labelled(stand, "group", posted, button(action).label)


async def test_a_choice_of_many_is_shown_whole(stand: Stand):
    asked = await stand.heard("dm")
    choices = tuple(button("pick", f"Preset {n}", f"preset-{n}") for n in range(25))
    posted = await stand.post(asked, notice("Choose.", *choices))
    shown = stand.one("dm", posted).buttons
    assert [each.label for each in choices if each.label not in shown] == []


async def test_labels_of_any_length_and_kind_fit(stand: Stand):
    asked = await stand.heard("dm")
    labels = ("x" * 300, "@everyone <!channel>", "\x00\n", "👩‍👩‍👧" * 40, "")
    buttons = tuple(
        Button(action="advisors", label=label, turn_id=TURN, value=str(number))
        for number, label in enumerate(labels, 1)
    )
    first = answer("Yes.", buttons=buttons)
    posted = await stand.post(asked, first)
    await stand.chat.edit(asked.address, posted, first)
    assert stand.one("dm", posted).buttons


async def test_whoever_presses_is_answered_alone_where_the_platform_can(stand: Stand):
    asked = await stand.heard("group")
    posted = await stand.post(asked, answer("Yes.", buttons=(button("info"),)))
    label = labelled(stand, "group", posted, button("info").label)
    async with stand.pressing("group", posted, label, who=stand.ben) as told:
        await stand.until(lambda: stand.inbox.presses)
        await stand.chat.whisper(stand.inbox.presses[0], notice("It took $0.01."))
    whispers = [each for each in stand.shown("group") if each.whispered_to]
    assert [each.whispered_to for each in whispers] == [stand.ben.id] * len(whispers)
    assert "$0.01" in "".join([*map(str, told), *(each.text for each in whispers)])
    others = [each.text for each in stand.shown("group") if not each.whispered_to]
    assert not any("$0.01" in text and "took" in text for text in others)


async def test_whoever_gives_a_command_is_answered(stand: Stand):
    async with stand.commanding("group", "help"):
        await stand.until(lambda: stand.inbox.commands)
        (given,) = stand.inbox.commands
        await stand.chat.whisper(given, notice("You can ask."))
    assert given.name == "help"
    assert given.author.id == stand.ann.id
    seen = next(each for each in stand.shown("group") if "You can ask." in each.text)
    if "command" in stand.whispers:
        assert seen.whispered_to == stand.ann.id


async def test_a_press_that_is_refused_says_why(stand: Stand):
    asked = await stand.heard("group")
    posted = await stand.post(asked, answer("Yes."))
    stand.inbox.refusals.append(UsageError("That was long ago."))
    label = labelled(stand, "group", posted, "Retry")
    async with stand.pressing("group", posted, label) as told:
        await stand.until(lambda: not stand.inbox.refusals)

    def said() -> str:
        return "\n".join([*map(str, told), *(each.text for each in stand.shown("group"))])

    await stand.until(lambda: "That was long ago." in said())
    assert "That was long ago." in said()


async def test_a_question_that_is_refused_is_answered_with_the_reason(stand: Stand, where: Where):
    stand.inbox.refusals.append(UsageError("Please shorten it. @everyone"))
    await stand.say(where, "Hello")
    await stand.until(lambda: any("Please shorten it." in each.text for each in stand.shown(where)))
    assert not any(each.pings for each in stand.shown(where))
    assert (await stand.heard(where, "Short")).text == "Short"
    assert sum("Please shorten it." in each.text for each in stand.shown(where)) == 1
