"""Ends a tool server that is left over when this program is killed at once (`kill -9`).

A server is expected to end when its input does, and most do. Decides what becomes of those that do
not: a shell waits for the end of this program, which it sees by its own input, then as long as a
server is given, and ends the server with all that is in its process group. It keeps nothing else,
and a server that means to escape can leave its group.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import Final

SHELL: Final = "/bin/sh"
# It is told the group once there is one; until then it ends with this program and does nothing.
_SCRIPT: Final = 'read -r group || exit; read -r _; sleep 1; kill -KILL "-$group"'


class Keeper:
    """The shell that waits. Where there is none, nothing is kept, and all else goes on."""

    def __init__(self) -> None:
        """Start it; to be done before the server is, so that no moment is left out."""
        self._shell: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._shell = subprocess.Popen(  # noqa: S603 - nothing of it comes from elsewhere
                (SHELL, "-c", _SCRIPT),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.defpath},
                start_new_session=True,  # whoever ends our group must not end it, too
            )

    def keep(self, group: int) -> None:
        """Have it end this process group when this program is gone."""
        if self._shell is not None and self._shell.stdin is not None:
            with suppress(OSError):  # somebody has ended it
                self._shell.stdin.write(f"{group}\n".encode())
                self._shell.stdin.flush()

    def leave(self) -> None:
        """End it, for there is no server, or none any more."""
        if self._shell is not None:
            self._shell.kill()
            self._shell.communicate()
