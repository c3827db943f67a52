# Shows that the Telegram simulator refuses what Telegram refuses, in its words and status.

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from telegram.constants import ReactionEmoji

from tests.simulators.base import Fault
from tests.simulators.telegram import Person, Place, TelegramSimulator
from tests.simulators.telegram.flood import Flood
from tests.simulators.telegram.reactions import ALLOWED
from tests.simulators.telegram.refusal import Refusal
from tests.simulators.telegram.state import Chat

STOP = {"text": "Stop", "callback_data": "stop:1"}
BOLD = {"type": "bold", "offset": 0, "length": 2}


class Raw:
    """A client that sends what it is told to, and gives status and body."""

    def __init__(self, simulator: TelegramSimulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.session = session
        self.chat: Place
        self.ann: Person

    async def __call__(self, method: str, **params: object) -> tuple[int, dict[str, Any]]:
        url = f"{self.simulator.base_url}{self.simulator.token}/{method}"
        async with self.session.post(url, json=params) as response:
            return response.status, await response.json()

    async def error(self, method: str, **params: object) -> str:
        status, body = await self(method, **params)
        assert body["ok"] is (status == 200)
        if status != 200:
            assert body["error_code"] == status
        return str(body.get("description", ""))

    async def sent(self, **params: object) -> int:
        _, body = await self("sendMessage", **{"chat_id": self.chat.id, "text": "Hello", **params})
        return int(body["result"]["message_id"])


@contextlib.asynccontextmanager
async def raw(**switches: Any) -> AsyncIterator[Raw]:
    async with TelegramSimulator(**switches) as simulator, aiohttp.ClientSession() as session:
        client = Raw(simulator, session)
        client.ann = simulator.person("Ann")
        client.chat = simulator.dm(client.ann)
        await simulator.say(client.chat, client.ann, "hi")
        yield client


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "  \n "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "👍" * 2049}, "message is too long"),
        ({"text": "👍" * 2048}, ""),
        ({"text": f"<b>{'x' * 4096}</b>", "parse_mode": "HTML"}, ""),
        ({"text": "x", "chat_id": 1}, "chat not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "message_thread_id": 99}, "message thread not found"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "to be replied not found"),
        (
            {
                "text": "x",
                "reply_parameters": {"message_id": 99, "allow_sending_without_reply": True},
            },
            "",
        ),
        ({"text": "👍x", "entities": [{**BOLD, "offset": 1, "length": 1}]}, "begins in a middle"),
        ({"text": "x👍", "entities": [BOLD]}, "ends in a middle of a UTF-16 symbol"),
        ({"text": "abc", "entities": [{**BOLD, "length": 9}]}, "ends after the end of the text"),
        ({"text": "abc", "entities": [{**BOLD, "offset": 7}]}, "begins after the end"),
        ({"text": "abc", "entities": [{**BOLD, "type": "shiny"}]}, "Unsupported type"),
        ({"text": "abc", "entities": [{**BOLD, "type": "text_link"}]}, 'Can\'t find field "url"'),
        (
            {
                "text": "abc",
                "entities": [{**BOLD, "type": "text_link", "url": "javascript:alert(1)"}],
            },
            "is invalid",
        ),
        ({"text": "abc", "parse_mode": "XML"}, "unsupported parse_mode"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "Can't find end tag"),
        ({"text": "a <x>", "parse_mode": "HTML"}, 'start tag "x" at byte offset 2'),
        ({"text": "<b><i>x</b></i>", "parse_mode": "HTML"}, "Unmatched end tag"),
        ({"text": "a.", "parse_mode": "MarkdownV2"}, "Character '.' is reserved"),
        ({"text": "*a", "parse_mode": "MarkdownV2"}, "Can't find end of Bold entity"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}}, "Text buttons"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
    ],
)
async def test_what_cannot_be_sent_is_refused_in_telegrams_words(params, words):
    async with raw() as call:
        error = await call.error("sendMessage", **{"chat_id": call.chat.id, **params})
        assert words in error
        assert bool(words) is bool(error)


