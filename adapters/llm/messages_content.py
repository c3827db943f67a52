"""Lines as Anthropic's Messages format wants them: the system prompt apart, the rest in blocks.

Decides which block a part becomes and where a cache breakpoint stands (MOA-25): on the last
block of its message. Messages are only ever added at the end, so that caches keep their prefix;
user messages that meet are left as they are, since Anthropic reads them as one turn (MOA-19).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count
from urllib.parse import unquote_to_bytes

import msgspec

from adapters.llm.encoding import Fields
from adapters.llm.messages_blocks import THOUGHT, input_of
from core.calls import ModelCall
from core.types import Image, Json, Line

EPHEMERAL: Fields = {"type": "ephemeral"}

OPENING = "The conversation begins with what you said:"
"""Stands before a history that does not begin with a user, as it has to here."""

DATA = re.compile(r"data:(?P<kind>[\w.+/-]*)(?P<more>(;[^,;]*)*),(?P<data>.*)", re.DOTALL)
FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
"""Characters that no tool call's id may have here; other providers' ids do."""


def system_of(lines: Sequence[Line], marked: Collection[int]) -> list[Json]:
    """Give the system prompt, whose place is before all messages."""
    blocks: list[Json] = []
    for at, line in enumerate(lines):
        if _instructs(line) and line.text.strip():
            block: Fields = {"type": "text", "text": line.text}
            blocks.append(_marked([block], here=at in marked)[0])
    return blocks


def messages_of(call: ModelCall, marked: Collection[int], *, thinks: bool) -> list[Json]:
    """Give the messages. `thinks`: what is sealed for this slot goes back as it came."""
    label = call.slot.label if thinks else None
    messages: list[Fields] = [
        {"role": role, "content": _marked(blocks, here=here)}
        for role, lines, here in _turns(tuple(_told_apart(call.lines)), marked)
        if (blocks := [block for line in lines for block in _blocks(line, label)])
    ]
    if messages and messages[0]["role"] != "user":
        messages.insert(0, {"role": "user", "content": [{"type": "text", "text": OPENING}]})
    return [*messages[:-1], *map(_unfinished, messages[-1:])]


def _told_apart(lines: Sequence[Line]) -> Iterator[Line]:
    """Give each call of a tool an id of its own: others count theirs from one in every answer."""
    taken: set[str] = set()
    named: dict[str, str] = {}
    for line in lines:
        for call in line.tool_calls:
            named[call.id] = _free(call.id, taken)
            taken.add(named[call.id])
        calls = tuple(replace(call, id=named[call.id]) for call in line.tool_calls)
        result = line.tool_call_id
        yield replace(line, tool_calls=calls, tool_call_id=result and named.get(result, result))


def _free(id_: str, taken: Collection[str]) -> str:
    every = (id_ if n == 1 else f"{id_}_{n}" for n in count(1))
    return next(each for each in every if each not in taken)


def _turns(
    lines: Sequence[Line], marked: Collection[int]
) -> Iterator[tuple[str, list[Line], bool]]:
    """Give role, lines and mark of each message: the results of one round of tools are one."""
    round_: list[Line] = []
    for at, line in enumerate(lines):
        if line.role == "tool":
            round_.append(line)
            if at + 1 == len(lines) or lines[at + 1].role != "tool":
                yield "user", round_, at in marked
                round_ = []
        elif not _instructs(line):
            yield line.role, [line], at in marked


def _blocks(line: Line, label: str | None) -> list[Fields]:
    if line.role == "tool":
        return [_result(line)]
    sealed: list[Fields] = [
        msgspec.json.decode(each.data) for each in line.sealed if each.label == label
    ]
    # What is sealed may hold words and calls that stood between two thoughts.
    said = "".join(str(each["text"]) for each in sealed if each.get("type") == "text")
    called = {each["id"] for each in sealed if each.get("type") == "tool_use"}
    parts = [part.removeprefix(said) if isinstance(part, str) else part for part in line.parts[:1]]
    blocks = [*sealed, *_parts([*parts, *line.parts[1:]])]
    return blocks + [
        {
            "type": "tool_use",
            "id": _id(call.id),
            "name": call.name,
            "input": input_of(call.arguments),
        }
        for call in line.tool_calls
        if call.id not in called
    ]


def _parts(parts: Sequence[str | Image]) -> list[Fields]:
    """Give the blocks of a message; blank texts are refused here, and say nothing."""
    blocks: list[Fields] = []
    for part in parts:
        if isinstance(part, Image):
            blocks.append({"type": "image", "source": _source(part.url)})
        elif part.strip():
            blocks.append({"type": "text", "text": part})
    return blocks


def _result(line: Line) -> Fields:
    result: Fields = {"type": "tool_result", "tool_use_id": _id(line.tool_call_id or "")}
    blocks = _parts(line.parts)
    if blocks:
        only = len(blocks) == 1 and blocks[0]["type"] == "text"
        result["content"] = blocks[0]["text"] if only else blocks
    return {**result, "is_error": True} if line.failed else result


def _source(url: str) -> Fields:
    found = DATA.fullmatch(url)
    if found is None:
        return {"type": "url", "url": url}
    data = found["data"]
    if ";base64" not in found["more"]:
        data = b64encode(unquote_to_bytes(data)).decode()
    kind = "image/jpeg" if found["kind"] == "image/jpg" else found["kind"]
    return {"type": "base64", "media_type": kind, "data": data}


def _marked(blocks: list[Fields], *, here: bool) -> list[Fields]:
    """Put a breakpoint on the last block; a thinking block takes none."""
    last = blocks[-1]
    if not here or last["type"] in THOUGHT:
        return blocks
    return [*blocks[:-1], {**last, "cache_control": EPHEMERAL}]


def _unfinished(message: Fields) -> Fields:
    """Take the white space off the end of an answer that the model is to go on with."""
    content = message["content"]
    if message["role"] != "assistant" or not isinstance(content, list):
        return message
    last = content[-1]
    if last["type"] != "text":
        return message
    return {**message, "content": [*content[:-1], {**last, "text": last["text"].rstrip()}]}


def _id(given: str) -> str:
    return FOREIGN.sub("_", given)


def _instructs(line: Line) -> bool:
    return line.role in {"system", "developer"}
