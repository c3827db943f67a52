"""Where a turn is shown: a live region on a terminal, or plain text for pipes and screen readers.

Decides what goes to standard output and what beside it. It never decides what a turn says.
"""

from __future__ import annotations

from typing import Protocol, TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from adapters.chat.console.render import Shown, live, settled, summary
from core.markup import strip

HINT = "Ctrl-C stops."


class Screen(Protocol):
    """What a turn is shown on."""

    def show(self, shown: Shown) -> None:
        """Show a turn as it is now."""
        ...

    def settle(self, shown: Shown) -> str:
        """Print a turn that is over; give why its answer could not be printed, if it could not."""
        ...

    def say(self, text: str) -> None:
        """Print a sentence of the program's own."""
        ...

    def progress(self, step: str, text: str) -> None:
        """Show how far something is that has to be waited for; `step` is the part of it."""
        ...

    def prompt(self, text: str) -> None:
        """Ask for a line; what is typed stands behind it."""
        ...

    def clear(self) -> None:
        """Take away what is live."""
        ...


class PlainScreen:
    """Answers alone on `out`, everything else on `err`; no escape codes, nothing live."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Write to these two."""
        self._out = out
        self._err = err
        self._step = ""

    def show(self, shown: Shown) -> None:
        """Nothing: what is not settled would only be noise."""

    def settle(self, shown: Shown) -> str:
        if shown.panel is not None:
            self._print(summary(shown.panel), self._err)
        unprinted = self._print(shown.text, self._out) if shown.text.strip() else ""
        for text in (shown.error, shown.footer):
            if text:
                self._print(text, self._err)
        return unprinted

    def say(self, text: str) -> None:
        self._print(strip(text), self._err)

    def progress(self, step: str, text: str) -> None:
        if step != self._step:
            self._step = step
            self.say(text)

    def prompt(self, text: str) -> None:
        self._print(strip(text), self._err, end="")

    def clear(self) -> None:
        """Nothing is live."""

    def _print(self, text: str, stream: TextIO, end: str = "\n") -> str:
        try:
            print(text, file=stream, end=end, flush=True)
        except BrokenPipeError:
            return ""  # whoever read it has read enough
        except OSError as error:
            return f"The answer could not be written: {error.strerror}."
        return ""


class LiveScreen:
    """A region that changes while a turn runs, and then gives way to the whole answer."""

    def __init__(self, console: Console) -> None:
        """Draw on this terminal."""
        self._console = console
        self._live: Live | None = None

    def show(self, shown: Shown) -> None:
        self._draw(live(shown, HINT))

    def settle(self, shown: Shown) -> str:
        self.clear()
        self._console.print(settled(shown), crop=False)
        return ""

    def say(self, text: str) -> None:
        self._console.print(Text(strip(text)))

    def progress(self, step: str, text: str) -> None:
        self._draw(Text(strip(text), style="dim"))

    def prompt(self, text: str) -> None:
        self._console.print(Text(strip(text), style="bold"), end="")

    def clear(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, picture: RenderableType) -> None:
        if self._live is None:
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop"
            )
            self._live.start()
        self._live.update(picture, refresh=True)
