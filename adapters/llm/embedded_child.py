"""The child process of the embedded model, from its parent's side.

Decides how it is started, how it is told what to load without anybody else reading it, and that
it is gone when its owner lets go. It never starts one again: `embedded` does.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.children import interpreter
from core.errors import ConfigError, ModelUnreachable

# By path and not by name: it is found wherever the program was started from.
SERVER = Path(__file__).with_name("embedded_server.py")

# Threads that spin while they wait starve everything else on a small machine; they have to be
# told before they exist.
SLEEPY = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A running model: where it listens and the key that it demands."""

    address: str
    key: str = field(repr=False)
    process: asyncio.subprocess.Process

    async def ended(self) -> None:
        """Return when it is gone, for whatever reason."""
        await self.process.wait()


@asynccontextmanager
async def running(model: Path, *, python: str, within: float) -> AsyncIterator[Child]:
    """Load `model` in a child within so many seconds; it is killed on the way out.

    Raises:
        ConfigError: the engine does not run on this machine, or refuses the file.
        ModelUnreachable: it ended, or took too long.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(python, "-P", str(SERVER)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**interpreter(), **SLEEPY},
            start_new_session=True,  # a Ctrl-C must not end it before the turns that use it
        )
    except OSError as error:
        message = f"The embedded model's process cannot be started: {error.strerror}."
        raise ModelUnreachable(message) from error
    try:
        yield await _introduce(process, model, within)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _introduce(process: asyncio.subprocess.Process, model: Path, within: float) -> Child:
    key = secrets.token_urlsafe(24)
    # Through stdin: every user of the machine can read arguments.
    order = json.dumps({"model": str(model), "key": key}).encode() + b"\n"
    try:
        async with asyncio.timeout(within):
            said = await _exchange(process, order)
    except TimeoutError as error:
        raise ModelUnreachable(f"{model.name} was not loaded within {within:g} s.") from error
    try:
        answer: dict[str, str] = json.loads(said)
    except (ValueError, RecursionError) as error:
        message = f"The process died while it loaded {model.name}; is there enough memory?"
        raise ModelUnreachable(message) from error
    if "address" not in answer:
        raise ConfigError(answer["error"])
    return Child(address=answer["address"], key=key, process=process)


async def _exchange(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:  # they are pipes: asked for above
        raise ModelUnreachable("The embedded model's process has no pipes.")
    process.stdin.write(order)
    with suppress(ConnectionError):  # it ended at once: its last words, if any, are read below
        await process.stdin.drain()
    return await process.stdout.readline()
