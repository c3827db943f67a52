"""What the terminal shows while the small model is fetched and loaded."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO

from structlog.testing import capture_logs
from typing_extensions import override

from gateway.cli.progress import ModelProgress


@dataclass(frozen=True)
class State:
    phase: str
    message: str
    done: int = 0
    total: int = 0


STEPS = (
    State("loading", "Looking for the model's file."),
    State("fetching", "Fetching a small model: 40 of 93 MB.", 40_000_000, 93_000_000),
    State("fetching", "Fetching a small model: 93 of 93 MB.", 93_000_000, 93_000_000),
    State("loading", "Loading it."),
    State("ready", "It is ready."),
)


class Terminal(StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_with_sizes_and_then_says_that_it_is_ready() -> None:
    out = Terminal()
    progress = ModelProgress(out)
    for step in STEPS:
        progress(step)
    assert "93.0/93.0 MB" in out.getvalue()
    assert "It is ready." in out.getvalue()


def test_elsewhere_each_phase_is_logged_once() -> None:
    out = StringIO()
    progress = ModelProgress(out)
    with capture_logs() as logs:
        for step in STEPS:
            progress(step)
    assert [entry["phase"] for entry in logs] == ["loading", "fetching", "loading", "ready"]
    assert out.getvalue() == ""
