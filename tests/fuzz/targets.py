"""What strangers can reach with bytes of their own: each parser, with what it is allowed to raise.

A target takes any bytes. What it raises is a bug: everything that is a documented refusal is
caught here, by its own name. `make fuzz` drives them by coverage, `test_targets.py` at random.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.chat.discord import facts, shapes
from adapters.chat.discord import markdown as discord_markdown
from adapters.chat.discord.normalise import Setting, command_of, message_of, press_of
from adapters.chat.discord.places import DM, Places
from adapters.chat.slack import normalise as slack
from adapters.chat.slack import text as slack_text
from adapters.chat.slack.wire import Callback
from adapters.chat.slack.wire import Me as SlackMe
from adapters.chat.telegram import normalise as telegram
from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting as TelegramSetting
from adapters.chat.telegram.markdown import markdown
from adapters.chat.telegram.reading import UNREADABLE
from adapters.chat.telegram.reading import read as read_update
from adapters.chat.web import markdown as web_markdown
from adapters.llm.body import Body
from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.messages_answer import MessagesAnswer
from adapters.llm.responses_answer import ResponsesAnswer
from adapters.llm.sse import EventTooLarge
from adapters.tools import arguments
from core import commands
from core.errors import ConfigError, ModelError, UsageError
from core.markup import close, gist, sanitise, settled, split, utf16
from core.markup.close import hold_back
from core.presets import Catalogue, Preset, Slot
from gateway import config
from gateway.http.completions_request import read_request
from tests.fuzz.mutants import mutant

FIXTURES = Path(__file__).parents[1] / "fixtures"
LIMIT = 200
MOST = 4096
"""Bytes of one input: what takes longer to read is not looked for here."""


def documents(folder: str) -> list[Any]:
    paths = sorted((FIXTURES / folder).glob("*.json"))
    return [json.loads(path.read_text("utf-8")) for path in paths]


TELEGRAM, DISCORD, SLACK = documents("telegram"), documents("discord"), documents("slack")
_CATALOGUE: Final = Catalogue(
    presets={
        name: Preset(name=name, aggregator=Slot(provider="p", model="big"))
        for name in ("review", "two words")
    },
    default="review",
)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- platforms ------------------------------------------------------------------------------


def telegram_update(data: bytes) -> None:
    """What Telegram, or whoever knows the webhook's secret, says."""
    setting = TelegramSetting(
        platform="telegram", me=Me(id=700, username="Moa_Bot", reads_all=False), now=1
    )
    with suppress(*UNREADABLE):
        telegram.normalise(read_update(mutant(data, TELEGRAM)), setting)  # one line in the log


