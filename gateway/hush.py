"""Lets Ctrl-C end the program without a traceback before signals are taken (`gateway.signals`).

Decides nothing else and imports next to nothing: whatever is loaded first, a signal may meet. The
process dies of the signal itself then, which shells tell as 130.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # that of `typing` takes longer to load than all of this
if TYPE_CHECKING:
    from types import TracebackType


def hush() -> None:
    """Show no traceback of a Ctrl-C from here on."""
    sys.excepthook = _shown


def _shown(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
