"""What models call a tool of a server: `server__tool`, in the characters that all vendors take.

Decides how a name is made fit. It is the same for ever, whatever else is offered beside it, and no
two tools of all servers share one.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

LONGEST: Final = 64
_BETWEEN: Final = "__"
_FIT: Final = re.compile(r"[A-Za-z0-9_-]+")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
_MARK: Final = 10  # characters of the hash: so many tools that two alike are never met


def offered_name(server: str, tool: str) -> str:
    """Give the name under which the tool of a server is offered."""
    plain = f"{server}{_BETWEEN}{tool}"
    # Where the first "__" is, the server's name ends: two pairs never make the same plain name.
    tells_apart = _BETWEEN not in f"{server}_"
    if tells_apart and len(plain) <= LONGEST and _FIT.fullmatch(plain):
        return plain
    mark = sha256(f"{server}\n{tool}".encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    head = _UNFIT.sub("_", plain)[: LONGEST - _MARK - 1]
    return f"{head}-{mark}"
