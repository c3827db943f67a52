"""How the command line asks a gateway that is running: a socket in the data folder (ADR 0040).

One process writes the data, so whoever wants something changed asks that process. Only the user
that runs it reaches the socket. Decides nothing about what can be asked: that is handed in.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from core.errors import GatewayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from core.types import Json

    Asked = Callable[[Mapping[str, str]], Awaitable[Json]]

NAME: Final = "moa-gateway.socket"
PATIENCE: Final = 600.0
"""Seconds that what was asked for may take."""
ANOTHER_VERSION: Final = "The gateway that is running is of another version: restart it."
_LONGEST_PATH: Final = 100
"""Bytes; the system takes 104 to 108."""
_MODE: Final = 0o600

log = structlog.get_logger()


class Control:
    """The gateway's side. `asked` names what can be asked for, and does it."""

    def __init__(self, folder: Path, asked: Mapping[str, Asked]) -> None:
        """Listen in `folder`, which belongs to this process."""
        self._folder = folder
        self._asked = asked

    async def run(self) -> None:
        """Listen until cancelled; where there can be no such socket, say so and do without."""
        try:
            with _reachable(self._folder) as path:
                listening = _bound(Path(path))
        except OSError as error:
            log.warning("control_closed", error=str(error), why="the data folder takes no socket")
            return
        try:
            async with asyncio.TaskGroup() as group:
                server = await asyncio.start_unix_server(
                    lambda reader, writer: _begin(group, self._answer(reader, writer)),
                    sock=listening,
                )
                async with server:
                    await server.serve_forever()
        finally:
            (self._folder / NAME).unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, ValueError):
                answer = await self._done(_read(await reader.readline()))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        finally:
            await _closed(writer)

    async def _done(self, wanted: Mapping[str, str]) -> Json:
        do = self._asked.get(wanted.get("do", ""))
        if do is None:
            return {"error": ANOTHER_VERSION}
        try:
            return {"done": await do(wanted)}
        except KeyError:  # it names less than is asked for here
            log.exception("control_misunderstood")
            return {"error": ANOTHER_VERSION}
        except (GatewayError, OSError) as error:
            return {"error": str(error)}


async def ask(folder: Path, do: str, **wanted: str) -> Json:
    """Ask the gateway of a data folder for something, and give what it answers.

    Raises:
        ConnectionError: nobody listens there.
        StoreError: it could not be done; the text says why.
    """
    with _reachable(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(json.dumps({**wanted, "do": do}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            answer = json.loads(await reader.read() or b"null")
    except (TimeoutError, ValueError, RecursionError) as error:
        raise StoreError("The gateway that is running gave no answer: look at its log.") from error
    finally:
        await _closed(writer)
    if not isinstance(answer, dict) or "done" not in answer:
        told = answer.get("error") if isinstance(answer, dict) else None
        raise StoreError(str(told or "The gateway that is running stopped before it was done."))
    done: Json = answer["done"]
    return done


def _read(line: bytes) -> Mapping[str, str]:
    """Read what is asked for: texts by name, or nothing that anybody here knows."""
    try:
        return msgspec.json.decode(line, type=dict[str, str])
    except (ValueError, RecursionError):
        return {}


def _begin(group: asyncio.TaskGroup, work: object) -> None:
    group.create_task(work, name="control")  # type: ignore[arg-type]


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _bound(path: Path) -> socket.socket:
    """Make the socket; nobody can connect before it listens, and by then it is its owner's."""
    path.unlink(missing_ok=True)  # of a process that was killed
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        path.chmod(_MODE)
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """Give a path of the socket that is short enough for the system."""
    path = folder / NAME
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{NAME}"
    finally:
        os.close(opened)
