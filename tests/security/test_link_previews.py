"""Text that is fetched by nobody's click: previews, and what carries them.

Every call of the whole suite that reaches a simulated platform is looked at (`tests/conftest.py`,
`tests/harmless_calls.py`). Here: that this look misses nothing.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import harmless_calls
from tests.simulators.base import Changes, Request, RequestLog
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.api import Door
from tests.simulators.slack.calls import METHODS as SLACK
from tests.simulators.telegram.simulator import TelegramSimulator

QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
NOBODY: dict[str, Any] = {"allowed_mentions": {"parse": []}, "flags": 4}
OFF: dict[str, Any] = {"link_preview_options": {"is_disabled": True}}

HARMFUL: list[tuple[str, str, dict[str, Any]]] = [
    ("slack", "chat.postMessage", {"text": "x"}),
    ("slack", "chat.postMessage", {"text": "x", "unfurl_links": False}),
    ("slack", "chat.postMessage", {"text": "x", "unfurl_media": False}),
    ("slack", "chat.update", {"text": "x", **QUIET, "unfurl_links": "true"}),
    ("slack", "chat.postEphemeral", {"text": "x"}),
    ("slack", "respond", {"text": "x"}),
    ("slack", "chat.postMessage", {"text": "<!channel>", **QUIET}),
    ("slack", "chat.postMessage", {"text": "Hi <@U123>", **QUIET}),
    ("slack", "chat.postMessage", {"text": "x", "link_names": True, **QUIET}),
    ("slack", "chat.postMessage", {"blocks": '[{"type": "markdown", "text": "<!here>"}]', **QUIET}),
    ("slack", "chat.appendStream", {"chunks": [{"type": "markdown_text", "text": "@channel"}]}),
    ("slack", "chat.stopStream", {"blocks": [{"type": "image", "image_url": "https://x"}]}),
    ("slack", "views.publish", {"view": {"blocks": [{"text": {"text": "<!everyone>"}}]}}),
    ("slack", "agents.sessions.setStatus", {"title": "<!channel>"}),
    ("slack", "files.completeUploadExternal", {"initial_comment": "https://evil.example"}),
    ("slack", "chat.startStream", {"icon_url": "https://evil.example"}),
    ("slack", "chat.postMessage", {"text": "x", "username": "An admin", **QUIET}),
    ("discord", "create_message", {"content": "x"}),
    ("discord", "create_message", {"content": "x", "flags": 4}),
    ("discord", "create_message", {"content": "x", "allowed_mentions": {"parse": []}}),
    ("discord", "edit_message", {**NOBODY, "content": "x", "flags": 0}),
    ("discord", "edit_answer", {"content": "x", "allowed_mentions": {"parse": []}}),
    ("discord", "follow_up", {**NOBODY, "flags": 64}),
    ("discord", "callback", {"type": 4, "data": {"content": "x", "flags": 64}}),
    ("discord", "create_message", {**NOBODY, "allowed_mentions": {"parse": ["users"]}}),
    ("discord", "create_message", {**NOBODY, "allowed_mentions": {"parse": [], "roles": ["1"]}}),
    ("discord", "create_message", {**NOBODY, "embeds": [{"title": "x"}]}),
    ("discord", "create_message", {**NOBODY, "components": [{"type": 10, "content": "@here"}]}),
    ("telegram", "sendMessage", {"text": "x"}),
    ("telegram", "editMessageText", {"text": "x", "link_preview_options": {"is_disabled": False}}),
    ("telegram", "sendMessage", {"text": "x", "parse_mode": "HTML", **OFF}),
    ("telegram", "sendMessageDraft", {"text": "x", "parse_mode": "MarkdownV2"}),
    ("telegram", "sendDocument", {"caption": "see https://evil.example"}),
    (
        "telegram",
        "sendMessage",
        {"text": "x", **OFF, "reply_parameters": '{"quote_parse_mode": 1}'},
    ),
    ("telegram", "sendDocument", {"caption_parse_mode": "HTML"}),
    ("discord", "create_message", {**NOBODY, "poll": {"question": {"text": "@here"}}}),
    ("telegram", "answerCallbackQuery", {"url": "https://evil.example"}),
    ("telegram", "sendMessage", {**OFF, "entities": [{"type": "mention"}]}),
    ("telegram", "sendMessage", {**OFF, "entities": [{"type": "text_link", "url": "tg://x"}]}),
    ("telegram", "sendMessage", {**OFF, "entities": '[{"type": "custom_emoji"}]'}),
    (
        "telegram",
        "sendMessage",
        {**OFF, "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "https://x"}]]}},
    ),
]


@pytest.mark.parametrize(("platform", "method", "params"), HARMFUL, ids=str)
async def test_a_call_that_is_not_harmless_is_seen(platform, method, params):
    log = RequestLog(Changes(), platform)
    log.add(Request(at=0.0, method=method, params=params, status=200))
    found, harmless_calls.broken[:] = list(harmless_calls.broken), []
    assert found


# What carries words is looked at; the rest carries none. A new method has to be named here.
WORDS = {
    "slack": {
        *("chat.postMessage", "chat.update", "chat.postEphemeral", "chat.startStream"),
        *("chat.appendStream", "chat.stopStream", "views.publish", "views.open"),
        *("files.getUploadURLExternal", "files.completeUploadExternal"),
        *("agents.sessions.setStatus", "agents.sessions.rename", "assistant.threads.setStatus"),
    },
    "discord": {"create_message", "edit_message", "callback", "follow_up", "edit_answer"},
    "telegram": {
        *("sendMessage", "editMessageText", "editMessageCaption", "sendMessageDraft"),
        *("sendDocument", "answerCallbackQuery"),
    },
}
WORDLESS = {
    "slack": r"(apps|auth|bots|conversations|reactions|team|usergroups|users)[.].+|chat[.]delete"
    r"|files[.](info|delete)",
    # A thread's name, and a command's in a menu, mention nobody and are no addresses.
    "discord": r"(get|delete|leave|join|remove|add)_.+|(create|start)_thread|create_dm|me|user"
    r"|application|gateway(_bot)?|typing|edit_channel|(create|put)_commands?",
    "telegram": r"(get|delete|leave).+|set(Webhook|MyCommands|MessageReaction)|sendChatAction"
    r"|editMessageReplyMarkup",
}


assert Door.__slots__  # what it imports fills the table


@pytest.mark.parametrize("platform", WORDS)
def test_every_method_that_carries_words_is_looked_at(platform):
    known = {
        "slack": lambda: set(SLACK),
        "discord": lambda: {each.name for each, _ in DiscordSimulator()._rest._routes},
        "telegram": lambda: set(TelegramSimulator()._methods()),
    }[platform]()
    silent = {each for each in known if re.fullmatch(WORDLESS[platform], each)}
    assert WORDS[platform] <= known
    assert known - silent == WORDS[platform]
