"""Discord's REST API: routes, who may call them, limits, faults, the log, errors in its form."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from tests.simulators.base import Fault, Faults, Request, RequestLog
from tests.simulators.discord import channels, commands, messages
from tests.simulators.discord.desk import Call, Desk
from tests.simulators.discord.errors import Refused, wrong
from tests.simulators.discord.interactions import Interactions
from tests.simulators.discord.limits import Limits, Verdict

Handler: TypeAlias = Callable[[Desk, Call], Any]
NO_CONTENT, PREFIX = 204, "/api/v10"
DOWNLOAD = "download"
"""What a request for a file's bytes is called in the log and for faults."""


@dataclass(frozen=True, slots=True)
class Route:
    """`limit` is (count, seconds) per channel; None is not limited. `open`: without a token."""

    name: str
    method: str
    path: str
    handler: Handler
    limit: tuple[int, float] | None = (10, 10.0)
    open: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def routes(interactions: Interactions) -> list[Route]:
    """Every route that there is; its name is what faults and the log call it."""
    one, app, hook = (
        "/channels/{channel}",
        "/applications/{app}/commands",
        "/webhooks/{app}/{token}",
    )
    message, mine = one + "/messages/{message}", hook + "/messages/{message}"
    emoji = message + "/reactions/{emoji}/@me"
    return [
        Route("me", "GET", "/users/@me", channels.me),
        Route("user", "GET", "/users/{user}", channels.get_user),
        Route("application", "GET", "/oauth2/applications/@me", channels.application),
        Route("application", "GET", "/applications/@me", channels.application),
        Route("gateway", "GET", "/gateway", channels.gateway, open=True),
        Route("gateway_bot", "GET", "/gateway/bot", channels.gateway_bot),
        Route("leave_guild", "DELETE", "/users/@me/guilds/{guild}", channels.leave_guild),
        Route("get_guild", "GET", "/guilds/{guild}", channels.get_guild),
        Route("get_member", "GET", "/guilds/{guild}/members/{user}", channels.get_member),
        Route("get_channel", "GET", one, channels.get_channel),
        Route("edit_channel", "PATCH", one, channels.edit_channel, (2, 600.0)),
        Route("get_messages", "GET", one + "/messages", messages.get_messages, (5, 5.0)),
        Route("create_message", "POST", one + "/messages", messages.create_message, (5, 5.0)),
        Route("get_message", "GET", message, messages.get_message, (5, 5.0)),
        Route("edit_message", "PATCH", message, messages.edit_message, (5, 5.0)),
        Route("delete_message", "DELETE", message, messages.delete_message, (5, 1.0)),
        Route("typing", "POST", one + "/typing", messages.typing, (5, 5.0)),
        Route("add_reaction", "PUT", emoji, messages.add_reaction, (1, 0.25)),
        Route("remove_reaction", "DELETE", emoji, messages.remove_reaction, (1, 0.25)),
        Route("create_thread", "POST", message + "/threads", channels.thread_from_message),
        Route("start_thread", "POST", one + "/threads", channels.start_thread),
        Route("join_thread", "PUT", one + "/thread-members/@me", channels.join_thread),
        Route("create_dm", "POST", "/users/@me/channels", channels.create_dm),
        Route("get_commands", "GET", app, commands.get_commands),
        Route("put_commands", "PUT", app, commands.put_commands),
        Route("create_command", "POST", app, commands.create_command),
        Route("delete_command", "DELETE", app + "/{command}", commands.delete_command),
        Route(
            "callback",
            "POST",
            "/interactions/{interaction}/{token}/callback",
            interactions.callback,
            limit=None,
            open=True,
        ),
        Route("follow_up", "POST", hook, interactions.follow_up, (5, 2.0), open=True),
        Route("get_answer", "GET", mine, interactions.get_answer, (5, 2.0), open=True),
        Route("edit_answer", "PATCH", mine, interactions.edit_answer, (5, 2.0), open=True),
        Route("delete_answer", "DELETE", mine, interactions.delete_answer, (5, 2.0), open=True),
    ]


