"""What no request gets past: Host, Origin, credentials; and the headers of every answer.

Decides who is let in to what: health and files that hold nothing are open, `/v1` takes every key,
all else is the owner's. It never looks at what a request wants there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from gateway.http.auth import CALLER, Auth, Caller, cookie_name
from gateway.http.doorstep import DOORSTEP
from gateway.http.errors import error_answer

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN = frozenset({"/healthz", "/readyz", "/favicon.ico"})
"""Open to everybody; they hold nothing."""
SELF_GUARDED = frozenset({"/"})
"""Tells strangers how to sign in, so it looks at its caller itself."""
CSRF_HEADER = "X-MoA-Gateway"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SCHEMES = {"http": 80, "https": 443}
"""What our page is reached by, and the ports that go without saying."""
_PLACE = re.compile(r"[A-Za-z0-9._:\[\]-]+")
"""A host and a port: no name of a user before it, no path behind it."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types moa-html"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "moa-gateway",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """The walls of one server. `bind` is the address it listens on, `names` more that it has.

    `hooks` are the paths of messengers: whoever posts there is known by a signature.
    """

    auth: Auth
    bind: str
    names: Collection[str] = ()
    hooks: Collection[str] = ()

    @web.middleware
    async def let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or say why not."""
        if request.method == "POST" and request.path in self.hooks:
            return await handler(request)
        refused = self._place(request) or self._origin(request)
        if refused is not None:
            return error_answer(refused, status=403)
        cookie = request.cookies.get(cookie_name(request))
        caller = self.auth.caller(request.headers.get("Authorization"), cookie)
        if caller is not None:
            request[CALLER] = caller
            request.app[DOORSTEP].let_in(request.protocol)
        status, text = _admit(request, caller)
        if text:
            challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            return error_answer(text, status=status, headers=challenge)
        with self._as_long_as_valid(caller, request):
            return await handler(request)

    def _as_long_as_valid(
        self, caller: Caller | None, request: web.Request
    ) -> AbstractContextManager[None]:
        """Cut what runs by a credential once that is void; what signs out is to be answered."""
        if caller is None or (caller.by == "cookie" and request.method not in SAFE):
            return nullcontext()
        return self.auth.as_long_as_valid(caller, request.protocol.force_close)

    def _place(self, request: web.Request) -> str | None:
        """Refuse other people's names for this server (DNS rebinding)."""
        host, port = _host_port(request.headers.get("Host", ""))
        if not _same_place(request):
            return "The address that is asked for has another host than its Host says."
        if host in {name.lower() for name in self.names}:
            return None
        if self._wildcard and (host in LOOPBACK or _is_address(host)):
            return None  # published ports differ from ours, and nobody rebinds a bare address
        here = request.transport.get_extra_info("sockname")[1] if request.transport else None
        if host in LOOPBACK | {self.bind.lower()} and (port or 80) == here:
            return None
        return "This server does not answer to that Host."

    @property
    def _wildcard(self) -> bool:
        return self.bind in {"", "0.0.0.0", "::", "*"}  # noqa: S104 - compared, not bound

    @staticmethod
    def _origin(request: web.Request) -> str | None:
        """Refuse what another site's page sends."""
        origin = request.headers.get("Origin")
        if origin is not None:
            scheme, _, place = origin.partition("://")
            here = _host_port(request.headers.get("Host", ""), scheme)
            ours = scheme in SCHEMES and _PLACE.fullmatch(place)
            if not ours or _host_port(place, scheme) != here:
                return "Requests from other sites are refused."
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        visit = request.method == "GET" and request.path == "/"
        if site not in {"same-origin", "none"} and not visit:
            return "Requests from other sites are refused."
        return None


def _admit(request: web.Request, caller: Caller | None) -> tuple[int, str]:
    path = request.path
    if path in OPEN | SELF_GUARDED or path.startswith("/static/"):
        return 200, ""
    if caller is None:
        if "Authorization" in request.headers:
            return 401, "That is no token of this gateway: send Authorization: Bearer <token>."
        return 401, "Sign in first, or send Authorization: Bearer <token>."
    if not caller.owner and not path.startswith("/v1/"):
        return 403, "This key is good for /v1 only."
    # A browser names the origin of every such request, and only our page sets the header.
    ours = "Origin" in request.headers and CSRF_HEADER in request.headers
    if caller.by == "cookie" and request.method not in SAFE and not ours:
        return 403, f"Send Origin and {CSRF_HEADER} with this."
    return 200, ""


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the headers that bind browsers."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def _same_place(request: web.Request) -> bool:
    """Tell whether a whole address as the target names the same place as Host (RFC 9112, 3.2.2)."""
    if request.raw_path.startswith("/"):
        return True
    scheme, _, rest = request.raw_path.lower().partition("://")
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    named = request.headers.get("Host", "").lower()
    return bool(place) and _host_port(place, scheme) == _host_port(named, scheme)


def _host_port(netloc: str, scheme: str = "http") -> tuple[str, int | None]:
    """Split a Host header or an origin's place; a port that goes without saying is said."""
    if _PLACE.fullmatch(netloc) is None:
        return "", None
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return host.rstrip("."), port or SCHEMES.get(scheme)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
