"""Who asks: the owner's token, named keys, one-time codes and the cookies they are exchanged for.

Decides who a request comes from and never what they may do. Nothing here is kept in the clear
that a browser could present: tokens and codes are held as hashes. A session is signed with the
owner's token and not kept at all, so whoever sets a token stays signed in over a restart, until
the session's time is up, it is signed out (`signed_out` keeps that) or there is another token.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from aiohttp import web

from core.errors import ConfigError
from core.ports import Clock
from gateway.clock import SystemClock

MOST_CODES = 8
MOST_CLOSED = 1000
SESSION_SECONDS = 30 * 86_400
OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request. `name` is "owner" or the key's name in `http.keys`.

    `shown` is the hash of the credential.
    """

    name: str
    owner: bool
    by: Literal["bearer", "cookie"]
    shown: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A session that was closed: its hash, and until when (s) it would have been open."""

    shown: bytes
    until: int


CALLER = web.RequestKey("caller", Caller)


class Auth:
    """The credentials that are valid now."""

    def __init__(
        self,
        token: str,
        keys: Mapping[str, str] | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        """Take the owner's token and the other keys by name; a blank key is off.

        Raises:
            ConfigError: the owner's token is blank, which would let everybody in.
        """
        self._owner = b""
        self._keys: dict[str, bytes] = {}
        self._codes: dict[bytes, None] = {}
        self._closed: dict[bytes, None] = {}
        self._under_way: dict[object, tuple[Caller, Callable[[], None]]] = {}
        self._clock = clock or SystemClock()
        self.replace(token, keys)

    def replace(self, token: str, keys: Mapping[str, str] | None = None) -> None:
        """Take new credentials; a new owner's token signs every browser out.

        What is under way with one that is not valid any more is cut.

        Raises:
            ConfigError: the owner's token is blank; the old ones stay.
        """
        if not token.strip():
            raise ConfigError("http.token is blank: set a token, for example with a password tool.")
        owner = _hash(token)
        renewed = owner != self._owner
        if renewed:
            self._codes.clear()
        self._owner = owner
        self._keys = {name: _hash(key) for name, key in (keys or {}).items() if key.strip()}
        self._cut(lambda each: renewed if each.by == "cookie" else each != self._of(each.shown))

    def issue_code(self) -> str:
        """Make a code that opens the page once (`/?code=…`); the newest few stay valid."""
        code = secrets.token_urlsafe(24)
        _keep(self._codes, _hash(code), MOST_CODES)
        return code

    def exchange(self, code: str) -> str | None:
        """Give a session for a code that was not used yet; the code is void from now on."""
        known = _hash(code)
        if known not in self._codes:
            return None
        del self._codes[known]
        return self.open_session()

    def open_session(self) -> str:
        """Make a session; its value goes into the cookie and nowhere else."""
        head = f"{int(self._now) + SESSION_SECONDS}.{secrets.token_urlsafe(16)}"
        return f"{head}.{self._sign(head)}"

    def close_session(self, value: str) -> Closed | None:
        """Sign one browser out, and end what it still listens to; None if it is no session."""
        if not self._open(value):
            return None
        closed = Closed(shown=_hash(value), until=int(value.partition(".")[0]))
        self.shut_out(closed.shown)
        return closed

    def shut_out(self, shown: bytes) -> None:
        """Take a session for closed, by its hash."""
        _keep(self._closed, shown, MOST_CLOSED)
        self._cut(lambda each: each.shown == shown)

    @contextmanager
    def as_long_as_valid(self, caller: Caller, cut: Callable[[], None]) -> Iterator[None]:
        """Have `cut` called once what the caller has shown is not valid any more."""
        key = object()
        self._under_way[key] = (caller, cut)
        try:
            yield
        finally:
            del self._under_way[key]

    def caller(self, authorization: str | None, cookie: str | None) -> Caller | None:
        """Tell who it is, None for nobody. A wrong token is not mended by a right cookie."""
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            return self._bearer(token.strip()) if scheme.lower() == "bearer" else None
        if cookie is not None and self._open(cookie):
            return Caller(name=OWNER, owner=True, by="cookie", shown=_hash(cookie))
        return None

    @property
    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _open(self, session: str) -> bool:
        head, _, signature = session.rpartition(".")
        signed = hmac.compare_digest(_hash(signature), _hash(self._sign(head)))
        if not signed or _hash(session) in self._closed:
            return False
        return float(head.partition(".")[0]) > self._now

    def _sign(self, head: str) -> str:
        text = f"session {head}".encode("utf-8", "surrogateescape")
        return hmac.new(self._owner, text, sha256).hexdigest()

    def _cut(self, void: Callable[[Caller], bool]) -> None:
        for caller, cut in [*self._under_way.values()]:
            if void(caller):
                cut()

    def _bearer(self, token: str) -> Caller | None:
        return self._of(_hash(token))

    def _of(self, presented: bytes) -> Caller | None:
        found: Caller | None = None
        for name, key in self._keys.items():  # all of them, however early one fits
            if hmac.compare_digest(presented, key):
                found = Caller(name=name, owner=False, by="bearer", shown=presented)
        if hmac.compare_digest(presented, self._owner):
            found = Caller(name=OWNER, owner=True, by="bearer", shown=presented)
        return found


def cookie_name(request: web.Request) -> str:
    """Name the cookie after the port: cookies of one host are shared by all of its ports."""
    address = request.transport.get_extra_info("sockname") if request.transport else None
    port = address[1] if isinstance(address, tuple) else 0
    return f"moa_session_{port}"


def set_cookie(request: web.Request, response: web.StreamResponse, session: str) -> None:
    """Hand a session to the browser, out of reach of scripts and of other sites."""
    response.set_cookie(
        cookie_name(request),
        session,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )


def _hash(value: str) -> bytes:
    return sha256(value.encode("utf-8", "surrogateescape")).digest()


def _keep(where: dict[bytes, None], value: bytes, most: int) -> None:
    where[value] = None
    while len(where) > most:
        del where[next(iter(where))]
