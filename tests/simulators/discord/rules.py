"""What Discord refuses in a message that is sent or edited, with its codes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.discord import components, pings
from tests.simulators.discord.errors import Refused, members, text, wrong
from tests.simulators.discord.world import EPHEMERAL, SILENT, SUPPRESS_EMBEDS, V2, Said

MOST_TEXT, MOST_EMBEDS = 2000, 6000
EMBED_TEXTS = {"title": 256, "description": 4096}
LEGACY = ("content", "embeds", "sticker_ids", "poll")
SETTABLE = SILENT | SUPPRESS_EMBEDS | V2

Form = Mapping[str, Any]


def check(form: Form, *, old: Said | None = None, whispers: bool = False) -> dict[str, Any]:
    """Refuse a wrong form, else give what it sets: content, embeds, components, flags.

    `old` is the message that is edited, `whispers` lets it be for one person alone.
    """
    given: dict[str, Any] = {}
    flags = form.get("flags")
    if flags is not None and not isinstance(flags, int):
        raise wrong("flags", "NUMBER_TYPE_COERCE", f'Value "{flags}" is not int.')
    v2 = bool((flags or 0) & V2) or (old is not None and old.v2)
    if v2:
        _no_legacy(form, old)
    given["flags"] = _flags(flags, old, whispers=whispers)
    if form.get("content") is not None:
        text(form["content"], "content", MOST_TEXT)
    for name, empty in (("content", ""), ("embeds", []), ("components", [])):
        if name in form:
            given[name] = form[name] if form[name] is not None else empty
    if "content" in given:
        given["content"] = given["content"].strip()
    if "embeds" in given:
        given["embeds"] = _embeds(given["embeds"])
    if "components" in given:
        given["components"] = components.check(given["components"], v2=v2)
    pings.check(form.get("allowed_mentions"))
    _nonce(form)
    return given


def _no_legacy(form: Form, old: Said | None) -> None:
    for name in LEGACY:
        if form.get(name):
            words = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise wrong(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words)
    if old is None or old.v2:
        return
    for name in ("content", "embeds"):
        if getattr(old, name) and name not in form:
            words = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise wrong(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words)


def _flags(flags: int | None, old: Said | None, *, whispers: bool) -> int:
    if old is None:
        return (flags or 0) & (SETTABLE | (EPHEMERAL if whispers else 0))
    if flags is None:
        return old.flags
    return (old.flags & ~SUPPRESS_EMBEDS) | (flags & (SUPPRESS_EMBEDS | V2))


def _embeds(given: object) -> list[dict[str, Any]]:
    listed, whole = members(given, "embeds", 10), 0
    for place, embed in enumerate(listed):
        for name, most in EMBED_TEXTS.items():
            if embed.get(name) is not None:
                text(embed[name], f"embeds.{place}.{name}", most)
                whole += len(embed[name])
        whole += _small_texts(embed, f"embeds.{place}")
    if whole > MOST_EMBEDS:
        words = f"Embed size exceeds maximum size of {MOST_EMBEDS}"
        raise wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", words)
    return [{"type": "rich", "content_scan_version": 0, **embed} for embed in listed]


def _small_texts(embed: dict[str, Any], path: str) -> int:
    whole = 0
    for place, field in enumerate(members(embed.get("fields") or [], f"{path}.fields", 25)):
        for name, most in (("name", 256), ("value", 1024)):
            text(field.get(name), f"{path}.fields.{place}.{name}", most, least=1)
            whole += len(field[name])
    for holder, name, most in (("footer", "text", 2048), ("author", "name", 256)):
        words = (embed.get(holder) or {}).get(name)
        if words is not None:
            text(words, f"{path}.{holder}.{name}", most)
            whole += len(words)
    return whole


def _nonce(form: Form) -> None:
    nonce = form.get("nonce")
    if isinstance(nonce, str):
        text(nonce, "nonce", 25)
    elif nonce is not None and not isinstance(nonce, int):
        raise wrong("nonce", "NONCE_TYPE", "Could not interpret as nonce.")


def not_empty(said: Said) -> None:
    """Refuse a message that shows nothing."""
    if not (said.content or said.embeds or said.components or said.attachments or said.extra):
        raise Refused(50006)


def thread_name(name: object) -> str:
    """Refuse what cannot be a thread's name."""
    text(name, "name", 100, least=1)
    assert isinstance(name, str)
    return name
