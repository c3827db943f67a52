"""A tool server that is a child process: how it is started, heard and ended.

Decides what it is given (exactly the configured arguments, no shell, few variables of ours), how
much of one message is read, and that nothing of it is left running. It reads no message.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Final

from adapters.children import harmless
from adapters.tools.keeper import Keeper
from adapters.tools.link import Options, ToolsGone
from adapters.tools.results import printable

LONGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes of one message: room for a picture. What is longer is read over and never kept."""
_PIECE: Final = 64 * 1024
_ENDS: Final = 1024  # bytes of head and tail that are kept of what is too long
_ID: Final = re.compile(rb'"id"\s*:\s*(\d+)\s*[,}]')
_GRACE: Final = 1.0
"""Seconds in which it is expected to end when its input does, and again when it is told to."""

_living: Final[set[int]] = set()
"""The process groups of servers that run."""


def end_all() -> None:
    """End all servers here and now, for this program does not live to see them end."""
    for group in _living:
        _signalled(group, signal.SIGKILL)


class TooLong(Exception):
    """A message was longer than what is read; `request` is the request it answered, if it says."""

    def __init__(self, request: int | None) -> None:
        """Take the request's number."""
        super().__init__(f"longer than {LONGEST_MESSAGE // 1024 // 1024} MB")
        self.request = request


class Child:
    """A server's process, and what it said beside its messages."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        strike: Callable[[str], str] = str,
        keeper: Keeper | None = None,
    ) -> None:
        """Take a process that has just been started, with three pipes, and who keeps it."""
        self._process = process
        self._keeper = keeper
        self.strike = strike
        self._said: deque[str] = deque(maxlen=5)
        self.rubbish = ""
        self.gone: ToolsGone | None = None
        self._ending = False
        _living.add(process.pid)

    async def messages(self) -> AsyncGenerator[bytearray | TooLong, None]:
        """Yield line after line of its output until that ends."""
        output = self._process.stdout
        if output is None:
            return
        line = bytearray()
        cut = False
        while piece := await output.read(_PIECE):
            *ended, rest = piece.split(b"\n")
            for part in ended:
                line += part
                yield _too_long(line) if cut or len(line) > LONGEST_MESSAGE else line
                line, cut = bytearray(), False
            line += rest
            if cut or len(line) > LONGEST_MESSAGE:
                cut = True
                del line[_ENDS : max(_ENDS, len(line) - _ENDS)]

    async def send(self, message: bytes) -> None:
        """Write a line to its input, waiting while it does not read.

        Raises:
            OSError: it reads no more.
        """
        if self._process.stdin is None:
            return
        self._process.stdin.write(message + b"\n")
        await self._process.stdin.drain()

    async def listen(self) -> None:
        """Remember the last lines of its standard error, until that ends."""
        errors = self._process.stderr
        if errors is None:
            return
        rest = ""
        while piece := await errors.read(_PIECE):
            *lines, rest = (rest + piece.decode("utf-8", "replace")).split("\n")
            self._say(lines)
            rest = rest[-_PIECE:]
        self._say([rest])

    def _say(self, lines: Iterable[str]) -> None:
        self._said.extend(filter(None, [printable(self.strike(line)) for line in lines]))

    async def ended(self) -> None:
        """Note how it ended by itself, now that its output has; it is given a moment for that."""
        if self._ending:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GRACE)
        code = self._process.returncode
        if code is None:
            why = "its program has closed its output"
        elif code < 0:
            why = f"its program was ended by {_signal_name(-code)}"
        else:
            why = f"its program has ended with exit code {code}"
        self.gone = self.gone or ToolsGone(why, detail=self.detail)

    @property
    def detail(self) -> str:
        """What it said last, for the operator."""
        return " | ".join([*([f"not MCP: {self.rubbish}"] if self.rubbish else []), *self._said])

    async def end(self) -> None:
        """Close its input, wait, tell it and its children to end, wait, and end them.

        Whoever reads its output and errors goes on until then.
        """
        self._ending = True
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            for number in (None, signal.SIGTERM, signal.SIGKILL):
                if number is not None:
                    self._signal(number)
                with suppress(TimeoutError):
                    # Also waits for its children, as far as they hold its pipes.
                    await asyncio.wait_for(self._process.wait(), _GRACE)
                    self._signal(signal.SIGTERM)  # to what it has left behind in its group
                    break
        except asyncio.CancelledError:
            self._signal(signal.SIGKILL)
            raise
        finally:
            # A child of its that left its group may hold the pipes for ever.
            _living.discard(self._process.pid)
            transport = getattr(self._process, "_transport", None)
            if transport is not None:
                transport.close()
            if self._keeper is not None:
                self._keeper.leave()

    def _signal(self, number: signal.Signals) -> None:
        _signalled(self._process.pid, number)


def _signalled(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _too_long(line: bytearray) -> TooLong:
    # Servers write the number of the request first or last; what lies between is a tool's text.
    found = [*_ID.finditer(line[-_ENDS:])][-1:] or [*_ID.finditer(line[:_ENDS])][:1]
    return TooLong(int(found[0][1]) if found else None)


async def start(options: Options) -> Child:
    """Start a server's program.

    Raises:
        ToolsGone: it cannot be started; the text says why.
    """
    environ = environment(options.env)
    program, cwd = _program(options.command[0], environ["PATH"]), _folder(options.cwd)
    keeper = Keeper()
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *options.command[1:],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environ,
            cwd=cwd,
            start_new_session=True,  # a Ctrl-C is ours; and its children can be ended with it
        )
        keeper.keep(process.pid)
        return Child(process, options.strike, keeper)
    except (OSError, ValueError) as error:
        keeper.leave()
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolsGone(f"its program {options.command[0]!r} cannot be started: {why}") from error
    except asyncio.CancelledError:
        keeper.leave()
        raise


def _program(name: str, path: str) -> str:
    found = name if "/" in name else which(name, path=path)
    if found is None:
        raise ToolsGone(f"there is no program {name!r} on the PATH")
    return found


def _folder(name: str | None) -> Path | None:
    folder = None if name is None else Path(name).expanduser()
    if folder is not None and not folder.is_dir():
        raise ToolsGone(f"there is no folder {str(folder)!r} for its program to run in")
    return folder


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that a server is started with: a few of ours, and those it is given.

    Programs that are installed beside this one are found last.
    """
    both = {**harmless(), **given}
    both["PATH"] = os.pathsep.join(
        [both.get("PATH") or os.defpath, str(Path(sys.executable).parent)]
    )
    return both


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
