# Shows that messages of a bot are kept, named, threaded, paged and ping as on Discord.

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.rawclient import Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with DiscordSimulator(scale=0) as sim, aiohttp.ClientSession() as session:
        ann = sim.person("Ann")
        yield Wire(sim, session, ann, sim.group("general", ann, sim.person("Bob")))


async def test_the_same_nonce_is_the_same_message(wire):
    form = {"content": "once", "nonce": "7", "enforce_nonce": True}
    first, again = await wire.send(form), await wire.send(form | {"content": "twice"})
    assert first[1]["id"] == again[1]["id"]
    assert [each.text for each in wire.sim.shown(wire.place)] == ["once"]
    assert (await wire.send(form | {"enforce_nonce": False}))[1]["id"] != first[1]["id"]


async def test_a_thread_has_the_id_of_its_message_and_there_is_only_one(wire):
    said = await wire.sim.say(wire.place, wire.ann, "why?")
    path = f"/channels/{wire.place.id}/messages/{said}/threads"
    for name in ("", "x" * 101):
        assert (await wire.ask("POST", path, json={"name": name}))[1]["code"] == 50035
    status, body, _ = await wire.ask("POST", path, json={"name": "Why?"})
    assert (status, body["id"], body["parent_id"]) == (200, said, wire.place.id)
    assert (await wire.ask("POST", path, json={"name": "Why?"}))[1]["code"] == 160004
    (thread,) = wire.sim.threads(wire.place)
    assert (await wire.send({"content": "because"}, place=thread))[0] == 200
    assert [each.text for each in wire.sim.shown(wire.place, thread=said)] == ["because"]
    await wire.sim.archive(thread, locked=True)
    assert (await wire.send({"content": "and"}, place=thread))[1]["code"] == 160005
    await wire.sim.remove(thread)
    assert (await wire.send({"content": "and"}, place=thread))[1]["code"] == 10003


async def test_pings_are_what_the_text_says_and_mentions_allow(wire):
    ann, everyone = wire.ann.id, "@everyone <@{}> `<@{}>`"
    role = wire.sim.role(wire.place, "team")
    words = everyone.format(ann, ann) + f" <@&{role}>"
    _, sent = await wire.send({"content": words})
    await wire.send({"content": words, "allowed_mentions": {"parse": []}})
    await wire.send({"content": words, "allowed_mentions": {"users": [ann]}})
    await wire.send({"content": "hi", "allowed_mentions": {"users": [ann]}})
    loud, silent, one, none = wire.sim.shown(wire.place)
    assert [loud.pings, silent.pings, one.pings, none.pings] == [(ann,), (), (ann,), ()]
    assert [each["id"] for each in sent["mentions"]] == [ann]
    await wire.edit(silent.id, {"content": f"now <@{ann}>"})
    assert wire.sim.shown(wire.place)[1].pings == (ann,)


async def test_a_reply_pings_unless_it_is_told_not_to(wire):
    said = await wire.sim.say(wire.place, wire.ann, "hm?")
    reference = {"message_id": said}
    await wire.send({"content": "loud", "message_reference": reference})
    quiet = {"parse": [], "replied_user": False}
    await wire.send({"content": "x", "message_reference": reference, "allowed_mentions": quiet})
    loud, silent = wire.sim.shown(wire.place)
    assert (loud.pings, silent.pings) == ((wire.ann.id,), ())
    assert silent.reply_to == said


async def test_files_come_with_their_form(wire):
    form = aiohttp.FormData(quote_fields=False)
    payload = {"content": "see", "attachments": [{"id": 0, "filename": "answer.py"}]}
    form.add_field("payload_json", json.dumps(payload), content_type="application/json")
    form.add_field("files[0]", b"print()", filename="answer.py")
    path = f"/channels/{wire.place.id}/messages"
    status, body, _ = await wire.ask("POST", path, data=form)
    assert (status, body["attachments"][0]["size"]) == (200, 7)
    (seen,) = wire.sim.shown(wire.place)
    assert (seen.text, seen.files) == ("see", ("answer.py",))
    async with wire.session.get(body["attachments"][0]["url"]) as response:
        assert await response.read() == b"print()"


async def test_links_unfurl_unless_they_are_kept_from_it(wire):
    await wire.send({"content": "https://a.example/ <https://b.example/>"})
    await wire.send({"content": "https://a.example/", "flags": 4})
    assert [each.unfurls for each in wire.sim.shown(wire.place)] == [("https://a.example/",), ()]


async def test_history_is_paged_newest_first(wire):
    ids = [await wire.sim.say(wire.place, wire.ann, f"{n}") for n in range(5)]
    path = f"/channels/{wire.place.id}/messages"
    _, after, _ = await wire.ask("GET", path, params={"after": ids[0], "limit": 2})
    _, before, _ = await wire.ask("GET", path, params={"before": ids[4], "limit": 2})
    assert [each["id"] for each in after] == [ids[2], ids[1]]
    assert [each["id"] for each in before] == [ids[3], ids[2]]
    assert (await wire.ask("GET", path, params={"limit": 101}))[0] == 400
    assert after[0]["content"] == ""  # the application has no message content intent
