"""Which tool calls run, and which are asked about. Pure: a table and a seal.

The one place where a tool call is authorised; `gateway.tools.executor` obeys it before every call.
What is allowed is bound to the server, the tool, the exact arguments, the call's place in its turn
and the asker, so that a yes to one thing can never run another. Who may say yes,
`core.permissions` decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from core.ports import ToolResult
from core.records import Approval, Askable
from core.types import Json, Tool, ToolCall

Approve: TypeAlias = Literal["never", "always", "writes"]
"""When somebody is asked: never, always, or unless a tool only reads."""
Ruling: TypeAlias = Literal["run", "ask", "refuse"]

PATIENCE: Final = 600
"""Seconds in which somebody has to answer."""
ARGUMENTS_LIMIT: Final = 100_000
"""Characters of arguments; longer ones are no honest call."""
DEEPEST: Final = 100
"""Levels of arguments: whoever reads them again and again can rely on that it ends."""
NOBODY: Final = "Refused: this tool needs somebody's approval, and nobody can be asked here."
EXPIRED: Final = "Refused: nobody answered within {minutes} minutes, so it was not run."
REFUSED: Final = "Refused: {by} did not allow this call. Do not try it again unless asked to."
SILENT: Final = (
    "Refused: nobody answered when asked earlier in this turn, so nobody is asked again."
)
AGAIN: Final = "Refused: somebody has refused this very call in this turn already."
SPENT: Final = "Refused: what was allowed is not this call, or it was used already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A call that can be run: `arguments` are canonical, one JSON object in one way of writing."""

    tool: Tool
    arguments: str


def understood(call: ToolCall, tools: Mapping[str, Tool]) -> Wanted | ToolResult:
    """Read a model's call; what cannot be run is answered with the reason."""
    tool = tools.get(call.name)
    if tool is None:
        there = ", ".join(tools) or "none"
        return _refused(f"There is no tool {call.name!r}. The tools are: {there}.")
    if len(call.arguments) > ARGUMENTS_LIMIT:
        return _refused(f"The arguments are longer than {ARGUMENTS_LIMIT:,} characters.")
    try:
        arguments: Json = json.loads(call.arguments) if call.arguments.strip() else {}
    except (ValueError, RecursionError) as error:
        return _refused(f"The arguments are not JSON, so nothing was run: {error}")
    if not isinstance(arguments, Mapping):
        return _refused("The arguments have to be a JSON object, so nothing was run.")
    if not _ends(arguments):
        return _refused(f"The arguments are nested deeper than {DEEPEST} levels.")
    canonical = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    return Wanted(tool=tool, arguments=canonical)


def _ends(value: Json) -> bool:
    """Tell whether nothing in it lies deeper than the levels that are taken."""
    level = [value]
    for _ in range(DEEPEST):
        level = [each for one in level for each in _inside(one)]
    return not level


def _inside(value: Json) -> Iterable[Json]:
    match value:
        case Mapping():
            return value.values()
        case str():
            return ()
        case Sequence():
            return value
        case _:
            return ()


def authorise(approve: Approve, tool: Tool, *, askable: Askable) -> Ruling:
    """Say whether a call is run, asked about or refused; nobody to ask means no."""
    if approve == "never" or (approve == "writes" and tool.reads_only):
        return "run"
    return "refuse" if askable == "nobody" else "ask"


def seal(wanted: Wanted, *, place: tuple[str, int, int], asker: str) -> str:
    """Bind an approval: `place` is the turn, the answer in it and the call in that."""
    bound = [*place, asker, wanted.tool.server, wanted.tool.name, wanted.arguments]
    return sha256(json.dumps(bound).encode()).hexdigest()


def grants(approval: Approval, sealed: str, *, now: int) -> bool:
    """Say whether an approval allows the call with this seal at `now` (wall time in ms)."""
    return approval.decision == "approved" and approval.digest == sealed and now < approval.expires


def settled(wanted: Wanted, earlier: Iterable[Approval]) -> ToolResult | None:
    """Say why nobody is asked about a call, after what the turn has asked; None if somebody is.

    So a model that insists neither fills a chat with questions nor holds it up for hours.
    """
    for approval in earlier:
        if approval.decision == "expired":
            return _refused(SILENT)
        same = (approval.tool, approval.arguments) == (wanted.tool.name, wanted.arguments)
        if approval.decision == "refused" and same:
            return _refused(AGAIN)
    return None


def denial(approval: Approval) -> ToolResult:
    """Tell the model why an approval does not allow its call."""
    match approval.decision:
        case "refused":
            return _refused(REFUSED.format(by=approval.by or "somebody"))
        case "waiting" | "expired" | "approved":
            return _refused(EXPIRED.format(minutes=PATIENCE // 60))
        case "used":
            return _refused(SPENT)


def _refused(text: str) -> ToolResult:
    return ToolResult(text=text, failed=True, ran=False)
