"""P5: a turn that waits for somebody's yes holds no room for pictures that others wait for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.errors import StoreError
from core.types import Image, Message
from gateway.turn.pictures import PictureRoom, Pictures
from tests import samples
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.fakes.tools import FakeServer
from tests.gateway.assembled import ANNA, TEXT, Parts, assembled
from tests.gateway.test_attachments import Source, attached
from tests.gateway.test_tooling import wants
from tests.promises.test_p5_pictures import place, until

TOOLS = "tools: {servers: {files: {command: [x], approve: always}}}\ndefaults: {preset: alone}\n"


async def shows(parts: Parts, number: int) -> None:
    await parts.gateway.intake(
        Message(
            event_id=f"p{number}",
            address=place(number),
            author=replace(ANNA, id=f"u{number}"),
            text="What is it?",
            at=1_000,
            direct=True,
            attachments=attached(f"{number}.png"),
        )
    )


def sent(model: ScriptedModel) -> list[list[str]]:
    """Give the pictures that the aggregator was sent in each call, as it came."""
    return [
        [image.url for line in each.call.lines for image in line.images] for each in model.of("big")
    ]


async def test_p5_a_turn_that_waits_for_a_yes_lets_others_have_its_room(tmp_path):
    files = {f"{number}.png": samples.png(grey=100 + number) for number in range(2)}
    server = FakeServer("files", "delete")
    script: dict[str, Any] = {"big": [wants(("delete", "{}")), ["Two."], ["One."]]}
    model = ScriptedModel(script)
    sees = TEXT.replace("model: big}", "model: big, vision: true}")
    text = f"{sees}\ndata_dir: {tmp_path}/data\n{TOOLS}"
    store = MemoryStore()
    async with assembled(
        store, model, chat=Source({**files}), text=text, servers=[server]
    ) as parts:
        room = parts.gateway.exchange.attachments.room
        room._free = room._most = most = max(map(len, files.values()))
        await shows(parts, 0)
        await until(lambda: any(each.buttons for each in asked(parts)))
        await until(lambda: room._free == most)
        first = model.of("big")[0].call.lines
        assert [image.url for line in first for image in line.images] == [""]
        await shows(parts, 1)
        await until(lambda: "Two." in str(parts.chat.texts()))
        (frame,) = asked(parts)
        button = next(each for each in frame.buttons if each.action == "approve")
        press = replace(ANNA, id="u0")
        await parts.press("approve", button.turn_id, room="room 0", value=button.value, who=press)
        await parts.idle()
        before, other, after = sent(model)
    assert "One." in str(parts.chat.texts())
    assert before == after
    assert before[0].startswith("data:image/png;base64,")
    assert other != before
    assert (room._free, room._held, room._shown, len(room._waiting)) == (most, {}, {}, 0)


def asked(parts: Parts) -> list[Any]:
    return [each for each in parts.chat.messages.values() if each.key.startswith("approval/")]


async def test_p5_turns_that_come_back_wait_for_their_share_and_none_for_one_another():
    """Two that wait for a yes, and a third that took the room meanwhile: all get through."""
    room, images = PictureRoom(10), [Image(url=f"data:,{n}", attached=True) for n in range(3)]

    async def turn(number: int, said: asyncio.Event | None) -> None:
        async def load() -> dict[str, str]:
            return {"d": f"data:,{number}"}

        with room.kept(f"t{number}"):
            await room.take(f"t{number}", 8)
            room.shows(f"t{number}", Pictures({"d": [images[number]]}, load))
            if said is not None:
                async with room.aside(f"t{number}"), room.aside(f"t{number}"):
                    assert images[number].url == ""
                    await said.wait()
            assert room._free == 2
            await asyncio.sleep(0)
            assert images[number].url == f"data:,{number}"

    said = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(turn(number, said)) for number in range(2)]
        await until(lambda: room._free == 10 and len(room._shown) == 2)
        tasks.append(group.create_task(turn(2, None)))
        await asyncio.sleep(0)
        said.set()
    assert (room._free, room._held, room._shown) == (10, {}, {})


@pytest.mark.parametrize("cut", [True, False])
async def test_p5_what_is_cut_or_gone_meanwhile_holds_nothing(cut):
    room, image = PictureRoom(10), Image(url="data:,x", attached=True)

    async def load() -> dict[str, str]:
        return {}

    async def turn() -> None:
        with room.kept("t"):
            await room.take("t", 8)
            room.shows("t", Pictures({"d": [image]}, load))
            async with room.aside("t"):
                await asyncio.sleep(0)
                if cut:
                    raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError if cut else StoreError):
        await turn()
    assert (room._free, room._held, room._shown) == (10, {}, {})
