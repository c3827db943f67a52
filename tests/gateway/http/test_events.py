"""The event stream: live frames, a heartbeat, an honest way back, and an end when it must."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from adapters.chat.web import events
from core.frames import Frame, Part
from core.types import Address
from gateway.http import app
from tests.patience import PATIENCE

ID = "conversation-1"
ROOM = Address(platform="web", channel="owner", thread=ID)


def part(text):
    return Frame(key="answer/0", content=Part(turn_id="t1", index=0, text=text, streaming=True))


@pytest.fixture
async def inside(house):
    await house.sign_in()
    return house


@asynccontextmanager
async def stream(house, after=None, last=None):
    if after is None:
        after = house.chat.rooms.look(ROOM.session).version
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    url = f"/api/conversations/{ID}/events?after={after}"
    async with house.http.get(url, headers=headers) as got:
        assert got.status == 200
        assert got.headers["Content-Type"].startswith("text/event-stream")
        yield got


async def read(got):
    """Read up to the next blank line, as fields."""
    async with asyncio.timeout(30):
        piece = (await got.content.readuntil(b"\n\n")).decode().strip()
    return dict(line.split(": ", 1) for line in piece.splitlines())


async def begun(got):
    assert await read(got) == {"retry": "1000"}


async def test_a_frame_reaches_the_page_with_its_version(inside):
    async with stream(inside) as got:
        await begun(got)
        await inside.chat.post(ROOM, part("Hel"), delivery_id="a")
        first = await read(got)
        await inside.chat.edit(ROOM, "t1/answer/0", part("Hello"))
        second = await read(got)
    assert first["event"] == second["event"] == "frame"
    assert int(second["id"]) > int(first["id"])
    shown = json.loads(second["data"])
    assert shown["frame"]["blocks"] == ["<p>Hello</p>\n"]
    assert shown["version"] == int(second["id"])


async def test_who_comes_back_and_missed_something_is_told_to_look_again(inside):
    async with stream(inside) as got:
        await begun(got)
        await inside.chat.post(ROOM, part("Hel"), delivery_id="a")
        last = (await read(got))["id"]
    async with stream(inside, after=0, last=last) as got:
        await begun(got)
        await inside.chat.edit(ROOM, "t1/answer/0", part("Hello"))
        assert (await read(got))["event"] == "frame"
    async with stream(inside, after=0, last=last) as got:
        await begun(got)
        assert (await read(got))["event"] == "changed"


async def test_another_page_hears_of_a_question_and_of_a_press_of_remove(inside):
    body = {"event_id": "abcdef-0123456789", "text": "Why?"}
    async with stream(inside) as got:
        await begun(got)
        async with inside.http.post(
            f"/api/conversations/{ID}/messages", json=body, headers=inside.page
        ):
            pass
        assert json.loads((await read(got))["data"])["id"] == body["event_id"]
        await inside.chat.delete(ROOM, "t1/answer/0")
        assert (await read(got))["event"] == "gone"


async def test_silence_is_broken_by_a_heartbeat(inside, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    async with stream(inside) as got:
        await begun(got)
        async with asyncio.timeout(30):
            assert await got.content.readuntil(b"\n\n") == b": still here\n\n"


async def test_a_browser_that_takes_nothing_is_dropped(inside, monkeypatch):
    monkeypatch.setattr(events, "PATIENCE", 0.1)
    gone = asyncio.Event()
    listen = inside.chat.rooms.listen

    def watched(session, seen):
        context = listen(session, seen)

        class Watched:
            def __enter__(self):
                return context.__enter__()

            def __exit__(self, *error):
                gone.set()
                return context.__exit__(*error)

        return Watched()

    monkeypatch.setattr(inside.chat.rooms, "listen", watched)
    reader, writer = await asyncio.open_connection("127.0.0.1", inside.server.port, limit=1024)
    cookie = "; ".join(f"{each.key}={each.value}" for each in inside.http.cookie_jar)
    writer.write(
        f"GET /api/conversations/{ID}/events HTTP/1.1\r\nHost: 127.0.0.1:{inside.server.port}\r\n"
        f"Cookie: {cookie}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        count = 0
        while not gone.is_set():
            count += 1
            await inside.chat.edit(ROOM, "t1/answer/0", part("long " * 50_000 + str(count)))
            await asyncio.sleep(0)
    assert inside.chat.rooms.browsers == 0
    writer.close()


@pytest.fixture
def unhurried(monkeypatch):
    """Wait as good as for ever for requests that do not end by themselves."""
    monkeypatch.setattr(app, "CLOSING_SECONDS", 600.0)


@pytest.mark.usefixtures("unhurried")
async def test_closing_the_server_ends_open_streams_at_once(inside):
    async with stream(inside) as got:
        await begun(got)
        async with asyncio.timeout(30):
            await inside.server.close()
            while await got.content.readany():
                pass
    assert inside.chat.rooms.browsers == 0
