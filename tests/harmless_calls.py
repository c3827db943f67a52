"""What every call to a messenger has to be: no preview, no mention but the program's own.

The simulators hand every call that arrives to `take`; a fixture of the whole suite fails the test
in which one was not harmless. So a new way to say something cannot forget it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

Params: TypeAlias = Mapping[str, Any]

broken: list[str] = []
"""What was wrong with calls of the test that runs."""

SUPPRESS_EMBEDS: Final = 1 << 2
EPHEMERAL: Final = 1 << 6
SAFE: Final = ("http://", "https://", "mailto:")
# Those that are there because a text was written so, or because the program calls one person.
_STYLES: Final = {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre"}
_QUOTES: Final = {"blockquote", "expandable_blockquote"}
ENTITIES: Final = frozenset({*_STYLES, *_QUOTES, "text_link", "text_mention"})
_SLACK_MENTION = re.compile(
    r"<(?:!(?:channel|here|everyone|group|subteam)|@[UWB][A-Z0-9]|#[CG][A-Z0-9])"
    r"|(?<!\w)@(?:channel|here|everyone)\b",
    re.IGNORECASE,
)
_SLACK_CALLED = re.compile(r"<@[UW][A-Z0-9]+>")
_SLACK_NEVER: Final = frozenset(
    {"link_names", "parse", "attachments", "initial_comment", "icon_url", "username", "as_user"}
)
_DISCORD_MENTION = re.compile(r"@(?:everyone|here)|<@&\d", re.IGNORECASE)


def take(platform: str, method: str, params: Params) -> None:
    """Look at a call as it arrives."""
    problems = RULES[platform](method, params)
    broken.extend(f"{platform} {method}: {each}" for each in problems)


# --- Slack ------------------------------------------------------------------------------------


def slack(method: str, params: Params) -> Iterator[str]:
    """Flags on whatever takes them; no text that Slack reads as a mention, in any block."""
    if method in {"chat.postMessage", "chat.update", "chat.postEphemeral", "respond"}:
        for flag in ("unfurl_links", "unfurl_media"):
            if str(params.get(flag)).lower() not in {"false", "0"}:
                yield f"{flag} is not off"
    if _SLACK_NEVER & set(params):
        yield "it has Slack read names or addresses, or passes for somebody"
    called = 0
    for key, text in texts(params):
        if key == "mrkdwn" and _SLACK_CALLED.fullmatch(text):
            called += 1  # by the program, in a section of its own
        elif found := _SLACK_MENTION.search(text):
            yield f"{found[0]!r} is a mention"
        if key == "image_url":
            yield "it shows an image"
    if called > 1:
        yield "it calls several people"


def texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give every text in a call, whatever it is wrapped in; `key` says how Slack reads it."""
    if isinstance(value, str):
        parsed = _parsed(value) if value[:1] in {"[", "{"} else None
        if isinstance(parsed, list | dict):
            yield from texts(parsed, key)
        else:
            yield key, value
    elif isinstance(value, Mapping):
        kind = str(value.get("type", ""))
        for name, each in value.items():
            yield from texts(each, kind if name == "text" else name)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, key)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# --- Discord ----------------------------------------------------------------------------------

_WRITES: Final = frozenset({"create_message", "edit_message", "follow_up", "edit_answer"})


def discord(method: str, params: Params) -> Iterator[str]:
    """Whatever carries words suppresses embeds, and says whom it may ping: one at most."""
    form = params
    if method == "callback":
        form = params.get("data") or {}
        if not {"content", "components"} & set(form):
            return  # it is only acknowledged
    elif method not in _WRITES:
        return
    if not int(form.get("flags") or 0) & SUPPRESS_EMBEDS:
        yield "embeds are not suppressed"
    if {"embed", "poll", "sticker_ids"} & set(form) or form.get("embeds") or form.get("tts"):
        yield "it embeds or speaks"
    allowed = form.get("allowed_mentions")
    if not isinstance(allowed, Mapping) or allowed.get("parse") != []:
        yield "its text may mention"
        return
    if allowed.get("roles") or allowed.get("replied_user") or len(allowed.get("users", ())) > 1:
        yield "it may ping more than one person"
    for key, words in texts(form):
        if key == "content" and (found := _DISCORD_MENTION.search(words)):
            yield f"{found[0]!r} looks like a mention"


# --- Telegram ---------------------------------------------------------------------------------


def telegram(method: str, params: Params) -> Iterator[str]:
    """No markup that Telegram reads itself, entities of known kinds, no preview, no address."""
    if "parse_mode" in str(params.keys()) or "parse_mode" in str(params.get("reply_parameters")):
        yield "Telegram reads its markup"
    if method in {"sendMessage", "editMessageText"}:
        preview = _value(params.get("link_preview_options"))
        if not isinstance(preview, Mapping) or preview.get("is_disabled") is not True:
            yield "previews are not disabled"
    if method == "answerCallbackQuery" and params.get("url"):
        yield "it opens an address"
    if params.get("caption"):
        yield "a caption would have to be looked at, too"
    yield from _entities(_value(params.get("entities")) or [])
    keyboard = _value(params.get("reply_markup")) or {}
    for row in keyboard.get("inline_keyboard", ()):
        if any(set(button) != {"text", "callback_data"} for button in row):
            yield "a button leads elsewhere"


def _entities(entities: Sequence[Params]) -> Iterator[str]:
    for each in entities:
        if each["type"] not in ENTITIES:
            yield f"an entity {each['type']}"
        if "url" in each and not each["url"].lower().startswith(SAFE):
            yield f"it leads to {each['url'][:20]}"
    if sum(each["type"] == "text_mention" for each in entities) > 1:
        yield "it calls several people"


def _value(given: object) -> Any:
    return _parsed(given) if isinstance(given, str) else given


RULES: Final[Mapping[str, Callable[[str, Params], Iterator[str]]]] = {
    "slack": slack,
    "discord": discord,
    "telegram": telegram,
}
