# Shows that presses, picks and slash commands are acknowledged, answered and expire as Discord's.

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.interactions import AUTOCOMPLETE, COMPONENT, SLASH, Interaction
from tests.simulators.discord.rawclient import Wire
from tests.simulators.discord.realclient import RealClient

REAL = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
MOA = {
    "name": "moa",
    "description": "Choose",
    "options": [
        {"name": "preset", "description": "Which", "type": 3, "autocomplete": True},
        {"name": "scope", "description": "Where", "type": 3, "choices": [{"name": "me"}]},
    ],
}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with DiscordSimulator(scale=0) as sim, aiohttp.ClientSession() as session:
        ann = sim.person("Ann")
        yield Wire(sim, session, ann, sim.group("general", ann))


def start(wire: Wire, kind: int = SLASH, message: str | None = None) -> Interaction:
    sim = wire.sim
    channel, who = sim.world.channels[wire.place.id], sim.world.users[wire.ann.id]
    said = channel.messages[message] if message else None
    return sim.interactions.start(kind, channel, who, {"name": "moa", "id": "1"}, said)


async def ack(wire: Wire, made: Interaction, form: Any, token: str | None = None) -> Any:
    path = f"/interactions/{made.id}/{token or made.token}/callback"
    status, body, _ = await wire.ask("POST", path, auth="", json=form)
    return status, body


async def hook(wire: Wire, made: Interaction, method: str, path: str = "", **kwargs: Any) -> Any:
    where = f"/webhooks/{wire.sim.world.application_id}/{made.token}{path}"
    status, body, _ = await wire.ask(method, where, auth="", **kwargs)
    return status, body


async def test_it_is_acknowledged_once_and_in_time(wire):
    made = start(wire)
    assert (await ack(wire, made, {"type": 4, "data": {"content": ""}}))[1]["code"] == 50006
    assert (await ack(wire, made, {"type": 6}))[1]["code"] == 50035
    assert (await ack(wire, made, {"type": 4, "data": {"content": "x"}}, "no"))[1]["code"] == 10062
    assert await ack(wire, made, {"type": 4, "data": {"content": "x"}}) == (204, None)
    status, body = await ack(wire, made, {"type": 5})
    assert (status, body["code"]) == (400, 40060)
    late = start(wire)
    wire.sim.interactions.ack_seconds = 0.0
    status, body = await ack(wire, late, {"type": 5})
    assert (status, body["code"], body["message"]) == (404, 10062, "Unknown interaction")


async def test_who_presses_and_is_not_answered_is_told_so(wire):
    wire.sim.interactions.ack_seconds = 0.05
    row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Stop", "custom_id": "s"}]}
    _, sent = await wire.send({"content": "x", "components": [row]})
    told = await wire.sim.press(wire.place, wire.ann, sent["id"], "Stop")
    assert told == "This interaction failed"
    with pytest.raises(LookupError, match="Stop"):
        await wire.sim.press(wire.place, wire.ann, sent["id"], "Go")


async def test_thinking_becomes_the_answer_and_more_may_follow(wire):
    made = start(wire)
    assert (await hook(wire, made, "POST", json={"content": "x"}))[1]["code"] == 10015
    path = f"/interactions/{made.id}/{made.token}/callback?with_response=true"
    form = {"type": 5, "data": {"flags": 64}}
    status, told, _ = await wire.ask("POST", path, auth="", json=form)
    assert (status, told["resource"]["type"]) == (200, 5)
    assert told["interaction"]["response_message_ephemeral"] is True
    assert wire.sim.shown(wire.place)[0].flags == {"ephemeral", "thinking"}
    await hook(wire, made, "PATCH", "/messages/@original", json={"content": "done"})
    status, more = await hook(wire, made, "POST", json={"content": "and to all"})
    first, second = wire.sim.shown(wire.place)
    assert (first.text, first.whispered_to, first.flags) == ("done", wire.ann.id, {"ephemeral"})
    assert (first.edits, len(first.versions)) == (0, 1)
    assert (second.text, second.whispered_to, second.id) == ("and to all", None, more["id"])
    own = f"/channels/{wire.place.id}/messages/{first.id}"
    assert (await wire.ask("PATCH", own, json={"content": "x"}))[1]["code"] == 10008
    assert (await hook(wire, made, "GET", "/messages/@original"))[1]["content"] == "done"
    assert (await hook(wire, made, "DELETE", "/messages/@original")) == (204, None)
    assert (await hook(wire, made, "GET", "/messages/@original"))[1]["code"] == 10008
    wire.sim.interactions.token_seconds = 0.0
    assert (await hook(wire, made, "POST", json={"content": "x"}))[1]["code"] == 50027


async def test_a_press_can_change_its_message(wire):
    _, sent = await wire.send({"content": "one"})
    made = start(wire, COMPONENT, sent["id"])
    form = {"type": 7, "data": {"content": "two", "flags": 64}}
    assert (await ack(wire, made, form))[0] == 204
    (seen,) = wire.sim.shown(wire.place)
    assert (seen.text, seen.edits, seen.flags) == ("two", 1, frozenset())
    assert [words for _, words in seen.versions] == ["one", "two"]


