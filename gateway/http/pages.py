"""The two pages: the chat for those who are in, the sign-in for those who are not yet.

Decides what a one-time code is worth and nothing else. A page holds no data: its scripts fetch it.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from gateway.http.auth import CALLER, Auth, cookie_name, set_cookie
from gateway.http.signed_out import SignedOut

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_USED = """\
<h1>This link was used already</h1>
  <p>Each link that $title prints opens the page once, in one browser. If that browser is
    this one, <a href="/">go to the page</a>.</p>"""
_UNKNOWN = """\
<h1>Please sign in</h1>
  <p>Open the link that $title printed when it started (<code>Open http://…/?code=…</code>).
    If you came from it just now, <a href="/">try again</a>.</p>"""


class Pages:
    """Pages, their files, and the way in."""

    def __init__(self, auth: Auth, signed_out: SignedOut | None, *, title: str, chat: bool) -> None:
        """Read the templates once; `chat` tells whether there is a chat to show."""
        self._auth = auth
        self._signed_out = signed_out
        self._chat = _page("chat.html" if chat else "closed.html", title)
        # By whether the link had been used already.
        self._sign_in = {
            used: _page("sign_in.html", title, why=why)
            for used, why in ((True, _USED), (False, _UNKNOWN))
        }

    async def home(self, request: web.Request) -> web.StreamResponse:
        """GET /: the chat; with `?code=`, the way in, once."""
        code = request.query.get("code")
        if code is not None:
            return self._enter(request, code)
        if request.get(CALLER) is None:
            return self._stranger(used=False)
        return _html(self._chat)

    async def sign_in(self, request: web.Request) -> web.Response:
        """POST /api/session: a browser that showed the token gets its cookie."""
        response = web.Response(status=204)
        set_cookie(request, response, self._auth.open_session())
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """DELETE /api/session: this browser is forgotten."""
        name = cookie_name(request)
        closed = self._auth.close_session(request.cookies.get(name, ""))
        if closed is not None and self._signed_out is not None:
            await self._signed_out.keep(closed)
        response = web.Response(status=204)
        response.del_cookie(name, path="/")
        return response

    async def favicon(self, request: web.Request) -> web.FileResponse:
        """GET /favicon.ico, which browsers ask for whatever the page says."""
        return web.FileResponse(_STATIC / "favicon.ico", headers=_REVALIDATE)

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add every address."""
        router.add_get("/", self.home, allow_head=False)  # looking ahead must not spend a code
        router.add_post("/api/session", self.sign_in)
        router.add_delete("/api/session", self.sign_out)
        router.add_get("/favicon.ico", self.favicon)
        router.add_static("/static/", _STATIC)

    def _enter(self, request: web.Request, code: str) -> web.Response:
        session = self._auth.exchange(code)
        known = request.get(CALLER)
        if session is None and known is None:
            return self._stranger(used=True)
        # Not raised: the code must vanish from the address bar, and the cookie must come along.
        response = web.Response(status=303, headers={"Location": "/"})
        if session is not None:
            set_cookie(request, response, session)
        return response

    def _stranger(self, *, used: bool) -> web.Response:
        return _html(self._sign_in[used], status=401)


_REVALIDATE = {"Cache-Control": "no-cache"}


async def let_files_be_kept(request: web.Request, response: web.StreamResponse) -> None:
    """Let browsers keep our own files, and ask each time whether they are still right."""
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"


def _page(name: str, title: str, *, why: str = "") -> str:
    """Fill in a page; `title` is text, `why` a piece of the page."""
    page = Template(_read(name)).safe_substitute(head=_read("head.html"), why=why)
    return Template(page).substitute(title=escape(title))


def _read(name: str) -> str:
    return (_HERE / "templates" / name).read_text(encoding="utf-8")


def _html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")
