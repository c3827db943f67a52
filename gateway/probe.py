"""Asks a gateway on this machine whether it can answer; for `health` and for containers."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PATIENCE = 3.0


def probe(url: str) -> tuple[bool, str]:
    """Give whether it is ready, and a sentence about it."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read(2_000).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        return False, f"{url} does not answer: {error}"
    finally:
        connection.close()
    ready = answer.status == 200  # noqa: PLR2004 - HTTP's OK
    return ready, f"{url} {'is ready' if ready else 'is not ready'}: {text}"
