"""P9: the data's folder is made read-only under the running program, on all three messengers.

Who owns the machine may write everywhere: the program is run without that power here, so that a
mode bites whoever runs the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.gateway.harness import process_gateway, refused_gateway
from tests.gateway.messenger_scene import Models, scene
from tests.transcripts.stages import Stage, Where

# Sources: capabilities(7), prctl(2): PR_CAPBSET_DROP is 24, CAP_DAC_OVERRIDE 1, _READ_SEARCH 2.
POWERLESS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for power in (1, 2):
    if os.geteuid() == 0 and libc.prctl(24, power, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
"""
UNDER = (sys.executable, "-c", POWERLESS)


async def test_p9_a_folder_that_turns_read_only_loses_nothing_and_is_named(tmp_path):
    """What is open is written on; a file that cannot be kept is told; the next start refuses."""
    folder = tmp_path / "data"
    async with scene(tmp_path, "dm") as there:
        async with process_gateway(there.text, tmp_path, under=UNDER) as process:
            await there.ask("Hello?")
            await there.answered()
            await there.settled()
            writable(folder, may=False)
            await there.each(with_a_file)
            await there.answered(2)
            for stage in there.stages:
                said = told_of(there.models, f"What is this, {stage.platform}?")
                assert "not read: it could not be kept here" in said
                await process.logged("file_not_kept")
            assert sum("Permission denied" in each for each in process.stderr) == len(there.stages)
            assert "Traceback" not in "\n".join(process.stderr)
        code, told = await refused_gateway(there.text, tmp_path, under=UNDER)
        assert (code, "make its folder writable" in told) == (2, True), told
        writable(folder, may=True)
        async with there.started():
            await there.each(with_a_file)
            await there.answered(3)
            there.holds(answers=3)


async def with_a_file(stage: Stage, _where: Where) -> None:
    words = f"What is this, {stage.platform}?"
    await stage.ask(words, files=[("note.txt", b"A note of mine.")])


def told_of(models: Models, question: str) -> str:
    """Give all that the aggregator was sent with a question."""
    bodies = [each.body for each in models.seen if each.body["model"] == "big"]
    return next(str(body["messages"][:-1]) for body in bodies if question in str(body))


def writable(folder: Path, *, may: bool) -> None:
    for each in folder.rglob("*"):
        if each.is_file():
            each.chmod(0o600 if may else 0o400)
    for each in (*(each for each in folder.rglob("*") if each.is_dir()), folder):
        each.chmod(0o700 if may else 0o500)
