"""Discord's gateway: sessions that can be resumed, sequence numbers, heartbeats, intents.

A session keeps what it was sent. Whoever comes back with RESUME gets what they missed; whoever
comes with IDENTIFY does not, and has to read it over REST.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from tests.simulators.base import Changes
from tests.simulators.discord import objects
from tests.simulators.discord.wire import Closed, Line, Session, parsed
from tests.simulators.discord.world import World

GUILDS, MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = 1, 2, 1 << 9, 1 << 12, 1 << 15
PRESENCES = 1 << 8
KNOWN_INTENTS = (1 << 26) - 1


class Gateway:
    """All sessions and connections; also what a test does to them."""

    def __init__(self, world: World, changes: Changes, *, token: str, privileged: int) -> None:
        self._world, self._changes, self.token = world, changes, token
        self.privileged = privileged
        self.heartbeat = 41.25
        self.url = ""
        self.resume_url: str | None = ""  # "" is here, None is not said
        self.acking = True
        self.sessions: dict[str, Session] = {}
        self.lines: list[Line] = []
        self.received: list[dict[str, Any]] = []
        self.identified = 0
        self.resumed = 0
        self.refusing = False
        self.refused = 0
        self.late: set[str] = set()  # guilds that are away when a session begins
        self.silent: set[str] = set()  # guilds in which nothing is told of what is said

    @staticmethod
    def now() -> float:
        """The loop's time in seconds."""
        return asyncio.get_running_loop().time()

    # --- what a test does ---------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether somebody has identified or resumed, and is there."""
        return any(session.line is not None for session in self.sessions.values())

    async def kill(self, code: int | None = None) -> None:
        """Tear every connection, or close it with a code; sessions stay resumable."""
        for line in list(self.lines):
            self._part(line)
            if code is None:
                line.abort()
            else:
                await line.socket.close(code=code)
        self._changes.tell()

    def pause(self) -> None:
        """Send nothing more, not even heartbeat acknowledgements; keep the connections."""
        for line in self.lines:
            line.mute()

    def forget(self) -> None:
        """Lose every session: who resumes gets op 9 and has to identify."""
        for session in self.sessions.values():
            session.line = None
        self.sessions.clear()

    def ask_to_reconnect(self) -> None:
        """Op 7."""
        self._tell_all({"op": 7, "d": None, "s": None, "t": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9."""
        if not resumable:
            self.forget()
        self._tell_all({"op": 9, "d": resumable, "s": None, "t": None})

    def _tell_all(self, frame: dict[str, Any]) -> None:
        for line in list(self.lines):
            line.send(frame)

    # --- events -------------------------------------------------------------------------

    def dispatch(self, name: str, data: dict[str, Any], *, intent: int = 0) -> None:
        """Send an event to every session that asked for such; `intent` 0 goes to all."""
        for session in list(self.sessions.values()):
            if not intent or session.intents & intent:
                self._event(session, name, data)

    def message(self, name: str, data: dict[str, Any], *, private: bool) -> None:
        """Send a message, without its content to whoever may not read it."""
        intent = DIRECT_MESSAGES if private else GUILD_MESSAGES
        if data.get("guild_id") in self.silent:
            return
        for session in list(self.sessions.values()):
            if session.intents & intent:
                whole = session.intents & CONTENT
                seen = data if whole else objects.blank(self._world, data)
                self._event(session, name, seen)

    def _event(self, session: Session, name: str, data: dict[str, Any]) -> None:
        frame = {"t": name, "s": session.seq + 1, "op": 0, "d": data}
        session.sent.append(frame)
        if session.line is not None:
            session.line.send(frame)

    # --- one connection -----------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.refusing:
            self.refused += 1
            self._changes.tell()
            return web.Response(status=503)
        socket = web.WebSocketResponse(timeout=0.1, max_msg_size=4096 * 4)
        await socket.prepare(request)
        compress = request.query.get("compress") == "zlib-stream"
        line = Line(socket, request.transport, compress=compress)
        self.lines.append(line)
        try:
            async with asyncio.TaskGroup() as both:
                writing = both.create_task(line.write())
                await self._converse(line, request.query.get("v"))
                writing.cancel()
        finally:
            self._part(line)
            self._changes.tell()
        return socket

    async def _converse(self, line: Line, version: str | None) -> None:
        try:
            self._greet(line, version)
            await self._listen(line)
        except Closed as closed:
            await line.socket.close(code=closed.code, message=closed.reason.encode())

    def _greet(self, line: Line, version: str | None) -> None:
        if version not in {"9", "10"}:
            raise Closed(4012, "Invalid API version")
        hello = {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": []}
        line.send({"t": None, "s": None, "op": 10, "d": hello})

    def _part(self, line: Line) -> None:
        if line in self.lines:
            self.lines.remove(line)
        session = line.session
        if session is not None and session.line is line:
            session.line = None

    def _end(self, line: Line) -> None:
        """Close a session for good: the client said that it goes."""
        if line.session is not None:
            self.sessions.pop(line.session.id, None)

    async def _listen(self, line: Line) -> None:
        """Read until it closes; who misses heartbeats is closed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 1.5 * self.heartbeat
        while True:
            try:
                frame = await line.socket.receive(timeout=max(0.001, deadline - loop.time()))
            except TimeoutError:
                raise Closed(4009, "Session timed out.") from None
            if frame.type == WSMsgType.CLOSE and frame.data in {1000, 1001}:
                self._end(line)
            if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            body = parsed(frame)
            if body["op"] == 1:
                deadline = loop.time() + 1.5 * self.heartbeat
            elif line.events.take(loop.time()):
                raise Closed(4008, "Rate limited.")
            self._take(line, body)

    def _take(self, line: Line, body: dict[str, Any]) -> None:
        self.received.append(body)
        operations: dict[int, Callable[..., Any]] = {
            1: self._beat,
            2: self._identify,
            6: self._resume,
            8: self._members,
        }
        if body["op"] in {3, 4, 31}:
            return
        if body["op"] not in operations:
            raise Closed(4001, "Unknown opcode.")
        if body["op"] == 8 and line.session is None:
            raise Closed(4003, "Not authenticated.")
        operations[body["op"]](line, body.get("d"))
        self._changes.tell()

    def _beat(self, line: Line, last: object) -> None:
        if self.acking:
            line.send({"t": None, "s": None, "op": 11, "d": None})

    def _identify(self, line: Line, data: dict[str, Any]) -> None:
        if line.session is not None:
            raise Closed(4005, "Already authenticated.")
        if data.get("token") != self.token:
            raise Closed(4004, "Authentication failed.")
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            raise Closed(4013, "Invalid intent(s).")
        if not isinstance(data.get("properties"), dict):
            raise Closed(4002, "Error while decoding payload.")
        if intents & (CONTENT | MEMBERS | PRESENCES) & ~self.privileged:
            raise Closed(4014, "Disallowed intent(s).")
        session = Session(secrets.token_hex(16), intents, line=line)
        line.session = self.sessions[session.id] = session
        self.identified += 1
        self._ready(session, data)

    def _ready(self, session: Session, data: dict[str, Any]) -> None:
        world = self._world
        present = [each for each in world.guilds.values() if each.present]
        ready = {
            "v": 10,
            "user_settings": {},
            "user": objects.user(world.bot)
            | {"verified": True, "mfa_enabled": True, "email": None},
            "session_type": "normal",
            "session_id": session.id,
            "resume_gateway_url": self.resume_url or self.url,
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guilds": [{"id": each.id, "unavailable": True} for each in present],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": ["frankfurt"],
            "auth": {},
            "application": {"id": world.application_id, "flags": flags(self.privileged)},
            "_trace": [],
        }
        if self.resume_url is None:
            del ready["resume_gateway_url"]
        if "shard" in data:
            ready["shard"] = data["shard"]
        self._event(session, "READY", ready)
        everybody = bool(session.intents & MEMBERS)
        there = [each for each in present if each.id not in self.late]
        for each in there if session.intents & GUILDS else ():
            whole = objects.guild(world, each, everybody=everybody)
            self._event(session, "GUILD_CREATE", whole)

    def _resume(self, line: Line, data: dict[str, Any]) -> None:
        if data.get("token") != self.token:
            raise Closed(4004, "Authentication failed.")
        session = self.sessions.get(str(data.get("session_id")))
        if session is None:
            line.send({"t": None, "s": None, "op": 9, "d": False})
            return
        seq = data.get("seq")
        if not isinstance(seq, int) or seq > session.seq:
            raise Closed(4007, "Invalid seq.")
        session.line, line.session = line, session
        self.resumed += 1
        for frame in session.sent[seq:]:
            line.send(frame)
        self._event(session, "RESUMED", {"_trace": []})

    def _members(self, line: Line, data: dict[str, Any]) -> None:
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if guild is None or line.session is None:
            return
        wanted = data.get("user_ids") or list(guild.members)
        ids = [str(each) for each in (wanted if isinstance(wanted, list) else [wanted])]
        people = [self._world.users[each] for each in ids if each in guild.members]
        chunk = {
            "guild_id": guild.id,
            "members": [
                objects.member(self._world, guild, each) | {"user": objects.user(each)}
                for each in people
            ],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [each for each in ids if each not in guild.members],
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        self._event(line.session, "GUILD_MEMBERS_CHUNK", chunk)


def flags(privileged: int) -> int:
    """The application's flags: which privileged intents it has, as an unverified one."""
    pairs = ((PRESENCES, 1 << 13), (MEMBERS, 1 << 15), (CONTENT, 1 << 19))
    return sum(flag for intent, flag in pairs if privileged & intent)
