"""Shows in the terminal how far the model on this machine is: a bar while it is fetched.

Decides what is worth a line. Only on a terminal is there a bar; elsewhere each phase is logged.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gateway.wiring import ModelState

log = structlog.get_logger()


class ModelProgress:
    """Hears every step of a model that is fetched and loaded."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Write to stderr, or to `out`."""
        self._out = out or sys.stderr
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._phase = ""

    def __call__(self, state: ModelState) -> None:
        """Show a step; quick, and never fails a model."""
        if state.phase == "fetching" and self._out.isatty():
            self._fetched(state.done, state.total)
            return
        self._close()
        if state.phase != self._phase:
            self._phase = state.phase
            if self._out.isatty():
                self._out.write(f"{state.message}\n")
                self._out.flush()
            else:
                log.info("model", phase=state.phase, text=state.message)

    def _fetched(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = _bar(self._out)
            self._task = self._bar.add_task("", total=total or None)
            self._bar.start()
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total or None)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar, self._task = None, None


def _bar(out: TextIO) -> Progress:
    # Imported here: most starts fetch nothing, and should not wait for it.
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("Fetching a small model"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TimeElapsedColumn(),
        console=Console(file=out),
    )
