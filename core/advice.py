"""What a reference is shown: the advisory view of a conversation (MOA-13 to 18).

Everything is a pure function of the history, so identical histories give identical bytes; nothing
here is ever written into the stored history.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from core import tokens
from core.presets import ReferenceSlot, Slot, first_given
from core.types import Image, Line, ToolCall

RESULT_LIMIT = 4_000
"""Characters of a tool's result that references see (MOA-14)."""

ADVISORY_REQUEST = (
    "Please advise now on how to go on from here: what the results above mean, what to do next, "
    "and what could go wrong."
)
"""Ends a view that would end on the assistant (MOA-16)."""
_REQUEST = Line(role="user", parts=(ADVISORY_REQUEST,), trailing=True)

SYSTEM_PROMPT = """\
You advise another model, which will act on this conversation: it answers the person and uses the \
tools. You have no tools and take no action; do not pretend to, and do not apologise for it. Files \
and systems that are mentioned exist: reason from what is shown. Begin with one sentence that \
stands alone as the gist of your advice. Then write prose without preamble and without tool-call \
syntax: your best analysis, the next steps, the risks, and where you disagree with what was said. \
Name blind spots plainly."""
"""The references' one fixed system prompt (MOA-17)."""


SMALL_PROMPT = "You are a helpful assistant. Answer in one or two short sentences."
"""The same for a model that long instructions only confuse (`core.ports.Provider.small`)."""


def system_prompt(slot: ReferenceSlot, *, small: bool = False) -> str:
    """Give a reference's system prompt: the fixed one, and its role where it has one (MOA-37)."""
    if small:
        return f"{SMALL_PROMPT} {slot.role}" if slot.role else SMALL_PROMPT
    return f"{SYSTEM_PROMPT}\n\nYour role: {slot.role}" if slot.role else SYSTEM_PROMPT


def quoted_prompt(prompt: str) -> Line:
    """Make the line in which references see a channel's own system prompt (MOA-18)."""
    quote = "\n".join(f"> {line}" for line in prompt.splitlines())
    text = f"What the acting model was told about this channel:\n{quote}"
    return Line(role="user", parts=(text,), pinned=True)


def advisory_view(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Reduce a transcript to plain user and assistant turns that end on the user (MOA-13 to 16).

    Pictures stay in the user's lines; `for_slot` replaces them for a slot that cannot see.
    Empty where no user line is left: there is nothing to advise.
    """
    kept = [line for line in as_words(lines) if not _empty(line)]
    if not any(line.role == "user" for line in kept):
        return ()
    if kept[-1].role != "user":
        kept.append(_REQUEST)
    return tuple(kept)


def as_words(lines: Sequence[Line]) -> list[Line]:
    """Give what was said, with the use of tools as text; instructions are left out."""
    view: list[Line] = []
    names: dict[str, str] = {}
    for line in lines:
        match line.role:
            case "user":
                view.append(line if _bare(line) else Line(role="user", parts=line.parts))
            case "assistant":
                names.update({call.id: call.name for call in line.tool_calls})
                view.append(_assistant(line))
            case "tool":
                _append_result(view, names.get(line.tool_call_id or "", "tool"), _words(line))
            case _:
                continue
    return view


def _empty(line: Line) -> bool:
    return not any(isinstance(part, Image) or part.strip() for part in line.parts)


def for_slot(
    view: Sequence[Line], slot: ReferenceSlot, *, cap: int | None = None, small: bool = False
) -> tuple[Line, ...]:
    """Make a reference's exact messages: its prompt, its share of the view, what it can see.

    `cap` is how many tokens its answer may have, where the slot says nothing.
    """
    head = Line.of("system", system_prompt(slot, small=small))
    seen = [seen_by(slot, line) for line in view]
    room = slot.context_window
    if room is not None:
        answer = first_given(slot.max_tokens, cap) or room // 4
        room = max(1, room - tokens.estimate_line(head) - answer)
    # The appended request is no turn: it comes and goes, so it must not move the cut.
    turns, request = (seen[:-1], seen[-1:]) if view and view[-1] is _REQUEST else (seen, [])
    kept = turns if room is None else tokens.fitting(turns, room)
    return (head, *kept, *request)


def seen_by(slot: Slot, line: Line) -> Line:
    """Give a line as a slot can read it: what is no words is named for one that cannot see."""
    return line if slot.vision and line.images else _plain(line)


def attached_for(slot: Slot, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Give the lines with what people attached named, where the slot cannot see it.

    What a program on /v1 sends goes to its aggregator as it is.
    """
    if slot.vision or not any(len(line.parts) > 1 and _attached(line) for line in lines):
        return lines
    return tuple(_plain(line) if _attached(line) else line for line in lines)


def _attached(line: Line) -> bool:
    return any(isinstance(part, Image) and part.attached for part in line.parts)


def view_hash(view: Sequence[Line]) -> str:
    """Hash a view, before any slot's cut and with its pictures (MOA-18, MOA-24)."""
    digest = sha256()
    for line in view:
        for part in line.parts:
            kind, text = ("i", part.url) if isinstance(part, Image) else ("t", part)
            digest.update(f"{line.role}\0{kind}\0{len(text)}\0{text}\0".encode(errors="replace"))
        digest.update(b"\1")
    return digest.hexdigest()


def _bare(line: Line) -> bool:
    """Tell whether a line is nothing but its parts; most are, and are shown as they are."""
    return not (line.name or line.tool_calls or line.tool_call_id or line.sealed)


def _assistant(line: Line) -> Line:
    if _bare(line) and len(line.parts) == 1 and isinstance(line.parts[0], str):
        return line
    calls = [_call_text(call) for call in line.tool_calls]
    text = "\n".join(part for part in (_words(line), *calls) if part)
    return Line.of("assistant", text)


def _words(line: Line) -> str:
    return "\n".join(_placeholder(p) if isinstance(p, Image) else p for p in line.parts)


def _call_text(call: ToolCall) -> str:
    return f"[called {call.name} with {call.arguments}]"


def _append_result(view: list[Line], name: str, text: str) -> None:
    result = f"[{name} returned: {_halves(text, RESULT_LIMIT)}]"
    if view and view[-1].role == "assistant":
        view[-1] = Line.of("assistant", f"{view[-1].text}\n{result}".lstrip("\n"))
    else:
        view.append(Line.of("assistant", result))


def _halves(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"


def _plain(line: Line) -> Line:
    """Give a line as one text: many servers take no list where there is nothing but words."""
    if len(line.parts) == 1 and not line.images:
        return line
    return Line.of(line.role, _words(line))


def _placeholder(image: Image) -> str:
    digest = sha256(image.url.encode(errors="replace")).hexdigest()[:12]
    return f"[an image that you cannot see, {digest}]"
