# Shows that the Discord gateway lets in, closes, replays and forgets as Discord's does.

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp
import discord
import pytest

from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.realclient import RealClient

GUILDS, MESSAGES, DIRECT, CONTENT = 1, 1 << 9, 1 << 12, 1 << 15
INTENTS = GUILDS | MESSAGES | DIRECT
REAL = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


class Plug:
    """A websocket without any library."""

    def __init__(self, sim: DiscordSimulator, query: str = "?v=10&encoding=json") -> None:
        self.sim, self._url = sim, sim.gateway_url + query
        self._zlib = zlib.decompressobj()
        self._session = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        self.socket = await self._session.ws_connect(self._url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._session.close()

    async def get(self) -> dict[str, Any]:
        frame = await self.socket.receive(timeout=10)
        raw = frame.data
        if frame.type == aiohttp.WSMsgType.BINARY:
            raw = self._zlib.decompress(raw).decode()
        return dict(json.loads(raw))

    async def closed(self) -> int | None:
        while True:
            frame = await self.socket.receive(timeout=10)
            if frame.type == aiohttp.WSMsgType.CLOSE:
                return int(frame.data)
            if frame.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                return self.socket.close_code

    async def put(self, op: int, data: object) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, intents: int = INTENTS) -> dict[str, Any]:
        """Give READY."""
        await self.get()
        await self.put(2, {"token": self.sim.token, "intents": intents, "properties": {}})
        return await self.get()

    async def resume(self, session: str, seq: int) -> None:
        await self.get()
        data = {"token": self.sim.token, "session_id": session, "seq": seq}
        await self.put(6, data)


@pytest.fixture
async def sim() -> AsyncIterator[DiscordSimulator]:
    async with DiscordSimulator() as simulator:
        yield simulator


async def test_hello_then_ready_then_guilds(sim):
    sim.group("general", sim.person("Ann"))
    async with Plug(sim) as plug:
        assert (await plug.get())["op"] == 10
        await plug.put(2, {"token": sim.token, "intents": INTENTS, "properties": {}})
        ready, guild = await plug.get(), await plug.get()
        assert (ready["t"], ready["s"], guild["t"], guild["s"]) == ("READY", 1, "GUILD_CREATE", 2)
        assert ready["d"]["resume_gateway_url"] == sim.gateway_url
        assert ready["d"]["guilds"] == [{"id": guild["d"]["id"], "unavailable": True}]
        await plug.put(1, 2)
        assert (await plug.get())["op"] == 11


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "wrong", "intents": INTENTS, "properties": {}}, 4004),
        (2, {"intents": INTENTS | CONTENT, "properties": {}}, 4014),
        (2, {"intents": 1 << 40, "properties": {}}, 4013),
        (2, {"intents": INTENTS}, 4002),
        (6, {"token": "wrong", "session_id": "x", "seq": 1}, 4004),
        (8, {}, 4003),
        (99, {}, 4001),
    ],
)
async def test_who_is_not_let_in_is_told_by_a_code(sim, op, data, code):
    async with Plug(sim) as plug:
        await plug.get()
        await plug.put(op, {"token": sim.token} | data)
        assert await plug.closed() == code


async def test_nonsense_and_old_versions_are_closed(sim):
    async with Plug(sim) as plug:
        await plug.socket.send_str("hello?")
        assert await plug.closed() == 4002
    async with Plug(sim, "?v=6") as plug:
        assert await plug.closed() == 4012


async def test_content_is_told_to_whom_may_read_it():
    async with DiscordSimulator(content_intent=True) as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with Plug(sim) as blind, Plug(sim) as seeing:
            for plug, intents in ((blind, INTENTS), (seeing, INTENTS | CONTENT)):
                await plug.identify(intents)
                assert (await plug.get())["t"] == "GUILD_CREATE"
            await sim.say(place, ann, "between us", files={"a.txt": b"x"})
            blank, whole = (await blind.get())["d"], (await seeing.get())["d"]
            assert (blank["content"], blank["attachments"]) == ("", [])
            assert (whole["content"], whole["attachments"][0]["size"]) == ("between us", 1)
            assert whole["member"]["roles"] == []


async def test_what_is_for_one_alone_comes_as_if_it_were_direct(sim):
    ann = sim.person("Ann")
    place = sim.group("general", ann)
    async with RealClient(sim, intents=REAL) as client, asyncio.TaskGroup() as group:
        await sim.until(lambda: "ready" in client.events)
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Info", custom_id="i"))
        sent = await client.get_partial_messageable(int(place.id)).send("x", view=view)
        pressed = group.create_task(sim.press(place, ann, str(sent.id), "Info"))
        await sim.until(lambda: client.acted)
        await client.acted[0].response.send_message("psst", ephemeral=True)
        assert await pressed == "psst"
        await sim.until(lambda: len(client.said) == 2)
        assert [each.guild is None for each in client.said] == [False, True]


