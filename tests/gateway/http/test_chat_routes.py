"""What the page may ask for: conversations as they are, and things to be done, stored first."""

import json
from io import BytesIO

import pytest

from adapters.chat.web.body import BODY_BYTES
from core.errors import StoreFull
from core.frames import Frame, Notice, Panel, Part, Row
from core.types import Address, Command, Message, Press
from tests.fakes.turns import advice, end, start
from tests.gateway.http.conftest import TOKEN

ID = "conversation-1"
ONE = f"/api/conversations/{ID}"
ROOM = Address(platform="web", channel="owner", thread=ID)
EVENT = "abcdef-0123456789"


@pytest.fixture
async def inside(house):
    await house.sign_in()
    house.http.headers.update(house.page)
    return house


async def say(house, text, event_id=EVENT):
    body = BytesIO(json.dumps({"event_id": event_id, "text": text}).encode())
    async with house.http.post(f"{ONE}/messages", data=body) as got:
        return got.status, await got.json()


async def state(house):
    async with house.http.get(ONE) as got:
        assert got.status == 200
        return await got.json()


async def begin(house, turn_id="t1", text="Why?"):
    await say(house, text, f"event-of-{turn_id}")
    (asked,) = await house.desk.store.waiting()
    await house.desk.store.begin(
        start(turn_id, seq=asked.seq, session=ROOM.session, question=text, asker="owner")
    )


async def finish(house, turn_id="t1"):
    await house.desk.store.references_done(turn_id, 1, [advice(1), advice(2, "timed_out")])
    await house.desk.store.finish(end(turn_id, "Because **so**."))


async def test_a_new_conversation_has_an_id_and_nothing_else(inside):
    async with inside.http.post("/api/conversations") as got:
        assert got.status == 201
        new = (await got.json())["id"]
    async with inside.http.get(f"/api/conversations/{new}") as got:
        body = await got.json()
    assert body["turns"] == body["waiting"] == body["notices"] == []
    assert body["preset"] == "review"
    async with inside.http.get("/api/conversations") as got:
        assert await got.json() == {"conversations": []}


async def test_accepted_means_stored_and_the_question_waits_for_its_turn(inside):
    status, taken = await say(inside, "Why?")
    assert (status, taken) == (202, {"kind": "message", "event_id": EVENT, "repeated": False})
    (message,) = inside.desk.came
    assert isinstance(message, Message)
    assert (message.text, message.address, message.author.id) == ("Why?", ROOM, "owner")
    assert (await state(inside))["waiting"] == [{"event_id": EVENT, "text": "Why?"}]


async def test_the_same_event_twice_is_one_question(inside):
    await say(inside, "Why?")
    status, taken = await say(inside, "Why?")
    assert (status, taken["repeated"]) == (202, True)
    assert len(inside.desk.came) == 1


async def test_what_cannot_be_stored_is_not_accepted(inside):
    inside.desk.store.failure = StoreFull("The disk is full.")
    status, body = await say(inside, "Why?")
    assert status == 503
    assert body["error"]["message"] == "The disk is full."


async def test_before_the_gateway_listens_nothing_is_accepted(inside):
    inside.chat._intake = None
    status, body = await say(inside, "Why?")
    assert status == 503
    assert "Send it again" in body["error"]["message"]


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 400), (" \n" * 50, 400), ("x" * (256 * 1024), 202), ("x" * (256 * 1024 + 1), 413),
     (" " * BODY_BYTES, 413), ("é" * 1024 * 1024, 413), ("/moa quick", 202), ("/unknown", 202)],
)  # fmt: skip
async def test_too_little_and_too_much_are_refused_in_words(inside, text, status):
    got, body = await say(inside, text)
    assert got == status
    if status >= 400:
        assert body["error"]["message"].endswith(".")
        assert inside.desk.came == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"text": 1}',
        b'{"event_id": "short", "text": "x"}',
        b'{"event_id": "../../etc/passwd", "text": "x"}',
        b'{"event_id": "abcdef-0123456789", "text": "\\ud800"}',
        b'{"event_id": "abcdef-0123456789", "text": "x", "role": "admin"}',
    ],
)
async def test_what_cannot_be_read_is_refused(inside, body):
    async with inside.http.post(f"{ONE}/messages", data=body) as got:
        assert got.status == 400
        assert (await got.json())["error"]["type"] == "invalid_request_error"
    assert inside.desk.came == []


