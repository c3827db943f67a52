"""Asks a gateway on this machine whether it can answer; for `health` and for containers."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from core.errors import ConfigError

PATIENCE = 3.0


def probe(url: str) -> tuple[bool, str]:
    """Give whether it is ready, and a sentence about it.

    Raises:
        ConfigError: `url` is no address.
    """
    parts = _parts(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/readyz")
        answer = connection.getresponse()
        text = answer.read(2_000).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        return False, f"{url} does not answer: {error}"
    finally:
        connection.close()
    ready = answer.status == 200  # noqa: PLR2004 - HTTP's OK
    return ready, f"{url} {'is ready' if ready else 'is not ready'}: {text}"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass  # a port that is none
    message = f"{url!r} is no address. Give one such as http://127.0.0.1:8080."
    raise ConfigError(message)