class Rest:
    """Answers requests one after the other as they come."""

    def __init__(self, desk: Desk, token: str, limits: Limits, interactions: Interactions) -> None:
        self._desk, self.limits = desk, limits
        self.token = token
        self.json_type = "application/json"
        self.requests = RequestLog(desk.changes, "discord")
        self.faults = Faults()
        self._routes = [(each, each.pattern) for each in routes(interactions)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.removeprefix(PREFIX)
        route, ids = self._find(request.method, path)
        if route is None:
            return self._respond(404, {"message": "404: Not Found", "code": 0}, {})
        call, broken = await _call(request, ids)
        fault = self.faults.take(route.name, {**call.form, **call.ids})
        if fault is not None and fault.kind == "reset":
            return self._cut(request, route, call)
        status, body, headers = self._answer(request, route, call, fault, broken)
        self._note(route, call, status, body)
        if fault is not None and fault.kind == "drop":
            return self._cut(request, route, call, noted=True)
        if fault is not None and fault.kind == "delay":
            await fault.late()
        page = None if fault is None else fault.raw
        return self._respond(status, body, headers) if page is None else page

    def _find(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str]]:
        for route, pattern in self._routes:
            match = pattern.fullmatch(path)
            if match is not None and route.method == method:
                return route, {name: unquote(each) for name, each in match.groupdict().items()}
        return None, {}

    def _answer(
        self,
        request: web.Request,
        route: Route,
        call: Call,
        fault: Fault | None,
        broken: Refused | None,
    ) -> tuple[int, Any, dict[str, str]]:
        agent = request.headers.get("User-Agent", "")
        if not route.open and not agent.startswith("DiscordBot ("):
            refused = Refused(40333)  # Cloudflare stands before Discord
            return refused.status, refused.body, {}
        if not route.open and request.headers.get("Authorization") != f"Bot {self.token}":
            return 401, Refused(0).body, {}
        verdict = self._verdict(route, call)
        if verdict.wait:
            return _slow_down(verdict.wait, verdict.headers, of_all=verdict.of_all)
        if fault is not None and fault.kind == "refuse":
            return _refused(fault, verdict.headers)
        try:
            if broken is not None:
                raise broken
            body = route.handler(self._desk, call)
        except Refused as refused:
            return refused.status, refused.body, verdict.headers
        return (NO_CONTENT if body is None else 200), body, verdict.headers

    def _verdict(self, route: Route, call: Call) -> Verdict:
        major = call.ids.get("channel") or call.ids.get("token") or call.ids.get("guild") or ""
        now = asyncio.get_running_loop().time()
        return self.limits.take(route, major, now)

    def _note(self, route: Route, call: Call, status: int, body: Any) -> None:
        params = {**call.form, **call.query, **call.ids}
        params |= {"files": [name for name, _ in call.files.values()]} if call.files else {}
        params |= {"commands": call.listed} if call.listed is not None else {}
        error = f"{body['code']} {body['message']}" if _is_error(status, body) else ""
        at = asyncio.get_running_loop().time()
        request = Request(at=at, method=route.name, params=params, status=status, error=error)
        self.requests.add(request)

    def _respond(self, status: int, body: Any, headers: Mapping[str, str]) -> web.Response:
        if body is None:
            return web.Response(status=status, headers=headers)
        raw = json.dumps(body).encode()
        told = {"Content-Type": self.json_type, **headers}
        return web.Response(status=status, body=raw, headers=told)

    async def download(self, request: web.Request, blob: bytes | None) -> web.StreamResponse:
        """Give the bytes of a file, which needs no token."""
        route = Route(DOWNLOAD, "GET", "", channels.me)
        call = Call(ids=dict(request.match_info))
        fault = self.faults.take(DOWNLOAD, call.ids)
        if fault is not None and fault.kind in {"reset", "drop"}:
            return self._cut(request, route, call)
        status = 404 if blob is None else 200
        if fault is not None and fault.kind in {"refuse", "garble"}:
            status, blob = fault.status if fault.kind == "refuse" else 200, b""
        self._note(route, call, status, None)
        if fault is not None and fault.kind == "delay":
            await fault.late()
        page = None if fault is None else fault.raw
        return web.Response(status=status, body=blob) if page is None else page

    def _cut(
        self, request: web.Request, route: Route, call: Call, *, noted: bool = False
    ) -> web.Response:
        """Tear the connection instead of answering."""
        if not noted:
            self._note(route, call, 0, None)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _is_error(status: int, body: Any) -> bool:
    return status >= 400 and isinstance(body, dict) and "code" in body


async def _call(request: web.Request, ids: Mapping[str, str]) -> tuple[Call, Refused | None]:
    """Read a request; one that cannot be read comes with its refusal."""
    form: Any = {}
    files: dict[int, tuple[str, bytes]] = {}
    query = dict(request.query)
    try:
        if request.content_type == "multipart/form-data":
            form = await _multipart(request, files)
        elif request.can_read_body and (raw := await request.read()):
            form = json.loads(raw)
    except ValueError:
        return Call(ids=ids, query=query), Refused(50109)
    if isinstance(form, list):
        return Call(ids=ids, query=query, listed=form), None
    if not isinstance(form, dict):
        words = "Only dictionaries may be used in a DictType"
        return Call(ids=ids, query=query), wrong("", "DICT_TYPE_CONVERT", words)
    return Call(ids=ids, query=query, form=form, files=files), None


async def _multipart(request: web.Request, files: dict[int, tuple[str, bytes]]) -> Any:
    form: Any = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        match = re.fullmatch(r"files?\[(\d+)\]", part.name or "")
        if part.name == "payload_json":
            form = json.loads(await part.text())
        elif match and part.filename:
            files[int(match[1])] = (part.filename, bytes(await part.read()))
    return form


def _slow_down(
    wait: float, headers: dict[str, str], *, of_all: bool
) -> tuple[int, Any, dict[str, str]]:
    message = "You are being rate limited."
    body = {"message": message, "retry_after": round(wait, 3), "global": of_all}
    return 429, body, headers | {"Retry-After": str(math.ceil(wait)), "Via": "1.1 google"}


def _refused(fault: Fault, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
    """Answer a planned refusal; its error is "50013 Missing Permissions", or words alone."""
    if fault.status == 429:
        shared = headers | {"X-RateLimit-Scope": "shared"}
        whole = bool(fault.parameters.get("global"))
        status, body, told = _slow_down(fault.retry_after or 1.0, shared, of_all=whole)
        if fault.retry_after is None:  # as of what does not say for how long
            told.pop("Retry-After")
            return status, {"message": "You are being rate limited.", "global": whole}, told
        return status, body | {"message": "The resource is being rate limited."}, told
    code, _, words = fault.error.partition(" ")
    if not code.isdecimal():
        code, words = "0", fault.error or f"{fault.status}: error"
    return fault.status, {"message": words, "code": int(code)}, headers
