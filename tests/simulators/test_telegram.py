# Shows that people in the Telegram simulator do what people do, seen by the real client library.

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import telegram
from aiohttp import web
from telegram.request import HTTPXRequest

from tests.simulators.base import Fault
from tests.simulators.telegram import TelegramSimulator

STOP = telegram.InlineKeyboardMarkup(
    [[telegram.InlineKeyboardButton("Stop", callback_data="stop:1")]]
)
EVERYTHING = [*telegram.Update.ALL_TYPES, "stopped_message_generation"]


class Bot:
    """A bot that reads what it has not read yet."""

    def __init__(self, api: telegram.Bot) -> None:
        self.api = api
        self._next = 0

    async def updates(self, seconds: int = 0) -> Sequence[telegram.Update]:
        found = await self.api.get_updates(self._next, timeout=seconds, allowed_updates=EVERYTHING)
        self._next = found[-1].update_id + 1 if found else self._next
        return found

    async def messages(self) -> Sequence[telegram.Message]:
        return [each.message for each in await self.updates() if each.message is not None]


@contextlib.asynccontextmanager
async def running(**switches: Any) -> AsyncIterator[tuple[TelegramSimulator, Bot]]:
    async with TelegramSimulator(**switches) as simulator:
        api = telegram.Bot(
            simulator.token,
            base_url=simulator.base_url,
            base_file_url=simulator.base_file_url,
            request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
            get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
        )
        async with api:
            yield simulator, Bot(api)


async def test_a_person_says_something_and_the_bot_answers_edits_and_deletes():
    async with running() as (people, bot):
        ann = people.person("Ann")
        chat = people.dm(ann)
        with pytest.raises(telegram.error.Forbidden, match="initiate"):
            await bot.api.send_message(int(chat.id), "hello")
        await people.say(chat, ann, "hi there")
        (message,) = await bot.messages()
        assert (message.text, message.chat.type) == ("hi there", "private")
        sent = await bot.api.send_message(message.chat.id, "Hello", disable_notification=True)
        await sent.edit_text(
            "Hello, Ann", reply_markup=STOP, link_preview_options=telegram.LinkPreviewOptions(True)
        )
        (shown,) = people.shown(chat)
        assert (shown.text, shown.edits, shown.buttons) == ("Hello, Ann", 1, ("Stop",))
        assert (shown.silent, shown.previews) == (True, False)
        assert [text for _, text in shown.versions] == ["Hello", "Hello, Ann"]
        await sent.delete()
        assert people.shown(chat) == []
        sent = await message.reply_text("Hello again", do_quote=True)
        await people.delete(chat, str(sent.message_id))
        with pytest.raises(telegram.error.BadRequest, match="to edit not found"):
            await sent.edit_text("Hello, Ann")


async def test_what_is_not_confirmed_comes_again():
    async with running() as (people, bot):
        ann = people.person("Ann")
        for text in ("one", "two", "three"):
            await people.say(people.dm(ann), ann, text)
        one, two, three = await bot.api.get_updates()
        assert await bot.api.get_updates(limit=2) == (one, two)
        people.faults.plan("getUpdates", Fault(kind="drop"))
        with pytest.raises(telegram.error.NetworkError):
            await bot.api.get_updates(offset=two.update_id)
        assert await bot.api.get_updates() == (two, three)
        assert await bot.api.get_updates(offset=-1) == (three,)
        assert await bot.api.get_updates() == (three,)
        assert await bot.api.get_updates(offset=three.update_id + 1) == ()


async def test_a_poll_is_held_until_something_is_said():
    async with running() as (people, bot), asyncio.TaskGroup() as tasks:
        ann = people.person("Ann")
        poll = tasks.create_task(bot.updates(seconds=20))
        await people.until(lambda: people.updates.waiting)
        (held,) = people.requests.of("getUpdates")
        assert held.status == 0
        await people.say(people.dm(ann), ann, "hi")
        assert len(await poll) == 1
        (held,) = people.requests.of("getUpdates")
        assert held.status == 200


async def test_a_second_poller_throws_the_first_out():
    async with running() as (people, bot), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_conflict(bot))
        await people.until(lambda: people.updates.waiting)
        await bot.updates()
        assert "other getUpdates" in await first


async def _conflict(bot: Bot) -> str:
    with pytest.raises(telegram.error.Conflict) as caught:
        await bot.updates(seconds=20)
    return str(caught.value)


async def test_only_what_is_asked_for_is_sent():
    async with running() as (people, bot):
        ann = people.person("Ann")
        await bot.api.get_updates(allowed_updates=["message"])
        number = await people.say(people.dm(ann), ann, "hi")
        await people.edit(people.dm(ann), number, "hello")
        (update,) = await bot.api.get_updates()
        assert update.message is not None
        await bot.updates()
        await people.edit(people.dm(ann), number, "hello!")
        (edited,) = await bot.updates()
        assert edited.edited_message is not None
        assert edited.edited_message.edit_date is not None


