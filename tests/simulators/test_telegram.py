# Shows that the Telegram simulator is as strict as Telegram, through the real client library.

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import telegram
from telegram.request import HTTPXRequest

from tests.simulators.telegram import TelegramSimulator


@contextlib.asynccontextmanager
async def bot_of(simulator: TelegramSimulator) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(
        simulator.token,
        base_url=simulator.base_url,
        base_file_url=simulator.base_file_url,
        request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
    )
    async with bot:
        yield bot


async def test_a_person_says_something_and_the_bot_answers_edits_and_deletes():
    async with TelegramSimulator() as simulator, bot_of(simulator) as bot:
        ann = simulator.person("Ann")
        chat = simulator.dm(ann)
        with pytest.raises(telegram.error.Forbidden, match="initiate"):
            await bot.send_message(int(chat.id), "hello")
        await simulator.say(chat, ann, "hi there")
        (update,) = await bot.get_updates(timeout=5)
        assert update.message is not None
        assert update.message.text == "hi there"
        assert update.message.chat.type == "private"
        sent = await bot.send_message(update.message.chat.id, "Hello")
        assert (await sent.edit_text("Hello, Ann")) is not True
        (shown,) = simulator.shown(chat)
        assert (shown.text, shown.edits) == ("Hello, Ann", 1)
        with pytest.raises(telegram.error.BadRequest, match="not modified"):
            await sent.edit_text("Hello, Ann")
        await sent.delete()
        assert simulator.shown(chat) == []


async def test_what_is_not_confirmed_comes_again():
    async with TelegramSimulator() as simulator, bot_of(simulator) as bot:
        ann = simulator.person("Ann")
        await simulator.say(simulator.dm(ann), ann, "one")
        await simulator.say(simulator.dm(ann), ann, "two")
        one, two = await bot.get_updates()
        assert await bot.get_updates() == (one, two)
        assert await bot.get_updates(offset=two.update_id) == (two,)
        assert await bot.get_updates() == (two,)


async def test_a_second_poller_throws_the_first_out():
    async with TelegramSimulator() as simulator, bot_of(simulator) as bot:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(_conflict(bot))
            await simulator.until(lambda: simulator.updates.waiting)
            await bot.get_updates(timeout=0)
        assert "other getUpdates" in first.result()


async def _conflict(bot: telegram.Bot) -> str:
    with pytest.raises(telegram.error.Conflict) as caught:
        await bot.get_updates(timeout=10)
    return str(caught.value)


async def test_a_press_is_answered_to_its_presser_alone():
    async with TelegramSimulator() as simulator, bot_of(simulator) as bot:
        ann, ben = simulator.person("Ann"), simulator.person("Ben")
        group = simulator.group("Team", ann, ben)
        button = telegram.InlineKeyboardButton("Stop", callback_data="stop:1")
        sent = await bot.send_message(
            int(group.id), "Working", reply_markup=telegram.InlineKeyboardMarkup([[button]])
        )
        async with asyncio.TaskGroup() as tasks:
            press = tasks.create_task(simulator.press(group, ben, str(sent.message_id), "Stop"))
            updates = await bot.get_updates(timeout=5)
            query = updates[-1].callback_query or (await bot.get_updates(timeout=5))[-1]
            assert isinstance(query, telegram.CallbackQuery)
            assert query.data == "stop:1"
            await query.answer("Not yours")
        assert press.result() == "Not yours"
