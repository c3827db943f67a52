"""What messengers bring, through the outermost entry that a stranger's words come in by.

Each target lets pass only what the program would survive: `Doorway`, `Hearing` and `Receiver` are
the running ones, in front of an intake that keeps what it is given. Whatever comes in has to come
back from the store as it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlencode

from aiohttp import streams, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from telegram.error import InvalidToken, TelegramError
from typing_extensions import override

from adapters.chat.discord.backfill import Seen
from adapters.chat.discord.hearing import Hearing
from adapters.chat.discord.incoming import Doorway as DiscordDoorway
from adapters.chat.discord.memberships import Memberships
from adapters.chat.discord.normalise import Setting
from adapters.chat.discord.places import Places
from adapters.chat.discord.replies import Replies
from adapters.chat.slack.door import Door
from adapters.chat.slack.receive import Receiver, Surroundings
from adapters.chat.slack.wire import Me as SlackMe
from adapters.chat.slack.wire import Person
from adapters.chat.telegram.account import Me
from adapters.chat.telegram.doorway import Doorway
from adapters.chat.telegram.options import Webhook
from adapters.chat.telegram.polling import poll
from adapters.chat.telegram.webhook import SECRET, Hook
from adapters.store import codec
from core.errors import ChatError, ChatRefused
from core.types import Incoming
from tests.fakes.clock import FakeClock
from tests.fakes.intake import Taking
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fuzz.mutants import mutant

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
Target: TypeAlias = Callable[[bytes], None]
_SIGNED: Final = "a secret"


def documents(folder: str) -> list[Any]:
    paths = sorted((FIXTURES / folder).glob("*.json"))
    return [json.loads(path.read_text("utf-8")) for path in paths]


TELEGRAM, DISCORD, SLACK = documents("telegram"), documents("discord"), documents("slack")


def _any(**given: object) -> Any:
    """Make what stands in for a part of an adapter that asks the platform."""
    return cast("Any", SimpleNamespace(**given))


async def _nothing(*_: object, **__: object) -> None:
    return None


async def _kept(incoming: Incoming) -> bool:
    """Take it in: it has an id, and comes back from the store as it was."""
    assert incoming.event_id, incoming
    assert codec.unpack(codec.pack(incoming), type(incoming)) == incoming
    return True


class _Taking(Taking):
    @override
    async def __call__(self, incoming: Incoming) -> bool:
        return await _kept(incoming)


def _run(main: Coroutine[Any, Any, None]) -> None:
    logging.disable(logging.CRITICAL)  # what cannot be read is told in a line each time
    try:
        run_virtual(main)
    finally:
        logging.disable(logging.NOTSET)


def _request(body: bytes, headers: Mapping[str, str]) -> web.Request:
    loop = asyncio.get_running_loop()
    content = streams.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    content.feed_data(body)
    content.feed_eof()
    return make_mocked_request("POST", "/", headers=headers, payload=content)


# --- Telegram -------------------------------------------------------------------------------


def _telegram(group: asyncio.TaskGroup) -> Doorway:
    async def marked(incoming: Incoming) -> Incoming:
        return incoming

    return Doorway(
        client=_any(post=_nothing),
        me=Me(id=700, username="Moa_Bot", reads_all=False),
        platform="telegram",
        clock=FakeClock(),
        intake=_Taking(_kept),
        presses=_any(hold=lambda _: None, release=lambda _: None, settle=_nothing),
        admins=_any(mark=marked),
        group=group,
    )


def telegram_polled(data: bytes) -> None:
    """What getUpdates gives, several at once."""
    _run(_polled([mutant(data, TELEGRAM), mutant(data[::-1], TELEGRAM)]))


async def _polled(raws: Sequence[Any]) -> None:
    asked = iter([[each for each in raws if isinstance(each, dict)]])

    async def updates(_: int | None) -> Sequence[Any]:
        found = next(asked, None)
        if found is None:
            raise InvalidToken("unauthorized")
        return found

    async def meet(error: Exception) -> None:
        assert isinstance(error, TelegramError), error

    trouble = _any(meet=meet, over=lambda: None)
    async with asyncio.TaskGroup() as group:
        account = _any(updates=updates, call=_nothing)
        try:
            await poll(account, _telegram(group).take, trouble, setting="telegram")
        except ChatRefused:
            return


def telegram_posted(data: bytes) -> None:
    """What is posted to the webhook by whoever knows its secret: any bytes, or an update."""
    _run(_posted(data[1:] if data[:1] == b"\xff" else dumped(mutant(data, TELEGRAM))))


async def _posted(body: bytes) -> None:
    hook = Hook("telegram", Webhook(url="https://x.example/telegram", secret=_SIGNED))
    account = _any(subscribe=_nothing)
    trouble = _any(meet=_nothing, over=lambda: None)
    async with asyncio.TaskGroup() as group:
        take = _telegram(group).take
        running = group.create_task(hook.run(account, take, trouble, setting="telegram"))
        await asyncio.sleep(0)
        answered = await hook.answer(_request(body, {SECRET: _SIGNED}))
        running.cancel()
    assert answered.status == 200, answered.status  # else it would come again for ever


# --- Discord --------------------------------------------------------------------------------

_EVENTS: Final = (
    *("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"),
    *("INTERACTION_CREATE", "READY", "GUILD_CREATE", "GUILD_DELETE", "CHANNEL_CREATE"),
    *("CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_DELETE", "THREAD_LIST_SYNC"),
    *("GUILD_ROLE_CREATE", "GUILD_ROLE_DELETE"),
)


def discord(data: bytes) -> None:
    """What Discord's gateway says: what the document is, or what another kind of it would be."""
    raw = mutant(data, DISCORD)
    other = _EVENTS[sum(data) % len(_EVENTS)]
    _run(_heard([("GUILD_CREATE", _GUILD), (_usual(raw), raw), (other, raw)]))


