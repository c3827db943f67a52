# Shows that a person can talk to a bot by hand: messages, edits, buttons, drafts and their Stop.

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator

import pytest
import telegram
import yaml
from telegram.request import HTTPXRequest

from tests.patience import PATIENCE

BUTTON = telegram.InlineKeyboardButton("⏹ Stop", callback_data="stop:1")
ASKED = [*telegram.Update.ALL_TYPES, "stopped_message_generation"]


async def read_to(process: Process, end: str) -> str:
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(PATIENCE):
        while end not in text:
            line = await process.stdout.readline()
            assert line, text
            text += line.decode()
    return text


async def write(process: Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()


class Desk:
    """The program that was started by hand, and a bot that works with what it printed."""

    def __init__(self, process: Process, api: telegram.Bot, owner: str) -> None:
        self.process = process
        self.api = api
        self.owner = owner
        self._next = 0

    async def update(self) -> telegram.Update:
        (found,) = await self.api.get_updates(
            self._next, limit=1, timeout=20, allowed_updates=ASKED
        )
        self._next = found.update_id + 1
        return found

    async def message(self, line: str) -> telegram.Message:
        await write(self.process, line)
        found = (await self.update()).message
        assert found is not None
        return found


@contextlib.asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    command = [sys.executable, "-m", "tests.simulators", "telegram"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, env=environment
    )
    greeting = await read_to(process, "Ctrl-D")
    config = yaml.safe_load(greeting.partition("\nThe bot")[0])
    block = config["platforms"]["telegram"]
    api = telegram.Bot(
        block["token"],
        base_url=block["base_url"],
        request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
    )
    async with api:
        yield Desk(process, api, config["access"]["owners"][0])
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


async def test_messages_edits_and_buttons_can_be_seen_and_pressed():
    async with desk() as it:
        message = await it.message("hello")
        assert it.owner == f"telegram:{message.chat_id}"
        keyboard = telegram.InlineKeyboardMarkup([[BUTTON]])
        await message.set_reaction("👀")
        await read_to(it.process, "MoA 👀")
        quote = telegram.MessageEntity("expandable_blockquote", 8, 5)
        sent = await message.reply_text("Working\non it", entities=[quote], reply_markup=keyboard)
        assert "  Working\n  │ on it\n  [⏹ Stop]" in await read_to(it.process, "[⏹ Stop]")
        await write(it.process, "/press Stop")
        query = (await it.update()).callback_query
        assert query is not None
        await query.answer("Stopped.")
        await read_to(it.process, "(Stopped.)")
        await sent.edit_text("Done")
        assert "(edited)" in await read_to(it.process, "  Done")


async def test_a_draft_can_be_seen_and_stopped():
    async with desk() as it:
        chat = (await it.message("hello")).chat_id
        await it.api.send_message_draft(chat, 5, "Hel", api_kwargs={"can_stop": True})
        assert "  Hel" in await read_to(it.process, "[■ Stop]")
        await write(it.process, "/stop")
        update = await it.update()
        assert update.api_kwargs["stopped_message_generation"]["draft_id"] == 5


async def test_a_group_is_made_by_naming_it():
    async with desk() as it:
        await write(it.process, "#team what do you say?")
        assert (await it.update()).my_chat_member is not None
        message = (await it.update()).message
        assert message is not None
        assert (message.chat.title, message.text) == ("team", "what do you say?")
        await message.reply_text("Hello")
        assert "#team" in await read_to(it.process, "  Hello")


@pytest.mark.parametrize("platform", ["telegram", "discord", "slack"])
async def test_whoever_cannot_type_is_told_what_to_put_into_the_file_all_the_same(platform):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.simulators", platform),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    await read_to(process, "127.0.0.1:")
    process.terminate()
    _, complaints = await process.communicate()
    assert "_add_reader" not in complaints.decode()
