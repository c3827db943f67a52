"""One turn as one JSON object, for people and programs that study how answers came about (MOA-33).

Decides what a trace holds and how it is laid out; `SCHEMA` goes up when a field changes its meaning
or goes away. What is sealed is left out: only its provider can read it. It writes nothing: a sink
does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256

from core.events import Round, Terminal, TurnFailed, TurnResult, TurnStopped
from core.outcomes import Advice, CallReport, apart
from core.records import TurnStart
from core.types import Image, Json, Line, ToolCall, Usage
from core.veil import kept_record

SCHEMA = 1


def turn_record(start: TurnStart, ending: Terminal) -> Mapping[str, Json]:
    """Describe a finished turn.

    Seconds count from the turn's beginning, which is `started` (wall time in ms). Dollars are
    decimal text, null where the price is unknown. `views` are what references were shown, each
    once: a reference's `view` is an index into it. A `trailing` line is a block, or a request that
    was appended: it belongs to no history. `tried` are the calls of its slot that had
    failed before.
    """
    result = ending.result
    views: list[tuple[Line, ...]] = []
    record: dict[str, Json] = {
        "schema": SCHEMA,
        "turn_id": start.turn_id,
        "session": start.session,
        "asker": start.asker,
        "started": start.started,
        "preset": result.preset,
        "preset_hash": start.preset.fingerprint,
        "ending": _ending(ending),
        "error": ending.error if isinstance(ending, TurnFailed) else None,
        "answer": result.text,
        "finish": result.finish,
        "usage": usage_json(result.usage),
        "dollars": _dollars(result.dollars),
        "priced": result.priced,
        "seconds": result.seconds,
        "notes": result.notes,
        "iterations": _iterations(result, views),
        "views": [_lines(view) for view in views],
    }
    return kept_record(record, start.preset)


def _ending(ending: Terminal) -> str:
    if isinstance(ending, TurnFailed):
        return "failed"
    return "stopped" if isinstance(ending, TurnStopped) else "finished"


def _iterations(result: TurnResult, views: list[tuple[Line, ...]]) -> list[Json]:
    """Put fan-outs and the aggregator's calls together, by the answer that they were made for."""
    numbers = {each.iteration for each in result.rounds} | {each.iteration for each in result.calls}
    return [
        {
            "iteration": number,
            "references": _references(result.rounds, number, views),
            "synthesis": _synthesis(result.rounds, number),
            "aggregator": [
                {"label": call.label, "input": _lines(call.lines), **_went(call)}
                for call in result.calls
                if call.iteration == number
            ],
        }
        for number in sorted(numbers)
    ]


def _references(
    rounds: Sequence[Round], number: int, views: list[tuple[Line, ...]]
) -> list[Json] | None:
    """Describe the fan-out of an iteration; None where there was none."""
    asked = [each for each in rounds if each.iteration == number]
    advice = [advice for each in asked for advice in apart(each.advice)[0]]
    return [_reference(each, views) for each in advice] or None


def _synthesis(rounds: Sequence[Round], number: int) -> list[Json] | None:
    """Describe how the advice of an iteration was condensed (MOA-39); None where it was not."""
    asked = [each for each in rounds if each.iteration == number]
    condensed = [guidance for each in asked if (guidance := apart(each.advice)[1]) is not None]
    return [_condensed(each) for each in condensed] or None


def _condensed(advice: Advice) -> Json:
    return {
        "label": advice.label,
        "outcome": advice.outcome,
        "reason": advice.reason or None,
        "calls": [
            {"label": call.label, "input": _lines(call.lines), **_went(call)}
            for call in advice.calls
        ],
    }


def _reference(advice: Advice, views: list[tuple[Line, ...]]) -> Json:
    described: dict[str, Json] = {
        "position": advice.position,
        "label": advice.label,
        "role": advice.role or None,
        "outcome": advice.outcome,
        "reason": advice.reason or None,
        "in_place_of": advice.in_place_of or None,
    }
    if advice.tried:
        described["tried"] = [
            {"label": call.label, "view": _view(call, views), **_went(call)}
            for call in advice.tried
        ]
    call = advice.call
    if call is None:
        return described
    return {**described, "view": _view(call, views), **_went(call)}


def _view(call: CallReport, views: list[tuple[Line, ...]]) -> int:
    """Store what a reference was shown once, and give its number."""
    if call.lines not in views:
        views.append(call.lines)
    return views.index(call.lines)


def _went(call: CallReport) -> Mapping[str, Json]:
    """Describe what came of a call, and when."""
    return {
        "output": call.text,
        "tool_calls": [_tool_call(each) for each in call.tool_calls],
        "finish": call.finish,
        "error": call.error,
        "usage": usage_json(call.usage),
        "dollars": None if call.dollars is None else _dollars(call.dollars),
        "start": call.started,
        "first_token": None if call.first_token is None else call.started + call.first_token,
        "end": call.started + call.seconds,
    }


def _dollars(amount: Decimal) -> str:
    return format(amount, "f")


def usage_json(usage: Usage) -> Json:
    """Give the tokens of a call, as a trace has them."""
    return {
        "input": usage.input,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "output": usage.output,
        "reasoning": usage.reasoning,
        "estimated": usage.estimated,
    }


def _lines(lines: Sequence[Line]) -> list[Json]:
    return [_line(line) for line in lines]


def _line(line: Line) -> Json:
    described: dict[str, Json] = {"role": line.role, "content": _content(line)}
    if line.tool_calls:
        described["tool_calls"] = [_tool_call(each) for each in line.tool_calls]
    if line.tool_call_id is not None:
        described["tool_call_id"] = line.tool_call_id
    if line.name is not None:
        described["name"] = line.name
    if line.trailing:
        described["trailing"] = True
    return described


def _content(line: Line) -> Json:
    """Give plain text where it is nothing else, so that most of a trace reads easily."""
    match line.parts:
        case ():
            return ""
        case (str(text),):
            return text
        case parts:
            return [_part(part) for part in parts]


def _part(part: str | Image) -> Json:
    if isinstance(part, Image) and part.attached:  # kept as a file, for as long as files are
        digest = sha256(part.url.encode(errors="replace")).hexdigest()[:12]
        return {"type": "text", "text": f"[an attached image, {digest}]"}
    if isinstance(part, Image):
        return {"type": "image_url", "image_url": {"url": part.url}}
    return {"type": "text", "text": part}


def _tool_call(call: ToolCall) -> Json:
    return {"id": call.id, "name": call.name, "arguments": call.arguments}
