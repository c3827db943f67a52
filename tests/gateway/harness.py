"""The whole gateway for tests: in this process, or as the child that an operator starts.

    async with running_gateway(CONFIG, tmp_path) as gateway:   # url, token, store, log of calls
    async with process_gateway(CONFIG, tmp_path) as process:   # url, stderr, terminate, kill

`CONFIG` is the text of a configuration file. Where it does not say so itself, the data lies in
the test's folder, the port is a free one and the token is `TOKEN`. Starting twice on one folder
is a restart on the same data.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, cast

from gateway import config as configuration
from gateway.clock import SystemClock
from gateway.http.face import Face
from gateway.program.app import serve
from gateway.program.assembly import Gateway
from gateway.program.faces import Faces
from tests.gateway.call_log import CallLog, Listened
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from core.ports import Clock, Provider
    from core.storage import Store

TOKEN = "test-token-of-the-owner"
COMMAND = str(Path(sys.executable).with_name("moa-gateway"))
_PRINTED = re.compile(r"Open (http://\S+)/\?code=(\S+)")


def completed(text: str, folder: Path) -> str:
    """Fill in what a test's configuration leaves open: where the data lies, port and token."""
    text = dedent(text).strip("\n")
    if not re.search(r"^data_dir:", text, re.MULTILINE):
        text += f"\ndata_dir: {folder}/data"
    if not re.search(r"^http:", text, re.MULTILINE):
        text += f"\nhttp: {{port: 0, token: {TOKEN}}}"
    return text + "\n"


# --- in this process ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A gateway at work in this process. `url` has no slash at its end; `code` opens the page."""

    url: str
    token: str
    code: str
    gateway: Gateway
    calls: CallLog
    stop: asyncio.Event

    @property
    def store(self) -> Store:
        return self.gateway.store

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def running_gateway(
    text: str,
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    """Assemble the real gateway from a configuration, on a free port; drain it at the end.

    Setting `stop` of what this gives drains it earlier, as SIGTERM would.
    """
    config = configuration.parse(completed(text, folder), "config.yaml", environ or {})
    token = config.settings.http.token
    calls, stop = CallLog(), asyncio.Event()
    opened: asyncio.Future[Running] = asyncio.get_running_loop().create_future()

    async def open_faces(gateway: Gateway) -> Faces:
        providers = cast("dict[str, Provider]", gateway.providers)
        for name, provider in providers.items():
            providers[name] = replace(provider, model=Listened(provider.model, calls))
        faces = await Face(config=config).open(gateway)
        return replace(faces, announce=partial(announced, gateway, faces))

    def announced(gateway: Gateway, faces: Faces) -> None:
        assert faces.announce is not None
        with redirect_stdout(io.StringIO()) as printed:
            faces.announce()
        url, code = _address(printed.getvalue())
        running = Running(
            url=url,
            token=token.reveal() if token else "",
            code=code,
            gateway=gateway,
            calls=calls,
            stop=stop,
        )
        opened.set_result(running)

    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(config, open_faces, clock=clock or SystemClock(), stop=stop))
        try:
            yield await opened
        except Exception as error:  # noqa: BLE001 - raised again, outside of the group
            failure = error
        finally:
            stop.set()
    if failure is not None:
        raise failure
    assert not calls.conversations.broken, calls.conversations.broken


def _address(printed: str) -> tuple[str, str]:
    found = _PRINTED.search(printed)
    assert found is not None, f"no address was printed: {printed!r}"
    return found[1], found[2]


# --- as a child process ---------------------------------------------------------------------


class Process:
    """A `moa-gateway run` child. `stdout` and `stderr` are its lines so far."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.url = ""
        self.code = ""
        self.token = TOKEN
        self._changed = asyncio.Event()
        self._over = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def terminate(self) -> None:
        """Ask it to drain (SIGTERM)."""
        self.child.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it here and now (SIGKILL)."""
        self.child.kill()

    def reload(self) -> None:
        """Ask it to read its file again (SIGHUP)."""
        self.child.send_signal(signal.SIGHUP)

    async def ended(self, *, seconds: float = PATIENCE) -> int:
        """Wait for its end and give the exit code; negative for a signal."""
        async with asyncio.timeout(seconds):
            return await self.child.wait()

    async def logged(self, text: str, *, seconds: float = PATIENCE) -> str:
        """Give the first line on stderr that has `text` in it, once it is there."""
        async with asyncio.timeout(seconds):
            while not (found := [line for line in self.stderr if text in line]):
                self._changed.clear()
                await self._changed.wait()
        return found[0]

    async def read(self, stream: asyncio.StreamReader | None, into: list[str]) -> None:
        assert stream is not None
        async for line in stream:
            into.append(line.decode(errors="replace").rstrip("\n"))
            self._changed.set()
        self._over = True
        self._changed.set()

    async def opened(self) -> None:
        """Wait for the printed address; tell what it said instead, if it ends first."""
        async with asyncio.timeout(PATIENCE):
            while not self._over and not any(_PRINTED.search(line) for line in self.stdout):
                self._changed.clear()
                await self._changed.wait()
        assert not self._over, "it ended at once:\n" + "\n".join((*self.stdout, *self.stderr))
        self.url, self.code = _address("\n".join(self.stdout))


@asynccontextmanager
async def process_gateway(
    text: str,
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = ("run",),
    under: tuple[str, ...] = (),
) -> AsyncIterator[Process]:
    """Start `moa-gateway run` on a configuration and wait for its address; drain it at the end.

    `under` is a command that runs it.
    """
    async with _child(text, folder, environ, (*under, COMMAND, *arguments)) as process:
        await process.opened()
        yield process


async def refused_gateway(
    text: str,
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = ("run",),
    under: tuple[str, ...] = (),
) -> tuple[int, str]:
    """Start what cannot start: give its exit code and what it wrote to stderr."""
    async with _child(text, folder, environ, (*under, COMMAND, *arguments)) as process:
        code = await process.ended()
    return code, "\n".join(process.stderr)


@asynccontextmanager
async def _child(
    text: str, folder: Path, environ: Mapping[str, str] | None, command: tuple[str, ...]
) -> AsyncIterator[Process]:
    file = folder / "config.yaml"
    file.write_text(completed(text, folder), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *command,
        "--config",
        str(file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **(environ or {})},
    )
    process = Process(child)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(process.read(child.stdout, process.stdout))
        group.create_task(process.read(child.stderr, process.stderr))
        try:
            yield process
        except Exception as error:  # noqa: BLE001 - raised again, outside of the group
            failure = error
        finally:
            await _end(process)
    if failure is not None:
        raise failure


async def _end(process: Process) -> None:
    if process.child.returncode is not None:
        return
    process.terminate()
    try:
        await process.ended()
    except TimeoutError:
        process.kill()
        await process.ended()