@pytest.mark.parametrize("id_", ["short", "a" * 65, "..%2f..%2fetc", "with space"])
async def test_a_conversation_s_id_is_an_id(inside, id_):
    async with inside.http.get(f"/api/conversations/{id_}") as got:
        assert got.status in {400, 404}


async def test_a_press_and_a_preset_come_in_as_what_they_are(inside):
    press = {"event_id": EVENT, "action": "stop", "turn_id": "t1"}
    async with inside.http.post(f"{ONE}/press", json=press) as got:
        assert got.status == 202
    async with inside.http.post(
        f"{ONE}/preset", json={"event_id": EVENT + "2", "preset": "quick"}
    ) as got:
        assert got.status == 202
    stop, choice = inside.desk.came
    assert isinstance(stop, Press)
    assert (stop.action, stop.turn_id, stop.address) == ("stop", "t1", ROOM)
    assert isinstance(choice, Command)
    assert (choice.name, choice.args, choice.address) == ("moa", "moa/quick", ROOM)


async def test_an_unknown_action_is_refused(inside):
    body = {"event_id": EVENT, "action": "erase", "turn_id": "t1"}
    async with inside.http.post(f"{ONE}/press", json=body) as got:
        assert got.status == 400


async def test_a_turn_that_runs_is_shown_as_it_is_live(inside):
    await begin(inside)
    rows = (Row(position=1, label="p:a", state="writing", words=7),)
    panel = Frame(key="panel", content=Panel(turn_id="t1", preset="review", rows=rows))
    part = Frame(key="answer/0", content=Part(turn_id="t1", index=0, text="Beca", streaming=True))
    for frame in (panel, part):
        await inside.chat.post(ROOM, frame, delivery_id="any")
    got = await state(inside)
    assert got["waiting"] == []
    (turn,) = got["turns"]
    assert (turn["question"], turn["ending"]) == ("Why?", None)
    assert [each["frame"]["kind"] for each in turn["shown"]] == ["panel", "part"]
    assert turn["shown"][0]["frame"]["rows"][0]["said"] == "writing (7 words)"
    assert turn["shown"][1]["frame"]["blocks"] == ["<p>Beca</p>\n"]


async def test_a_turn_that_was_cut_is_shown_from_its_checkpoints(inside):
    await begin(inside)
    await inside.desk.store.landed("t1", 1, advice(1))
    (turn,) = (await state(inside))["turns"]
    (panel,) = turn["shown"]
    assert [row["state"] for row in panel["frame"]["rows"]] == ["ok", "waiting"]


async def test_a_reload_keeps_advisors_texts_answer_and_footer(inside):
    await begin(inside)
    await finish(inside)
    got = await state(inside)
    (turn,) = got["turns"]
    panel, answer = (each["frame"] for each in turn["shown"])
    assert turn["ending"] == "finished"
    assert panel["rows"][0]["blocks"] == ["<p>Advice 1</p>\n"]
    assert panel["rows"][1]["state"] == "timed_out"
    assert answer["blocks"] == ["<p>Because <strong>so</strong>.</p>\n"]
    assert answer["footer"]["facts"][0] == "review"
    assert {"retry", "remove"} <= {each["action"] for each in answer["buttons"]}
    async with inside.http.get("/api/conversations") as listed:
        (item,) = (await listed.json())["conversations"]
    assert (item["id"], item["title"]) == (ID, "Why?")


