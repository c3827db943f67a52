"""Values of the core as columns and JSON, and back, exactly. Decides nothing.

JSON is plain ASCII: half a surrogate pair or a NUL in somebody's name is kept, not refused.
What a call was sent (`CallReport.lines`) is not stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from adapters.store.database import Row, Value
from core.errors import StoreDamaged
from core.outcomes import Advice, CallReport
from core.presets import Cadence, Preset, ReferenceSlot, Slot
from core.records import Accepted, Posted, StoredTurn, TurnEnd, TurnStart
from core.types import (
    Added,
    Address,
    Command,
    Deleted,
    Edited,
    Incoming,
    Line,
    Message,
    Moved,
    Press,
    ToolCall,
    Usage,
)

T = TypeVar("T")
S = TypeVar("S", bound=Slot)

KINDS: Mapping[str, type[Incoming]] = {
    "message": Message,
    "command": Command,
    "press": Press,
    "moved": Moved,
    "added": Added,
    "edited": Edited,
    "deleted": Deleted,
}
NAMES = {kind: name for name, kind in KINDS.items()}


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Say what it was that could not be read."""
    try:
        yield
    except (ValueError, TypeError, KeyError, msgspec.MsgspecError) as error:
        raise StoreDamaged(f"The store holds {what} that cannot be read: {error}") from error


def pack(value: object) -> str:
    """Write a value as JSON."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def unpack(text: str, kind: type[T]) -> T:
    """Read a value back; presets have `preset_from`."""
    return msgspec.convert(json.loads(text), kind)


def preset_from(text: str) -> Preset:
    """Read a preset back: its numbers and `extra_body` as they were, so its hash too."""
    raw = json.loads(text)
    return Preset(
        **raw
        | {
            "aggregator": _slot(raw["aggregator"], Slot),
            "references": tuple(_slot(each, ReferenceSlot) for each in raw["references"]),
            "synthesizer": _slot(raw["synthesizer"], Slot) if raw.get("synthesizer") else None,
            "fanout": Cadence(**raw["fanout"]),
            "allow": tuple(raw["allow"]),
        }
    )


def _slot(raw: dict[str, Any], kind: type[S]) -> S:
    return kind(**raw | {"fallbacks": tuple(_slot(each, Slot) for each in raw["fallbacks"])})


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return str(value)
    message = f"{type(value).__name__} cannot be stored"
    raise TypeError(message)


# --- to columns -----------------------------------------------------------------------------


def reference_row(turn_id: str, round_: int, advice: Advice) -> tuple[Value, ...]:
    """Give the columns of one reference."""
    said = (advice.label, advice.outcome, advice.reason, advice.role, advice.text)
    return (
        *(turn_id, "reference", round_, advice.position, *said, int(advice.call is not None)),
        *_call_columns(advice.call or CallReport(label=advice.label), advice.label, advice.text),
        *(advice.in_place_of, pack(tuple(replace(each, lines=()) for each in advice.tried))),
    )


def aggregator_row(turn_id: str, position: int, call: CallReport) -> tuple[Value, ...]:
    """Give the columns of one call of the aggregator; `position` counts them from 1."""
    said = (call.label, None, "", "", call.text)
    return (
        *(turn_id, "aggregator", 0, position, *said, 1),
        *_call_columns(call, call.label, call.text),
        *("", pack(())),
    )


def _call_columns(call: CallReport, label: str, text: str) -> tuple[Value, ...]:
    usage = call.usage
    return (
        None if call.label == label else call.label,
        None if call.text == text else call.text,
        pack(call.tool_calls),
        *(usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning),
        int(usage.estimated),
        None if call.dollars is None else str(call.dollars),
        *(call.started, call.seconds, call.first_token, call.finish, call.error),
    )


def end_columns(end: TurnEnd) -> tuple[Value, ...]:
    """Give the columns that a turn gets when it ends."""
    return (
        *(end.turn_id, end.ending, end.answer, end.error, pack(end.usage), str(end.dollars)),
        *(int(end.priced), end.seconds, pack(end.notes)),
    )


# --- from rows ------------------------------------------------------------------------------


def accepted(row: Row) -> Accepted:
    """Read a message of the inbox."""
    incoming = unpack(row["payload"], KINDS[row["kind"]])
    return Accepted(
        seq=row["seq"],
        incoming=incoming,
        session=row["session"],
        attempts=row["attempts"],
        wanted=row.get("reason") == "wanted",
    )


def turn(row: Row, calls: Sequence[Row], outbox: Sequence[Row]) -> StoredTurn:
    """Read a turn from its row, the rows of its calls and those of its messages."""
    references = [each for each in calls if each["role"] == "reference"]
    own = tuple(_call(each) for each in calls if each["role"] == "aggregator")
    return StoredTurn(
        start=_start(row),
        state=row["state"],
        attempts=row["attempts"],
        advice=tuple((each["round"], _advice(each)) for each in references),
        references_done=row["references_done"],
        end=_end(row, own),
        calls=own,
        outbox=tuple(posted(each) for each in outbox),
        removed=bool(row["removed"]),
    )


def _start(row: Row) -> TurnStart:
    return TurnStart(
        turn_id=row["turn_id"],
        session=row["session"],
        place=Address.of(row["place"]),
        seq=row["seq"],
        preset=preset_from(row["preset"]),
        question=unpack(row["question"], Line),
        asker=row["asker"],
        history=row["history"],
        started=row["started"],
        origin=row["origin"],
    )


def _end(row: Row, calls: Sequence[CallReport]) -> TurnEnd | None:
    if row["ending"] is None:
        return None
    return TurnEnd(
        turn_id=row["turn_id"],
        ending=row["ending"],
        answer=row["answer"],
        error=row["error"],
        calls=tuple(calls),
        usage=unpack(row["tokens"], Usage),
        dollars=Decimal(row["dollars"]),
        priced=bool(row["priced"]),
        seconds=row["seconds"],
        notes=unpack(row["notes"], tuple[str, ...]),
    )


def _advice(row: Row) -> Advice:
    return Advice(
        position=row["position"],
        label=row["label"],
        outcome=row["outcome"],
        text=row["text"],
        reason=row["reason"],
        role=row["persona"],
        call=_call(row) if row["asked"] else None,
        in_place_of=row["in_place_of"],
        tried=unpack(row["tried"], tuple[CallReport, ...]),
    )


def _call(row: Row) -> CallReport:
    return CallReport(
        label=row["label"] if row["call_label"] is None else row["call_label"],
        text=row["text"] if row["call_text"] is None else row["call_text"],
        tool_calls=unpack(row["tool_calls"], tuple[ToolCall, ...]),
        usage=Usage(
            input=row["input"],
            cache_read=row["cache_read"],
            cache_write=row["cache_write"],
            output=row["output"],
            reasoning=row["reasoning"],
            estimated=bool(row["estimated"]),
        ),
        dollars=None if row["dollars"] is None else Decimal(row["dollars"]),
        started=row["started"],
        seconds=row["seconds"],
        first_token=row["first_token"],
        finish=row["finish"],
        error=row["error"],
    )


def posted(row: Row) -> Posted:
    """Read a message of ours."""
    return Posted(
        turn_id=row["turn_id"],
        key=row["key"],
        message_id=row["message_id"],
        state=row["state"],
        shown=row["shown"],
    )