@pytest.mark.parametrize(
    ("data", "words"),
    [("", "BUTTON_DATA_INVALID"), ("é" * 33, "BUTTON_DATA_INVALID"), ("é" * 32, "")],
)
async def test_what_a_button_carries_has_1_to_64_bytes(data, words):
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": data}]]}
    async with raw() as call:
        error = await call.error("sendMessage", chat_id=call.chat.id, text="x", reply_markup=markup)
        assert words in error
        assert bool(words) is bool(error)


@pytest.mark.parametrize(
    ("rows", "fits"), [([[STOP] * 8] * 12, True), ([[STOP] * 9], False), ([[STOP]] * 101, False)]
)
async def test_a_keyboard_has_100_buttons_and_8_in_a_row(rows, fits):
    async with raw() as call:
        markup = json.dumps({"inline_keyboard": rows})
        status, _ = await call("sendMessage", chat_id=call.chat.id, text="x", reply_markup=markup)
        assert (status == 200) is fits


async def test_edits_are_refused_as_telegram_does():
    async with raw(strict=False) as call:
        chat, markup = call.chat.id, {"inline_keyboard": [[STOP]]}
        ours = await call.sent(text="Hello *", reply_markup=markup)
        theirs = next(iter(call.simulator.chat(call.chat).messages))

        async def edit(number: int, text: str, **more: object) -> str:
            return await call.error(
                "editMessageText", chat_id=chat, message_id=number, text=text, **more
            )

        assert "not modified" in await edit(ours, " Hello * \n", reply_markup=markup)
        assert not await edit(ours, "Hello *"), "without its buttons it is another message"
        assert "not modified" in await edit(ours, "Hello *")
        assert not await edit(ours, "Hello *", entities=[BOLD])
        assert "not found" in await edit(999, "x")
        assert "can't be edited" in await edit(theirs, "x")
        assert "MESSAGE_TOO_LONG" in await edit(ours, "x" * 4097)
        gone = await call.error("deleteMessage", chat_id=chat, message_id=999)
        assert "message to delete not found" in gone


async def test_the_hundred_and_first_entity_is_dropped_without_a_word():
    entities = [{"type": "bold", "offset": 2 * at, "length": 1} for at in range(120)]
    async with raw() as call:
        await call.sent(text="x " * 120, entities=entities)
        (shown,) = call.simulator.shown(call.chat)
        assert len(shown.entities) == 100


async def test_the_account_is_asked_for_by_its_token_and_methods_by_their_names():
    async with raw() as call:
        assert await call.error("sendTelepathy") == "Not Found"
        assert (await call("GETME"))[0] == 200
        call.simulator.revoke()
        async with call.session.get(f"{call.simulator.base_url}1:x/getMe") as response:
            assert response.status == 401
            assert (await response.json())["description"] == "Unauthorized"


async def test_parameters_come_in_four_ways():
    async with raw() as call:
        url = f"{call.simulator.base_url}{call.simulator.token}/sendMessage"
        markup = json.dumps({"inline_keyboard": [[STOP]]})
        params = {"chat_id": call.chat.id, "text": "Hello", "reply_markup": markup}
        form = aiohttp.FormData(params, default_to_multipart=True)
        ways: list[dict[str, Any]] = [
            {"params": params},
            {"data": params},
            {"data": form},
            {"json": {**params, "reply_markup": json.loads(markup)}},
        ]
        for way in ways:
            async with call.session.post(url, **way) as response:
                assert response.status == 200
        shown = call.simulator.shown(call.chat)
        assert [each.buttons for each in shown] == [("Stop",)] * 4


