"""The troubles that befall every kind of connection, by name; see `Trouble` for what they say."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace

from tests.simulators.chaos import Trouble

PAGE = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x46"
"""What a server that speaks TLS says to who does not: a fatal alert, protocol version."""
PING = b"\x89\x00"
"""A WebSocket's ping without words, as a server sends it."""
BOMB = 64 * 1024 * 1024
"""Bytes that a bomb unpacks to; packed it has 64 thousand."""


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Write an answer that ends its connection."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(status: str, body: bytes = b"", *headers: str) -> Trouble:
    """Answer every request like this."""
    return Trouble(then="close", instead=http(status, body, *headers))


def bomb() -> Trouble:
    """Answer with little that unpacks to much."""
    packed = gzip.compress(bytes(BOMB), 6)
    return says("200 OK", packed, "Content-Type: application/json", "Content-Encoding: gzip")


def only(words: bytes, troubles: Mapping[str, Trouble]) -> dict[str, Trouble]:
    """Let these befall connections whose first request has these words in it."""
    return {name: replace(each, only=words) for name, each in troubles.items()}


CUT: Mapping[str, Trouble] = {
    "reset at once": Trouble(then="reset", instead=b""),
    "reset in the head": Trouble(then="reset", after=9),
    "reset in the body": Trouble(then="reset", after=b"\r\n\r\n"),
    "closed in the head": Trouble(then="close", after=40),
    "closed in the body": Trouble(then="close", after=b"\r\n\r\n"),
}
"""What breaks."""

ODD: Mapping[str, Trouble] = {
    "500": says("500 Internal Server Error"),
    "502 with a page": says("502 Bad Gateway", PAGE, "Content-Type: text/html"),
    "503": says("503 Service Unavailable", b"", "Retry-After: 1"),
    "200 with a page": says("200 OK", PAGE, "Content-Type: text/html"),
    "429": says("429 Too Many Requests", b"", "Retry-After: 1"),
    "429 without a time": says("429 Too Many Requests"),
    "no HTTP": Trouble(then="close", instead=b"220 smtp.example.org ESMTP\r\n\r\n"),
    "TLS": Trouble(then="close", instead=TLS_ALERT),
    "no JSON": says("200 OK", b'{"ok": tr', "Content-Type: application/json"),
}
"""What is said in place of the server."""

SILENT: Mapping[str, Trouble] = {
    "silence": Trouble(then="dead"),
    "done, never answered": Trouble(then="stop"),
    "half a head": Trouble(then="stop", after=20),
    "a head": Trouble(then="stop", after=b"\r\n\r\n"),
    "only pings": Trouble(then="dead", after=b"\r\n\r\n", endless=PING, seconds=0.2),
}
"""What stays open, and is of no use: only a deadline finds it out."""

SLOW = Trouble(then="trickle")
"""Byte by byte, without a pause between: a busy machine makes of pauses more than any deadline."""
TWICE = Trouble(then="twice")
