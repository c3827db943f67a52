"""What commands and presses are answered, to the one who gave them: words, buttons, parts.

Pure. Decides how results read; never what they are, nor whether anybody may have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from core.budget import Limit, left_text
from core.errors import UnknownPreset
from core.frames import Button, File, Frame, Notice, Part
from core.markup import close, measure_of, sanitise, split
from core.menu import Entry
from core.outcomes import Advice
from core.panel import row_of
from core.ports import Capabilities
from core.presets import Preset
from core.records import Spending, Spent, StoredTurn
from core.retell import shown
from core.texts import commands as texts
from core.texts.turns import NO_ADVICE
from core.wording import dollars_text, row_text

MOST_PARTS: Final = 3
"""More messages than that become a file, where there are files."""


def notice(text: str, buttons: Sequence[Button] = ()) -> Frame:
    """Make a sentence of the program's own."""
    return Frame(key="notice", content=Notice(text=text), buttons=tuple(buttons), final=True)


def presets_text(here: Preset, because: str, offered: Sequence[Preset]) -> str:
    """Say which preset is in force, why, and which there are, where a page offers them itself."""
    names = ", ".join(each.name for each in offered)
    return texts.preset_here(here.name, because, names)


def unknown_text(error: UnknownPreset, name: str) -> str:
    """Say that there is no such preset; several words were probably meant as a question."""
    return texts.nothing_changed(str(error), asks=" " in name.strip())


def unknown_command(name: str, prefix: str, entries: Iterable[Entry]) -> str:
    """Say that a command is not known, and which are."""
    return f"{texts.unknown(name)}\n\n{help_text(prefix, entries)}"


def help_text(prefix: str, entries: Iterable[Entry]) -> str:
    """List commands; `prefix` stands before their names ("/", or "/moa " in Slack)."""
    lines = [texts.ASK_ANYTHING, ""]
    for each in entries:
        name = "/moa" if each.name == "moa" else f"{prefix}{each.name}"
        lines.append(f"{name} {each.hint}".strip() + f" – {each.summary}")
    return "\n".join(lines)


def cost_text(here: Spending, own: Spending, left: Sequence[tuple[Limit, Decimal]] = ()) -> str:
    """Say what this month took, of this channel and of the one who asks, and what is left."""
    lines = [
        texts.cost_here(_spent(here.whole), _by_preset(here)),
        texts.cost_own(_spent(own.whole), _by_preset(own)),
    ]
    return "\n".join((*lines, *(left_text(limit, spent) for limit, spent in left)))


def _by_preset(spending: Spending) -> str:
    """List what each preset took, where there is more than one."""
    each = [f"{name} {_spent(spent)}" for name, spent in spending.presets.items()]
    return f": {', '.join(each)}." if len(each) > 1 else "."


def _spent(spent: Spent) -> str:
    turns = f"{spent.turns} answer{'s' * (spent.turns != 1)}"
    unknown = "" if spent.priced else " + unknown prices"
    return f"{dollars_text(spent.dollars)}{unknown} ({turns})"


def advice_frames(turn: StoredTurn, value: str, can: Capabilities) -> list[Frame]:
    """Give the whole texts of a turn's advisors, or of the one at the position `value`."""
    told = [each for each in _last_advice(turn) if value in {"", str(each.position)}]
    if not told:
        return [notice(NO_ADVICE)]
    text = "\n\n".join(_said(each) for each in told)
    parts = split(text, can.limit, measure_of(can.unit))
    turn_id = turn.start.turn_id
    if len(parts) > MOST_PARTS and can.files:
        content = File(turn_id=turn_id, name="advisors.md", text=text)
        return [Frame(key="advice/0", content=content, final=True)]
    return [
        Frame(key=f"advice/{n}", content=Part(turn_id=turn_id, index=n, text=part), final=True)
        for n, part in enumerate(parts)
    ]


def _last_advice(turn: StoredTurn) -> Sequence[Advice]:
    rounds = shown(turn)
    return rounds[max(rounds)] if rounds else ()


def _said(advice: Advice) -> str:
    return f"{row_text(row_of(advice))}\n\n{close(sanitise(advice.text))}".strip()