async def test_reactions_are_the_documented_ones():
    assert {str(each.value) for each in ReactionEmoji} == ALLOWED
    async with raw() as call:
        number = next(iter(call.simulator.chat(call.chat).messages))

        async def react(*emoji: str) -> str:
            reaction = [{"type": "emoji", "emoji": each} for each in emoji]
            return await call.error(
                "setMessageReaction", chat_id=call.chat.id, message_id=number, reaction=reaction
            )

        assert await react("✅") == "Bad Request: REACTION_INVALID"
        assert await react("👀", "👌") == "Bad Request: REACTIONS_TOO_MANY"
        assert not await react("👀")
        assert call.simulator.reactions(call.chat, str(number)) == ["👀"]
        assert not await react()
        assert call.simulator.reactions(call.chat, str(number)) == []


async def test_a_chat_takes_a_burst_and_then_a_message_a_second():
    async with raw() as call:
        answers = [await call("sendMessage", chat_id=call.chat.id, text="x") for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 5 + [429]
        _, body = answers[-1]
        seconds = body["parameters"]["retry_after"]
        assert body["description"] == f"Too Many Requests: retry after {seconds}"
        assert 1 <= seconds <= 5
        assert call.simulator.flood.refused == 1


async def test_a_group_takes_twenty_a_minute_and_edits_count():
    async with raw() as call:
        group = call.simulator.group("Team", call.ann)
        call.chat = group
        number, statuses = await call.sent(), []
        for at in range(20):
            call.simulator.pass_time(1.1)
            statuses.append(
                (await call("editMessageText", chat_id=group.id, message_id=number, text=f"{at}"))[
                    0
                ]
            )
        assert statuses == [200] * 19 + [429]


async def test_a_flood_wait_holds_one_chat_alone():
    async with raw() as call:
        ben = call.simulator.person("Ben")
        other = call.simulator.dm(ben)
        await call.simulator.say(other, ben, "hi")
        call.simulator.flood_wait(call.chat, 30)
        assert "retry after 30" in await call.error("sendMessage", chat_id=call.chat.id, text="x")
        assert not await call.error("sendMessage", chat_id=other.id, text="x")


async def test_faults_refuse_drop_and_reset():
    async with raw() as call:
        faults, chat = call.simulator.faults, call.chat
        faults.plan("sendMessage", Fault(kind="refuse", status=429, retry_after=7))
        status, body = await call("sendMessage", chat_id=chat.id, text="one")
        assert (status, body["parameters"]) == (429, {"retry_after": 7})
        faults.plan("sendMessage", Fault(kind="drop"), Fault(kind="reset"))
        for text in ("two", "three"):
            with pytest.raises(aiohttp.ClientError):
                await call("sendMessage", chat_id=chat.id, text=text)
        assert [each.text for each in call.simulator.shown(chat)] == ["two"]
        faults.plan("sendMessage", Fault(kind="refuse", status=502, error=""))
        assert (await call("sendMessage", chat_id=chat.id, text="four"))[0] == 502


async def test_commands_are_kept_by_scope_and_language():
    async with raw() as call:
        ask = [{"command": "ask", "description": "Ask"}]
        chats = {"type": "all_group_chats"}
        assert not await call.error("setMyCommands", commands=ask, scope=chats, language_code="de")
        for scope, language, found in ((chats, "de", ask), (chats, "", []), (None, "de", [])):
            _, body = await call("getMyCommands", scope=scope, language_code=language)
            assert body["result"] == found
        wrong = [{"command": "Ask-me", "description": "x"}]
        assert "BOT_COMMAND_INVALID" in await call.error("setMyCommands", commands=wrong)


def test_the_whole_account_sends_thirty_a_second():
    flood = Flood()
    for number in range(30):
        flood.message(Chat(id=number, kind="private", title=""), now=1.0)
    with pytest.raises(Refusal, match="retry after 1"):
        flood.message(Chat(id=30, kind="private", title=""), now=1.5)
    flood.message(Chat(id=30, kind="private", title=""), now=2.0)
