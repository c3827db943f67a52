"""Commands, buttons and menus: stored first, acknowledged in time, answered to one person alone."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import ChatError, Overloaded, StoreFull
from core.frames import Button, File, Frame
from core.types import Command, Press
from tests.adapters.chat.discord.desk import (
    DELIVERY,
    TURN,
    Bot,
    notice,
    panel,
    part,
    running,
)
from tests.simulators.base import Fault


async def answer(bot: Bot, discord, *frames: Frame, count: int = 1) -> Command | Press:
    """Whisper to the next command or press."""
    await discord.until(lambda: len(bot.inbox.commands) + len(bot.inbox.presses) >= count)
    to = (*bot.inbox.commands, *bot.inbox.presses)[-1]
    assert isinstance(to, Command | Press)
    for frame in frames:
        await bot.chat.whisper(to, frame)
    return to


async def group_of(discord, *coroutines):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in coroutines]
    return [task.result() for task in tasks]


async def test_a_command_is_answered_to_its_giver_alone(discord):
    ada, bob = discord.person("Ada"), discord.person("Bob")
    place = discord.group("general", ada, bob)
    async with running(discord) as bot:
        seen, to = await group_of(
            discord,
            discord.command(place, bob, "moa", {"preset": "fast", "scope": "channel"}),
            answer(bot, discord, notice("fast answers here now.")),
        )
    assert seen == "fast answers here now."
    assert (to.name, to.args) == ("moa", "fast channel")
    assert to.address.channel == place.id
    assert not to.author.is_admin
    (shown,) = discord.shown(place)
    assert shown.whispered_to == bob.id


async def test_ask_quotes_the_question_for_everybody(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    args = {"question": "What is @everyone *doing*?", "preset": "fast"}
    async with running(discord) as bot:
        await discord.command(place, ada, "ask", args)
        (command,) = bot.inbox.commands
        assert command.args == "preset:fast What is @everyone *doing*?"
        assert command.author.is_admin  # she owns the guild
        await bot.chat.whisper(command, notice("A word to you."))
    quote, whisper = discord.shown(place)
    assert quote.text == "> What is @\u200beveryone \\*doing\\*?"
    assert not quote.pings
    assert quote.whispered_to is None
    assert (whisper.text, whisper.whispered_to) == ("A word to you.", ada.id)


async def test_the_menu_offers_presets_while_somebody_types_and_is_registered_once(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    presets = ["review", "fast", *[f"team {n}" for n in range(40)], "x" * 101]
    async with running(discord, presets=presets):
        assert await discord.autocomplete(place, ada, "moa", "preset", "RE") == ["review"]
        assert len(await discord.autocomplete(place, ada, "ask", "preset", "")) == 25
    async with running(discord):
        await discord.autocomplete(place, ada, "moa", "preset", "")
    assert len(discord.requests.of("put_commands")) == 1


async def test_an_advisor_s_button_brings_the_whole_text_to_the_presser(discord):
    ada, bob = discord.person("Ada"), discord.person("Bob")
    place = discord.dm(ada)
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20))
    async with running(discord) as bot:
        await discord.say(place, ada, "Hi")
        await discord.until(lambda: bot.inbox.messages)
        address = bot.inbox.messages[0].address
        frame = panel("ok", "failed", settled=True)
        posted = await bot.chat.post(address, frame, delivery_id=DELIVERY)
    async with running(discord) as bot:  # buttons outlive the program
        _, press = await group_of(
            discord,
            discord.press(place, ada, posted, "👁 model_1"),
            answer(bot, discord, part(text), Frame(key="f", content=FILE)),
        )
        assert (press.action, press.turn_id, press.value) == ("advisors", TURN, "1")
        assert press.message_id == posted
        card, *whispers = discord.shown(place)
        assert "v2" in card.flags
        assert all(each.whispered_to == ada.id for each in whispers)
        assert [each.files for each in whispers][-1] == ("advice.md",)
        said = "".join(each.text for each in whispers)
        assert all(f"Paragraph {n}." in said for n in range(20))
    assert bob.id not in [each.whispered_to for each in discord.shown(place)]


FILE = File(turn_id=TURN, name="advice.md", text="# All of it")


async def test_a_preset_is_picked_from_a_list_that_goes_away(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    picks = [Button(action="pick", label=n, turn_id="", value=n) for n in ("review", "fast")]
    async with running(discord) as bot:
        await group_of(
            discord,
            discord.command(place, ada, "moa"),
            answer(bot, discord, notice("review answers here.", *picks)),
        )
        (shown,) = discord.shown(place)
        assert shown.options == ("review", "fast")
        await group_of(
            discord,
            discord.select(place, ada, shown.id, "fast"),
            answer(bot, discord, notice("fast answers here now."), count=2),
        )
        (press,) = bot.inbox.presses
        assert (press.action, press.value) == ("pick", "fast")
        (shown,) = discord.shown(place)
        assert (shown.text, shown.options) == ("fast answers here now.", ())


async def test_what_is_refused_is_told_and_what_is_not_stored_is_not_acknowledged(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    discord.interactions.ack_seconds = 0.5
    async with running(discord) as bot:
        bot.inbox.refusals.append(Overloaded("Too many questions are waiting."))
        assert await discord.command(place, ada, "help") == "Too many questions are waiting."
        bot.inbox.refusals.append(StoreFull("The disk is full."))
        assert await discord.command(place, ada, "help") == "The application did not respond"
        bot.inbox.refusals.append(Overloaded("Wait a bit."))
        asked = await discord.say(place, ada, "Hi", mention=True)
        await discord.until(lambda: discord.shown(place)[1:])
        assert discord.shown(place)[-1].reply_to == asked
        assert discord.shown(place)[-1].text == "Wait a bit."


async def test_an_interaction_that_is_told_twice_is_one_and_ends_nothing(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    discord.interactions.told = 2
    async with running(discord) as bot:
        seen, _ = await group_of(
            discord,
            discord.command(place, ada, "help"),
            answer(bot, discord, notice("This is how.")),
        )
        assert seen == "This is how."
        await discord.say(place, ada, "Still there?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
    assert len(bot.inbox.commands) == 1
    assert len(discord.requests.of("callback")) == 1
    assert not bot.chat._listener.replies._awaited


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_an_acknowledgement_whose_answer_is_lost_is_given_once_more(discord, kind):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        discord.faults.plan("callback", Fault(kind=kind))
        seen, _ = await group_of(
            discord,
            discord.command(place, ada, "help"),
            answer(bot, discord, notice("This is how.")),
        )
    assert seen == "This is how."
    assert [each.whispered_to for each in discord.shown(place)] == [ada.id]


async def test_an_acknowledgement_that_arrived_unanswered_twice_still_lets_it_be_answered(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        lost = Fault(kind="refuse", status=503, error="0 upstream connect error")
        discord.faults.plan("callback", Fault(kind="drop"), lost)
        seen, _ = await group_of(
            discord,
            discord.command(place, ada, "help"),
            answer(bot, discord, notice("This is how.")),
        )
    assert seen == "This is how."
    assert [each.whispered_to for each in discord.shown(place)] == [ada.id]


@pytest.mark.parametrize("where", ["callback", "edit_answer"])
@pytest.mark.parametrize("code", ["10062 Unknown interaction", "10015 Unknown Webhook"])
async def test_what_was_meant_for_one_person_is_never_posted_for_all(discord, where, code):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    discord.interactions.ack_seconds = 0.2
    async with running(discord) as bot:
        discord.faults.plan(where, Fault(kind="refuse", status=404, error=code))
        async with asyncio.TaskGroup() as group:
            giving = group.create_task(discord.command(place, ada, "help"))
            command = await answer(bot, discord)
            for text in ("Late", "Later"):
                with pytest.raises(ChatError, match="nobody else"):
                    await bot.chat.whisper(command, notice(text))
            giving.cancel()
    assert [each.text for each in discord.shown(place) if "thinking" not in each.flags] == []


@pytest.mark.parametrize("where", ["callback", "edit_answer"])
async def test_in_private_an_interaction_that_expired_is_answered_by_a_message(discord, where):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    discord.interactions.ack_seconds = 0.2
    async with running(discord) as bot:
        fault = Fault(kind="refuse", status=404, error="10062 Unknown interaction")
        discord.faults.plan(where, fault)
        async with asyncio.TaskGroup() as group:
            giving = group.create_task(discord.command(place, ada, "help"))
            await answer(bot, discord, notice("Late"), notice("Later"))
            shown = [each for each in discord.shown(place) if "thinking" not in each.flags]
            assert [each.text for each in shown] == ["Late", "Later"]
            giving.cancel()


async def test_in_a_server_who_manages_it_alone_is_shown_what_is_for_admins(discord):
    ada, bob = discord.person("Ada"), discord.person("Bob")
    place, private = discord.group("general", ada, bob), discord.dm(bob)  # it is her server
    async with running(discord) as bot:
        with pytest.raises(LookupError, match="is not offered there"):
            await discord.command(place, bob, "quiet")
        with pytest.raises(LookupError, match="is not offered there"):
            await discord.command(place, bob, "deny", {"person": ada.id})
        given = ((place, ada, "quiet"), (private, bob, "quiet"), (place, bob, "help"))
        for count, (where, who, name) in enumerate(given, start=1):
            _, to = await group_of(
                discord,
                discord.command(where, who, name),
                answer(bot, discord, notice("Heard."), count=count),
            )
            assert (to.name, to.author.id) == (name, who.id)