async def test_a_webhook_gets_every_update_until_it_has_taken_it():
    seen: list[tuple[str | None, int]] = []

    async def hook(request: web.Request) -> web.Response:
        update = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        seen.append((secret, update["update_id"]))
        people.changes.tell()
        return web.Response(status=200 if len(seen) > 1 else 503)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with running() as (people, bot):
        ann = people.person("Ann")
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await bot.api.set_webhook(url, secret_token="sesame")
        await people.say(people.dm(ann), ann, "hi")
        await people.until(lambda: len(seen) == 2 and not people.updates.pending)
        assert seen[0] == seen[1]
        assert seen[0][0] == "sesame"
        info = await bot.api.get_webhook_info()
        assert (info.url, info.pending_update_count) == (url, 0)
        assert "503" in str(info.last_error_message)
        with pytest.raises(telegram.error.Conflict, match="webhook is active"):
            await bot.updates()
        await bot.api.delete_webhook()
        assert await bot.updates() == ()
    await runner.cleanup()


async def test_a_press_is_answered_to_its_presser_alone():
    async with running() as (people, bot), asyncio.TaskGroup() as tasks:
        ann, ben = people.person("Ann"), people.person("Ben")
        group = people.group("Team", ann, ben)
        (joined,) = await bot.updates()
        assert joined.my_chat_member is not None
        assert joined.my_chat_member.new_chat_member.status == "member"
        sent = await bot.api.send_message(int(group.id), "Working", reply_markup=STOP)
        press = tasks.create_task(people.press(group, ben, str(sent.message_id), "Stop"))
        (update,) = await bot.updates(seconds=5)
        query = update.callback_query
        assert query is not None
        assert (query.data, query.from_user.id) == ("stop:1", int(ben.id))
        await query.answer("Not yours")
        assert await press == "Not yours"
        with pytest.raises(telegram.error.BadRequest, match="too old"):
            await query.answer("again")
        with pytest.raises(LookupError, match="Retry"):
            await people.press(group, ben, str(sent.message_id), "Retry")


async def test_a_draft_is_private_passes_and_gives_way_to_a_message():
    async with running() as (people, bot):
        ann = people.person("Ann")
        chat, group = people.dm(ann), people.group("Team", ann)
        await people.say(chat, ann, "hi")
        await bot.api.send_message_draft(int(chat.id), 7, "")
        await bot.api.send_message_draft(int(chat.id), 7, "Hel")
        assert [each.text for each in people.drafts(chat)] == ["Hel"]
        assert [each.text for each in people.chat(chat).drafted] == ["", "Hel"]
        people.pass_time(29)
        assert people.drafts(chat)
        people.pass_time(2)
        assert not people.drafts(chat)
        await bot.api.send_message_draft(int(chat.id), 8, "Hello")
        await bot.api.send_message(int(chat.id), "Hello, Ann")
        assert not people.drafts(chat)
        with pytest.raises(telegram.error.BadRequest, match="non-zero"):
            await bot.api.send_message_draft(int(chat.id), 0, "x")
        with pytest.raises(telegram.error.BadRequest, match="Textdraft_peer_invalid"):
            await bot.api.send_message_draft(int(group.id), 7, "x")


async def test_a_native_stop_reaches_the_bot_and_ends_the_draft():
    async with running() as (people, bot):
        ann = people.person("Ann")
        chat = people.dm(ann)
        await people.say(chat, ann, "hi")
        await bot.updates()
        await bot.api.send_message_draft(int(chat.id), 7, "Hel")
        with pytest.raises(LookupError):
            await people.native_stop(chat, ann)
        stoppable = {"can_stop": True, "keep_on_stop": True}
        await bot.api.send_message_draft(int(chat.id), 8, "Hello", api_kwargs=stoppable)
        await people.native_stop(chat, ann)
        (update,) = await bot.updates()
        stopped = update.api_kwargs["stopped_message_generation"]
        assert (stopped["draft_id"], stopped["chat"]["id"]) == (8, int(chat.id))
        await bot.api.send_message_draft(int(chat.id), 8, "Hello, A", api_kwargs=stoppable)
        assert [each.text for each in people.drafts(chat)] == ["Hello"]


async def test_a_forum_has_topics_and_a_general_one_without_a_number():
    async with running(privacy=False) as (people, bot):
        ann = people.person("Ann")
        forum = people.group("Club", ann, forum=True)
        topic = people.topic(forum, "Cooking")
        await people.say(forum, ann, "in the topic", thread=topic)
        await people.say(forum, ann, "in General")
        opened, inside, general = await bot.messages()
        assert opened.forum_topic_created is not None
        assert (inside.message_thread_id, inside.is_topic_message) == (int(topic), True)
        assert inside.reply_to_message is not None, "it replies to what opened the topic"
        assert inside.reply_to_message.forum_topic_created is not None
        assert (general.message_thread_id, general.is_topic_message) == (None, None)
        await bot.api.send_message(int(forum.id), "here", message_thread_id=int(topic))
        await inside.reply_text("a reply goes where it replies")
        await bot.api.send_message(int(forum.id), "there")
        assert [each.text for each in people.shown(forum, thread=topic)] == [
            "here",
            "a reply goes where it replies",
        ]
        await people.say(forum, ann, "a reply in General", reply_to=str(general.message_id))
        (reply,) = await bot.messages()
        assert (reply.message_thread_id, reply.is_topic_message) == (general.message_id, None)
        for thread in (1, 99, general.message_id):
            with pytest.raises(telegram.error.BadRequest, match="thread not found"):
                await bot.api.send_message(int(forum.id), "x", message_thread_id=thread)
        people.delete_topic(forum, topic)
        with pytest.raises(telegram.error.BadRequest, match="thread not found"):
            await bot.api.send_message(int(forum.id), "x", message_thread_id=int(topic))
