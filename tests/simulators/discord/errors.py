"""Discord's refusals: HTTP status, its own code, its own words, and which field is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30032: (400, "Maximum number of application commands reached (100)."),
    40005: (413, "Request entity too large"),
    40333: (403, "internal network error"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (403, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(
        self, code: int, message: str = "", *, errors: Mapping[str, Any] | None = None
    ) -> None:
        self.status, words = WORDS.get(code, (400, "Bad Request"))
        self.code, self.message, self.errors = code, message or words, errors
        super().__init__(f"{code} {self.message}")

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body | ({"errors": self.errors} if self.errors else {})


class Broken(Refused):
    """Discord itself fails, without saying why."""

    def __init__(self) -> None:
        super().__init__(0, "500: Internal Server Error")
        self.status = 500


def inside(name: str, refused: Refused) -> Refused:
    """Say that what is wrong stands inside the field `name`."""
    if refused.errors is None:
        return refused
    return Refused(refused.code, errors={name: refused.errors})


def wrong(path: str, code: str, message: str) -> Refused:
    """Refuse a form for the field at `path` ("components.0.custom_id")."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".") if path else []):
        errors = {part: errors}
    return Refused(50035, errors=errors)


def text(value: object, path: str, most: int, *, least: int = 0) -> None:
    """Refuse what is no text of that length, in characters."""
    if not isinstance(value, str):
        raise wrong(path, "BASE_TYPE_STRING", "Could not interpret as string.")
    if len(value) > most and least:
        words = f"Must be between {least} and {most} in length."
        raise wrong(path, "BASE_TYPE_BAD_LENGTH", words)
    if len(value) > most:
        raise wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    if len(value) < least:
        if not value:
            raise wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        words = f"Must be between {least} and {most} in length."
        raise wrong(path, "BASE_TYPE_BAD_LENGTH", words)


def members(value: object, path: str, most: int, *, least: int = 0) -> list[Any]:
    """Refuse what is no list, or one of another length."""
    if not isinstance(value, list):
        raise wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if least and not least <= len(value) <= most:
        words = f"Must be between {least} and {most} in length."
        raise wrong(path, "BASE_TYPE_BAD_LENGTH", words)
    if len(value) > most:
        raise wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return value