async def test_a_notice_stands_under_the_turn_it_followed_and_can_be_taken_away(inside):
    await begin(inside)
    part = Part(turn_id="t1", index=0, text="x", streaming=True)
    await inside.chat.post(ROOM, Frame(key="answer/0", content=part), delivery_id="a")
    notice = Frame(key="notice", content=Notice(text="You are second in line."), final=True)
    id_ = await inside.chat.post(ROOM, notice, delivery_id="n1")
    (shown,) = (await state(inside))["notices"]
    assert (shown["id"], shown["after"]) == ("n1", "t1")
    assert shown["frame"]["blocks"] == ["<p>You are second in line.</p>\n"]
    await inside.chat.delete(ROOM, id_)
    await inside.chat.delete(ROOM, id_)
    assert (await state(inside))["notices"] == []


async def test_posting_twice_is_posting_once(inside):
    await begin(inside)
    frame = Frame(key="answer/0", content=Part(turn_id="t1", index=0, text="x", streaming=True))
    first = await inside.chat.post(ROOM, frame, delivery_id="a")
    assert await inside.chat.post(ROOM, frame, delivery_id="a") == first
    (turn,) = (await state(inside))["turns"]
    assert len(turn["shown"]) == 1


async def test_the_status_says_what_the_page_needs_and_no_secret(inside):
    inside.desk.unready = "The model is being fetched."
    async with inside.http.get("/api/status") as got:
        text = await got.text()
        body = await got.json()
    assert body["ready"] is False
    assert body["reason"] == "The model is being fetched."
    assert body["presets"][0] == {
        "name": "review", "references": ["a:one"], "aggregator": "b:two", "missing": "",
    }  # fmt: skip
    assert {"loading", "notice", "offers", "starters", "default_preset"} <= body.keys()
    assert TOKEN not in text


# --- files ------------------------------------------------------------------------------------


async def upload(house, data, **more):
    async with house.http.post(f"{ONE}/files", data=data, **more) as got:
        return got.status, await got.json()


async def send_with(house, files, text="Read it"):
    body = {"event_id": EVENT, "text": text, "files": files}
    async with house.http.post(f"{ONE}/messages", data=BytesIO(json.dumps(body).encode())) as got:
        return got.status, await got.json()


async def test_a_file_goes_ahead_and_along_with_the_question(inside):
    status, arrived = await upload(inside, BytesIO(b"the words"))
    assert (status, arrived["size"]) == (201, 9)
    sent = {"id": arrived["id"], "name": "a.txt", "media_type": "text/plain"}
    assert (await send_with(inside, [sent], text=""))[0] == 202
    (message,) = inside.desk.came
    (file,) = message.attachments
    assert (file.kind, file.name, file.size) == ("document", "a.txt", 9)
    assert (await state(inside))["waiting"][0]["text"] == "[attached: a.txt]"
    async with inside.chat.fetch(file) as pieces:
        assert b"".join([piece async for piece in pieces]) == b"the words"


async def test_a_file_that_nobody_sent_goes_along_with_nothing(inside):
    status, said = await send_with(inside, [{"id": "a" * 64, "name": "secret"}])
    assert (status, said["error"]["message"]) == (
        400,
        "A file is not here any more, so nothing was sent. Attach it again.",
    )
    for wrong in ("../x", "A" * 64, ""):
        assert (await send_with(inside, [{"id": wrong, "name": "x"}]))[0] == 400
    assert not inside.desk.came


async def test_a_file_that_is_too_large_is_refused_while_it_comes(inside):
    async def endless():
        for _ in range(25):
            yield bytes(1024 * 1024)

    for data in (endless(), BytesIO(bytes(21 * 1024 * 1024))):
        status, said = await upload(inside, data)
        assert (status, said["error"]["message"]) == (
            413,
            "A file may have 20 MB at most, so this one was not taken in.",
        )


async def test_only_the_page_sends_files(house):
    assert (await upload(house, BytesIO(b"x")))[0] == 401
    await house.sign_in()
    assert (await upload(house, BytesIO(b"x")))[0] == 403  # no Origin, no header of the page