def _usual(raw: Any) -> str:
    if not isinstance(raw, dict):
        return "MESSAGE_CREATE"
    return "INTERACTION_CREATE" if "application_id" in raw else "MESSAGE_CREATE"


async def _heard(dispatches: Sequence[tuple[str, object]]) -> None:
    async def away(*_: object, **__: object) -> object:
        raise ChatError("Discord is not there")

    places, rest = Places(), _any(call=away)
    me = places.me = "1100000000000000001"
    door = DiscordDoorway(
        setting=Setting(platform="discord", me=me, places=places, threads="auto", application=me),
        rest=rest,
        replies=Replies(rest),
        seen=Seen(),
        clock=FakeClock(),
        presets=lambda _: ("review",),
        memberships=Memberships(rest, places, FakeClock(), lambda: ("guild:290926798629997250",)),
        intake=_Taking(_kept),
        asked=lambda _: None,
    )
    async with asyncio.TaskGroup() as group:
        hearing = Hearing(door, group, MemoryStore())
        for event, data in dispatches:
            await hearing.receive(event, data)
        await asyncio.sleep(60)
        hearing.close()


_GUILD: Final = next(each for each in DISCORD if "channels" in each)


# --- Slack ----------------------------------------------------------------------------------


def _slack() -> Receiver:
    async def known(ids: Sequence[str]) -> Mapping[str, Person]:
        return {each: Person(name="Ann") for each in ids}

    async def quote(_: object) -> str:
        return "1700000000.000100"

    def aside(work: Coroutine[None, None, None]) -> None:
        work.close()

    can = Surroundings(
        intake=_Taking(_kept),
        people=_any(of=known, insist=lambda *_: True, tells=lambda _: True),
        streams=_any(settle=lambda *_: None),
        turn_in=lambda *_: "",
        clock=FakeClock(),
        quote=quote,
        unquote=_nothing,
        home=_nothing,
        whisper=_nothing,
        aside=aside,
    )
    me = SlackMe(user="U0BOT0001", bot="B0MOA0001", team="T0123ABCD", enterprise="")
    return Receiver("slack", me, can)


def slack_envelope(data: bytes) -> None:
    """What comes over Socket Mode: events, presses and commands."""
    raw = mutant(data, SLACK)

    async def main() -> None:
        receiver = _slack()
        for kind in ("events_api", "interactive", "slash_commands", "hello"):
            await receiver(kind, raw)

    _run(main())


def slack_posted(data: bytes) -> None:
    """What is posted to the request URL, signed: as JSON, as a form, or any bytes."""
    raw = mutant(data, SLACK)
    way = data[-1] % 3 if data else 0
    if way == 0:
        kind, body = "application/json", dumped(raw)
    elif way == 1:
        kind, body = "application/x-www-form-urlencoded", _form(raw)
    else:
        kind, body = "application/x-www-form-urlencoded", data[1:]
    _run(_signed(body, kind))


def _form(raw: Any) -> bytes:
    if isinstance(raw, dict) and "command" in raw:
        return urlencode({key: str(each) for key, each in raw.items()}, errors="replace").encode()
    return urlencode({"payload": dumped(raw)}).encode()


async def _signed(body: bytes, kind: str) -> None:
    broken: list[object] = []
    receiver = _slack()
    clock = FakeClock()
    door = Door("slack", AsyncWebClient("xoxb-1"), _SIGNED, receiver, clock)

    async def noted(error: Exception) -> None:
        broken.append(error)

    door.app.error(noted)
    stamp = str(int(clock.now().timestamp()))
    text = body.decode(errors="replace")
    sign = SignatureVerifier(_SIGNED).generate_signature(timestamp=stamp, body=text)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign or ""}
    answered = await door.answer(_request(text.encode(), {**headers, "Content-Type": kind}))
    assert not broken, broken
    assert answered.status in {200, 400, 401, 404}, answered.status


def dumped(value: Any) -> bytes:
    """Write a document as platforms do: plain ASCII, whatever is in it."""
    return json.dumps(value).encode()


TARGETS: Final[Mapping[str, Target]] = {
    "telegram": telegram_polled,
    "telegram-webhook": telegram_posted,
    "discord": discord,
    "slack": slack_envelope,
    "slack-http": slack_posted,
}


def _seeds(known: Sequence[Any]) -> tuple[bytes, ...]:
    return tuple(bytes([each]) for each in range(len(known)))


_AGAIN: Final = b"GGGGGGGGG\4G\1GGG"
_DEEP: Final = b"\xff" + b'{"update_id":1,"x":' + b"[" * 1500
SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "telegram": (
        *_seeds(TELEGRAM),
        b"\0\1\1~",  # somebody of whom is not said what they are
        b"\x0bG..%b%bG..%b%b\0" % (_AGAIN, b"\xe0" * 40, _AGAIN, b"\xe0" * 33),  # too deep
    ),
    "telegram-webhook": (*_seeds(TELEGRAM), _DEEP, b"\xff\xff\xfe", b'\xff{"a":"\xff"}'),
    "discord": (*_seeds(DISCORD), b"\0\0\0.\0\3", b"\x14\0\0X\x18"),
    # a message without an id, half a character in an address
    "slack": _seeds(SLACK),
    "slack-http": (
        *_seeds(SLACK),
        b"\0\1\x1cX",  # half a character where a list belongs
        b"\0" + urlencode({"payload": "[" * 1500}).encode() + b"&",
        b"\0" + urlencode({"payload": '{"event":' + "[" * 600 + "]" * 600 + "}"}).encode() + b"&",
    ),
}
"""A byte names a document, those after it change it; what has a name of its own broke something."""