def discord_dispatch(data: bytes) -> None:
    """What Discord's gateway says."""
    places = Places()
    places.me = "1100000000000000001"
    setting = Setting(platform="discord", me=places.me, places=places, threads="auto")
    raw = mutant(data, DISCORD)
    for event in ("GUILD_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "GUILD_ROLE_UPDATE"):
        with suppress(ValueError):
            facts.take(places, event, raw)
    with suppress(ValueError):
        message = shapes.read(raw, shapes.Message)
        message_of(message, places.find(message.channel_id) or DM, setting)
    with suppress(ValueError):
        interaction = shapes.read(raw, shapes.Interaction)
        command_of(interaction, setting, 1)
        press_of(interaction, setting, 1)


def slack_event(data: bytes) -> None:
    """What Slack's socket, or whoever can sign, says."""
    me = SlackMe(user="U0BOT0001", bot="B0MOA0001", team="T0123ABCD", enterprise="")
    try:
        callback = msgspec.convert(mutant(data, SLACK), Callback, strict=False)
    except (msgspec.ValidationError, ValueError):
        return  # as `door.UNREADABLE`
    if slack.is_message(callback.event, me):
        slack.message("slack", callback, me, {})


# --- people ---------------------------------------------------------------------------------


def command_words(data: bytes) -> None:
    """What somebody writes after the bot's name."""
    text = text_of(data)
    words = commands.read(text, _CATALOGUE)
    if words is not None:
        commands.misread(words.name, words.args)
    commands.misread("moa", text)
    commands.choice(text, _CATALOGUE)
    commands.names_person(text)


def markup(data: bytes) -> None:
    """What a model, or whoever it quotes, writes; in each platform's way."""
    text = sanitise(text_of(data))
    settled(text)
    gist(text)
    for shown in (text, close(hold_back(text))):
        markdown(shown)
        discord_markdown.render(shown)
        slack_text.neutralise(slack_text.plain(shown, "U0BOT0001", {}))
        web_markdown.blocks(shown)
    for measure in (len, utf16):
        parts = split(text, LIMIT, measure)
        assert all(part and measure(part) <= LIMIT for part in parts), parts


# --- providers, programs, operators ---------------------------------------------------------


def provider_answer(data: bytes) -> None:
    """What a provider streams, in pieces of any size."""
    cuts = sorted({0, len(data), *(each % (len(data) + 1) for each in data[:4])})
    for answer in (ChatAnswer(), MessagesAnswer("p:m", ()), ResponsesAnswer("p:m", ())):
        body = Body()
        try:
            for start, end in pairwise(cuts):
                for event in body.feed(data[start:end]) if end > start else ():
                    if not answer.closed:
                        answer.take(event.data)
                answer.flush()
            for event in body.feed(b""):
                if not answer.closed:
                    answer.take(event.data)
            answer.end(streamed=body.streamed)
        except (ModelError, EventTooLarge):
            continue


def completions(data: bytes) -> None:
    """What a program posts to /v1/chat/completions."""
    with suppress(UsageError):
        read_request(data)


def tool_arguments(data: bytes) -> None:
    """What a model calls a tool with."""
    with suppress(ValueError):
        arguments.read(text_of(data))


def configuration(data: bytes) -> None:
    """What an operator writes into the file."""
    with suppress(ConfigError):
        config.parse(text_of(data), "config.yaml", {"HOME": "x"})


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "telegram": telegram_update,
    "discord": discord_dispatch,
    "slack": slack_event,
    "commands": command_words,
    "markup": markup,
    "provider": provider_answer,
    "completions": completions,
    "arguments": tool_arguments,
    "config": configuration,
}

_PROVIDER: Final = (
    b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
    b'data: {"type":"response.output_text.delta","delta":"a","output_index":0}\r\n\r\n',
    b'{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":1}}',
)
_POSTED: Final = (
    b'{"model":"review","messages":[{"role":"user","content":"a"}],"stream":true}',
    b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"n":1}',
    b'{"model":"m","messages":[{"role":"tool","tool_call_id":"c","content":"x"}],"tools":[]}',
)
_MARKUP: Final = (
    b"**a** `b` [c](http://d/(e)) ~~f~~ ||g||\n```py\nx\n```\n| a | b |\n|-|-|\n| 1 | 2 |",
    b"> > q\n1. a\n   - [x] b\n<!channel> @everyone <@1> ![i](j) \xf0\x9f\x91\xa8\xe2\x80\x8d",
)
_FILES: Final = (
    b"moa: {presets: {review: {aggregator: {provider: p, model: m}}}}\n",
    b"providers: {p: {api: chat_completions, base_url: 'http://x/v1', timeouts: {total: 3}}}\n",
    b"a: &a [*a]\nb: !!python/object:os.system {}\nhttp: {port: ${PORT:-8080}}\n",
)

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "telegram": tuple(bytes([each]) for each in range(len(TELEGRAM))),
    "discord": tuple(bytes([each]) for each in range(len(DISCORD))),
    "slack": tuple(bytes([each]) for each in range(len(SLACK))),
    "commands": (b"stop", b"/moa review thread", b"ask preset:review why?", b"allow <@U1> 1h"),
    "markup": _MARKUP,
    "provider": _PROVIDER,
    "completions": _POSTED,
    "arguments": (b'{"a": [1, null, "b"]}',),
    "config": _FILES,
}
"""What each begins with: good input, which is where the interesting bad input lies near."""
