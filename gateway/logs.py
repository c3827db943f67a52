"""How the program logs: readable lines on a terminal, JSON lines elsewhere, always on stderr.

Decides that no secret is ever written: every value that the configuration calls one is struck out
of every line, whoever logged it, however it was quoted, and also out of what a crash leaves.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from core.struck import STRUCK, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict, Processor, WrappedLogger


class StrikeOut:
    """Replaces known secrets in everything that is logged."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the secrets."""
        self.begin(secrets)

    def begin(self, secrets: Iterable[str]) -> None:
        """Know these and no others."""
        self._secrets: list[str] = []
        self.know(secrets)

    def know(self, secrets: Iterable[str]) -> None:
        """Strike these out, too."""
        self._secrets = sorted({*self._secrets, *ordered(secrets)}, key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Strike out of everything that a line is made of."""
        return {key: self.value(value) for key, value in event.items()}

    def value(self, value: object) -> object:
        """Strike every secret out of a value, however deep; what is no text becomes one."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Strike every secret out of a text."""
        for secret in self._secrets:
            text = text.replace(secret, STRUCK)
        return text


STRIKE: Final = StrikeOut(())
"""Of this process: a file that is read again brings new secrets, and the old ones stay such."""


def set_up(secrets: Iterable[str] = (), *, verbose: bool = False) -> None:
    """Send this program's and its libraries' logs to stderr."""
    plain = not sys.stderr.isatty()
    last: Processor = (
        structlog.processors.JSONRenderer()
        if plain
        else structlog.dev.ConsoleRenderer(pad_event_to=0)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    STRIKE.begin(secrets)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            STRIKE,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose or plain else logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # What a handler meets is logged by `gateway.http.errors`; this one only quotes, at length, the
    # requests of strangers that are no HTTP.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def watch_crashes() -> None:
    """Have what nobody caught written without secrets, too, in whichever thread it was raised.

    A crash of the interpreter leaves no dump of its memory, nor one of a program that it starts.
    """
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda kind, error, trace: _tell(error)
    threading.excepthook = lambda crash: _tell(crash.exc_value)
    sys.unraisablehook = lambda crash: _tell(crash.exc_value)
    with suppress(ImportError, OSError, ValueError):  # where there are no such limits
        import resource  # noqa: PLC0415 - not everywhere

        # A dump of this memory would hold every secret, and what people have said.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(error: BaseException | None) -> None:
    if error is not None:
        sys.stderr.write(STRIKE.text("".join(traceback.format_exception(error))))
