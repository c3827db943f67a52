"""How the Bot API says no."""

from __future__ import annotations

from tests.simulators.telegram.state import Wire

WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
}


class Refusal(Exception):
    """A request that is not done: an HTTP status, what is said, and what a program may read."""

    def __init__(self, status: int, words: str = "", **parameters: object) -> None:
        start = WORDS.get(status, "Internal Server Error")
        super().__init__(f"{start}: {words}" if words else start)
        self.status = status
        self.words = words
        self.parameters = parameters

    @property
    def wire(self) -> Wire:
        body: Wire = {"ok": False, "error_code": self.status, "description": str(self)}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(words: str) -> Refusal:
    """Most of what is refused."""
    return Refusal(400, words)


def flooded(seconds: float) -> Refusal:
    whole = max(1, -int(-seconds // 1))
    return Refusal(429, f"retry after {whole}", retry_after=whole)
