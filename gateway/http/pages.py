"""The two pages: the chat for those who are in, the sign-in for those who are not yet.

Decides what a one-time code is worth and nothing else. A page holds no data: its scripts fetch it.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from gateway.http.auth import CALLER, Auth, cookie_name, set_cookie

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"


class Pages:
    """Pages, their files, and the way in."""

    def __init__(self, auth: Auth, *, title: str, chat: bool) -> None:
        """Read the templates once; `chat` tells whether there is a chat to show."""
        loader = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(),
        )
        self._auth = auth
        self._chat = loader.get_template("chat.html" if chat else "closed.html").render(title=title)
        self._sign_in = loader.get_template("sign_in.html")
        self._title = title

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
        self._auth.close_session(request.cookies.get(name, ""))
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
        return _html(self._sign_in.render(title=self._title, used=used), status=401)


_REVALIDATE = {"Cache-Control": "no-cache"}


async def let_files_be_kept(request: web.Request, response: web.StreamResponse) -> None:
    """Let browsers keep our own files, and ask each time whether they are still right."""
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"


def _html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")