async def test_autocompletion_offers_at_most_25(wire):
    made = start(wire, AUTOCOMPLETE)
    many = [{"name": f"{n}", "value": f"{n}"} for n in range(26)]
    assert (await ack(wire, made, {"type": 4, "data": {"content": "x"}}))[1]["code"] == 50035
    assert (await ack(wire, made, {"type": 8, "data": {"choices": many}}))[1]["code"] == 50035
    assert (await ack(wire, made, {"type": 8, "data": {"choices": many[:25]}}))[0] == 204


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Moa"},
        {"name": "m" * 33},
        {"name": "m m"},
        {"contexts": [3]},
        {"description": ""},
        {"description": "x" * 101},
        {"options": [{"name": "p", "description": "x", "type": 99}]},
        {"options": [{"name": f"p{n}", "description": "x", "type": 3} for n in range(26)]},
        {
            "options": [
                {"name": "a", "description": "x", "type": 3},
                {"name": "b", "description": "x", "type": 3, "required": True},
            ]
        },
        {
            "options": [
                {
                    "name": "a",
                    "description": "x",
                    "type": 3,
                    "autocomplete": True,
                    "choices": [{"name": "x", "value": "x"}],
                }
            ]
        },
    ],
)
async def test_commands_that_discord_would_not_take_are_refused(wire, change):
    path = f"/applications/{wire.sim.world.application_id}/commands"
    status, body, _ = await wire.ask("PUT", path, json=[MOA | change])
    assert (status, body["code"]) == (400, 50035)
    assert not wire.sim.world.commands


async def test_commands_keep_their_ids_and_there_are_at_most_100(wire):
    path = f"/applications/{wire.sim.world.application_id}/commands"
    _, first, _ = await wire.ask("PUT", path, json=[MOA])
    _, same, _ = await wire.ask("PUT", path, json=[MOA])
    _, other, _ = await wire.ask("PUT", path, json=[MOA | {"description": "Pick"}])
    assert first == same
    assert other[0]["id"] == first[0]["id"]
    assert other[0]["version"] != first[0]["version"]
    many = [MOA | {"name": f"moa{n}"} for n in range(101)]
    assert (await wire.ask("PUT", path, json=many))[1]["code"] == 50035
    assert (await wire.ask("PUT", path, json=many[:100]))[0] == 200
    assert (await wire.ask("POST", path, json=MOA))[1]["code"] == 30032
    assert (await wire.ask("GET", "/applications/1/commands"))[0] == 400


async def test_the_real_client_syncs_completes_and_answers_a_command():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with RealClient(sim, intents=REAL) as client, asyncio.TaskGroup() as group:
            tree = app_commands.CommandTree(client)

            @tree.command(name="ask", description="Ask a question")
            async def ask(
                interaction: discord.Interaction, question: str, preset: str = "quick"
            ) -> None:
                await interaction.response.defer(thinking=True, ephemeral=True)
                await interaction.followup.send(f"{preset}: {question}")

            @ask.autocomplete("preset")
            async def complete(
                interaction: discord.Interaction, current: str
            ) -> list[app_commands.Choice[str]]:
                return [app_commands.Choice(name=current + "iew", value="review")]

            await tree.sync()
            assert await sim.autocomplete(place, ann, "ask", "preset", "rev") == ["review"]
            asked = group.create_task(sim.command(place, ann, "ask", "preset:review why so?"))
            assert await asked == "review: why so?"
            with pytest.raises(LookupError, match="without question"):
                await sim.command(place, ann, "ask", {"preset": "review"})
            (known,) = sim.world.commands.values()
            known["contexts"] = [0]
            with pytest.raises(LookupError, match="not offered there"):
                await sim.command(sim.dm(ann), ann, "ask", "why?")
            with pytest.raises(LookupError, match="not registered"):
                await sim.command(place, ann, "moa")


async def test_the_real_client_shows_components_v2_and_reads_a_pick():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with RealClient(sim, intents=REAL) as client, asyncio.TaskGroup() as group:
            view = discord.ui.LayoutView(timeout=None)
            words: Any = discord.ui.TextDisplay("### Three advisors")
            options = [discord.SelectOption(label="Review", value="review")]
            menu: Any = discord.ui.Select(custom_id="pick:1", options=options)
            view.add_item(discord.ui.Container(words, discord.ui.ActionRow(menu)))
            sent = await client.get_partial_messageable(int(place.id)).send(view=view, silent=True)
            (seen,) = sim.shown(place)
            assert (seen.text, seen.options) == ("### Three advisors", ("Review",))
            assert seen.flags == {"v2", "silent"}
            picked = group.create_task(sim.select(place, ann, str(sent.id), "Review"))
            await sim.until(lambda: client.acted)
            data: Any = client.acted[0].data
            assert data["values"] == ["review"]
            await client.acted[0].response.defer()
            assert await picked == ""