async def test_what_was_missed_is_replayed_compressed_or_not(sim):
    ann = sim.person("Ann")
    dm = sim.dm(ann)
    async with Plug(sim, "?v=10&compress=zlib-stream") as plug:
        session = (await plug.identify())["d"]["session_id"]
        await sim.say(dm, ann, "one")
        assert (await plug.get())["d"]["content"] == "one"
        await sim.gateway.kill()
        assert await plug.closed() != 1000
    await sim.say(dm, ann, "two")
    async with Plug(sim, "?v=10&compress=zlib-stream") as plug:
        await plug.resume(session, 2)
        missed, resumed = await plug.get(), await plug.get()
        assert (missed["d"]["content"], missed["s"]) == ("two", 3)
        assert resumed["t"] == "RESUMED"
        assert resumed["s"] == 4


async def test_a_session_that_is_over_cannot_be_resumed(sim):
    async with Plug(sim) as plug:
        over = (await plug.identify())["d"]["session_id"]
        await plug.socket.close(code=1000)
    async with Plug(sim) as plug:
        await plug.resume(over, 1)
        assert await plug.get() == {"op": 9, "d": False, "s": None, "t": None}


async def test_a_seq_from_the_future_is_refused(sim):
    async with Plug(sim) as plug:
        session = (await plug.identify())["d"]["session_id"]
        await sim.gateway.kill(4000)
    async with Plug(sim) as plug:
        await plug.resume(session, 99)
        assert await plug.closed() == 4007


async def test_who_sends_no_heartbeats_is_closed():
    async with DiscordSimulator(heartbeat=0.02) as sim, Plug(sim) as plug:
        assert await plug.closed() == 4009


async def test_the_real_client_resumes_and_loses_nothing(sim):
    ann = sim.person("Ann")
    dm = sim.dm(ann)
    async with RealClient(sim, intents=REAL) as client:
        await sim.gateway.kill()
        await sim.say(dm, ann, "while you were away")
        await sim.until(lambda: client.said)
        assert client.said[0].content == "while you were away"
        assert (sim.gateway.identified, sim.gateway.resumed) == (1, 1)
        sim.gateway.ask_to_reconnect()
        await sim.until(lambda: sim.gateway.resumed == 2)
        await sim.say(dm, ann, "again")
        await sim.until(lambda: len(client.said) == 2)


async def test_the_real_client_gives_up_a_line_that_went_silent():
    async with DiscordSimulator(heartbeat=0.2) as sim:
        ann = sim.person("Ann")
        async with RealClient(sim, intents=REAL, heartbeat_timeout=0.5) as client:
            sim.gateway.pause()
            sim.gateway.heartbeat = 41.25  # the next line may be quiet
            await sim.say(sim.dm(ann), ann, "hello?")
            await sim.until(lambda: client.said)
            assert sim.gateway.resumed == 1


async def test_a_backlog_is_read_over_rest_after_a_new_identify(sim):
    ann = sim.person("Ann")
    dm = sim.dm(ann)
    first = await sim.say(dm, ann, "an hour ago", ago=3600)
    second = await sim.say(dm, ann, "now")
    async with RealClient(sim, intents=REAL) as client:
        channel = await client.fetch_channel(int(dm.id))
        assert isinstance(channel, discord.DMChannel)
        heard = [each async for each in channel.history(oldest_first=True)]
        assert [str(each.id) for each in heard] == [first, second]
        assert (heard[1].created_at - heard[0].created_at).total_seconds() > 3500
        assert not client.said


async def test_a_kick_is_told(sim):
    place = sim.group("general", sim.person("Ann"))
    async with RealClient(sim, intents=REAL) as client:
        await sim.until(lambda: "ready" in client.events)
        await sim.kick(place)
        await sim.until(lambda: "kicked" in client.events)
        assert not client.guilds
        await sim.invite(place)
        await sim.until(lambda: "invited" in client.events)
        assert client.guilds


async def test_a_refused_connection_is_tried_again(sim):
    async with RealClient(sim, intents=REAL) as client:
        sim.gateway.refusing = True
        await sim.gateway.kill()
        await sim.until(lambda: sim.gateway.refused)
        sim.gateway.refusing = False
        await sim.until(lambda: "resumed" in client.events)
        assert client.events.count("ready") == 1


async def test_a_token_that_is_reset_lets_nobody_in(sim, monkeypatch):
    async with Plug(sim) as plug:
        session = (await plug.identify())["d"]["session_id"]
        await sim.revoke()
        assert await plug.closed() == 4004
    async with Plug(sim) as plug:
        await plug.resume(session, 1)
        assert await plug.closed() == 4004
    async with discord.Client(intents=REAL) as client:
        monkeypatch.setattr(discord.http.Route, "BASE", sim.api_base)
        with pytest.raises(discord.LoginFailure):
            await client.login(sim.token)


async def test_an_outage_is_no_kick(sim):
    place = sim.group("general", sim.person("Ann"))
    async with RealClient(sim, intents=REAL) as client:
        await sim.until(lambda: "ready" in client.events)
        await sim.outage(place)
        await sim.until(lambda: client.guilds[0].unavailable)
        await sim.outage(place, over=True)
        await sim.until(lambda: not client.guilds[0].unavailable)
        assert "kicked" not in client.events
