"""The command line: what is printed, and who does what is asked for.

What is loaded first: nothing here imports more than signals need, for until they are taken Python
shows where Ctrl-C met it. What there is to be asked for, `gateway.cli.root` says.
"""

from __future__ import annotations

from gateway.hush import hush

hush()

from gateway.signals import leave_at_once  # noqa: E402 - while it loads, too


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says, or `arguments`, and leave with its exit code."""
    leave_at_once()
    from gateway.cli.root import root

    root.main(arguments, prog_name="moa-gateway")
