"""The words under and beside an answer that are the same on every platform.

Decides how figures and states read; never by a sign or a colour alone. Knows no markup.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.frames import Action, Footer, Panel, Row, RowState

LABELS: Final[dict[Action, str]] = {
    "stop": "⏹ Stop",
    "retry": "🔁 Retry",
    "advise": "👥 Ask all advisors",
    "preset": "🎛 Preset",
    "pick": "Choose",
    "restore": "↩ Undo",
    "advisors": "👥 Advisors",
    "info": "ⓘ",
    "up": "👍 Good",
    "down": "👎 Bad",
    "remove": "🗑 Remove",
    "approve": "✅ Allow",
    "refuse": "🚫 Refuse",
    "forget": "🗑 Yes, delete it",
    "answer": "💬 Answer",
    "skip": "⏭ Skip",
    "again": "🔁 Try again",
}

_MINUTE: Final = 60
_STATES: Final[dict[RowState, tuple[str, str]]] = {
    "waiting": ("…", "waiting"),
    "writing": ("…", "writing"),
    "ok": ("✓", "done"),
    "empty": ("✗", "gave no answer"),
    "failed": ("✗", "failed"),
    "timed_out": ("✗", "timed out"),
    "late": ("–", "late, unused"),
    "skipped": ("–", "skipped"),
    "cancelled": ("–", "stopped"),
}
_REASONS: Final = {
    "unreachable": "could not be reached",
    "busy": "overloaded or out of order",
    "refused": "refused the request",
    "auth": "its key is missing or not accepted",
    "context": "the conversation is too long for it",
    "stalled": "stopped answering",
    "broken": "sent something unreadable",
    "internal": "an internal error",
    "budget": "a budget is used up",
    "length": "it used up its tokens for thinking",
}


def error_text(error: str, turn_id: str) -> str:
    """Write why a turn has no whole answer; its end finds the turn in logs, traces and store."""
    return f"{error} (trace {turn_id})"


def excerpt_text(name: str) -> str:
    """Write what stands below the beginning of code that is too long for a message."""
    return f"📎 The whole of it: {name}"


def dollars_text(dollars: Decimal) -> str:
    """Write an amount: four places under ten cents, three under a dollar, else two."""
    if not dollars:
        return "$0"
    if dollars < Decimal("0.0001"):
        return "< $0.0001"
    places = 4 if dollars < Decimal("0.1") else 3 if dollars < 1 else 2
    return f"${dollars:,.{places}f}"


def seconds_text(seconds: float) -> str:
    """Write a duration: 6.1 s, 75 s."""
    return f"{seconds:.1f} s" if seconds < _MINUTE else f"{seconds:.0f} s"


def row_text(row: Row) -> str:
    """Write an advisor's line: '✓ gpt-5.5 · done · 3.1 s · $0.0042'."""
    name = f"{row.label} ({row.role})" if row.role else row.label
    sign, state = _STATES[row.state]
    figures: list[str] = []
    if row.state == "ok":
        figures = _figures(row)
    elif row.state == "writing" and row.words:
        state += f" ({row.words:,} word{'s' * (row.words != 1)})"
    elif row.state == "timed_out" and row.seconds is not None:
        state += f" after {seconds_text(row.seconds)}"
    elif row.state in {"empty", "failed", "skipped"} and row.reason:
        state += f": {_REASONS.get(row.reason, row.reason)}"
    if row.in_place_of:
        state += f" (in place of {row.in_place_of})"
    return " · ".join((f"{sign} {name}", state, *figures))


def panel_title(panel: Panel) -> str:
    """Write the panel's first line: 'review · 2 of 3 advisors answered'."""
    total = len(panel.rows)
    done = sum(row.state == "ok" for row in panel.rows)
    title = panel.preset + (f" · round {panel.round}" if panel.round > 1 else "")
    plural = "" if total == 1 else "s"
    if panel.settled:
        return f"{title} · {done} of {total} advisor{plural} answered"
    return f"{title} · asking {total} advisor{plural}, {done} answered"


def panel_text(panel: Panel) -> str:
    """Write the whole panel as plain text, one line a row; `line` has only its title."""
    rows = () if panel.detail == "line" else panel.rows
    lines = [panel_title(panel)]
    for row in rows:
        lines.append(row_text(row))
        if row.gist:
            lines.append(f"    {row.gist}")
    return "\n".join(lines)


def footer_text(footer: Footer) -> str:
    """Write 'review · advisors 2/3 · 1,234 tokens (58 % cached) · $0.0042 · 6.1 s'."""
    if not footer.figures:
        return " · ".join(footer.notes)
    usage = footer.usage
    about = "~" if usage.estimated else ""
    tokens = f"{about}{usage.input + usage.output:,} tokens"
    if usage.cache_read and usage.input:
        tokens += f" ({100 * usage.cache_read / usage.input:.0f} % cached)"
    advisors = (f"advisors {footer.used}/{footer.asked}",) if footer.asked else ()
    money = dollars_text(footer.dollars)
    if not footer.priced:
        money = f"{about}{money} + unknown prices" if footer.dollars else "price unknown"
    elif footer.dollars:
        money = about + money
    figures = (footer.preset, *advisors, tokens, money, seconds_text(footer.seconds))
    return " · ".join((*figures, *footer.notes))


def _figures(row: Row) -> list[str]:
    figures = [] if row.seconds is None else [seconds_text(row.seconds)]
    if row.dollars is not None:
        figures.append(dollars_text(row.dollars))
    elif row.seconds is not None:
        figures.append("price unknown")
    return figures
