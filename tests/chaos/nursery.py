"""A process that has imported the program already, and gives birth to one run of it after another.

Started as a child: `python -m tests.chaos.nursery`. Each line on its input is a JSON list: the
folder to run in, the arguments of `moa-gateway`, and maybe what is added to the environment. It
answers with the new process's id on a line, and with its exit code (negative for a signal) on
another once it has ended. What is run is `gateway.cli:main` as the installed command runs it; only
the imports, most of a start, are there.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

MODULES = (
    "gateway.cli.root",
    "gateway.http.face",
    "gateway.cli.serving",
    "adapters.chat.telegram",
    "adapters.chat.discord",
    "adapters.chat.slack",
    "adapters.tools.session",
    "mcp",
)

BROKEN = 70


def main() -> None:
    gc.disable()
    for name in MODULES:
        import_module(name)
    gc.freeze()
    while line := sys.stdin.buffer.readline():
        folder, arguments, *environ = json.loads(line)
        child = os.fork()
        if not child:
            os.environ.update(*environ)
            _live(Path(folder), arguments)
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _live(folder: Path, arguments: list[str]) -> None:
    """Be the program; never come back."""
    code = BROKEN
    try:
        gc.enable()
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open("gateway.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for mine, number in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(mine, number)
        faulthandler.enable()  # SIGABRT says where it stood
        import_module("gateway.cli").main(arguments)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        if code == BROKEN:  # the process ends here, and would say nothing
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
