# Shows that the Discord simulator speaks to the real discord.py, and refuses what Discord does.

from __future__ import annotations

import asyncio

import discord
import pytest

from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.realclient import RealClient

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


async def test_a_dm_is_heard_and_answered_edited_and_deleted():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        dm = sim.dm(ann)
        async with RealClient(sim, intents=INTENTS) as client:
            asked = await sim.say(dm, ann, "How do bees see?")
            await sim.until(lambda: client.said)
            heard = client.said[0]
            assert (str(heard.id), heard.content, heard.guild) == (asked, "How do bees see?", None)
            assert heard.author.name == "ann"
            answer = await heard.channel.send("With five eyes.", reference=heard)
            await answer.edit(content="With five eyes, of two kinds.")
            (seen,) = sim.shown(dm)
            assert (seen.text, seen.edits) == ("With five eyes, of two kinds.", 1)
            assert seen.reply_to == asked
            await answer.delete()
            assert not sim.shown(dm)


async def test_a_channel_shows_content_only_to_whom_it_mentions():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with RealClient(sim, intents=INTENTS) as client:
            await sim.until(lambda: "ready" in client.events)
            await sim.say(place, ann, "between us")
            await sim.say(place, ann, "and you?", mention=True)
            await sim.until(lambda: len(client.said) == 2)
            quiet, loud = client.said
            assert quiet.content == ""
            assert loud.content.endswith("and you?")
            assert client.user in loud.mentions
            assert isinstance(loud.author, discord.Member)
            assert loud.guild is not None
            assert loud.guild.name == "Guild"


async def test_a_button_is_pressed_and_answered_for_one_alone():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with RealClient(sim, intents=INTENTS) as client, asyncio.TaskGroup() as group:
            await sim.until(lambda: "ready" in client.events)
            view = discord.ui.View(timeout=None)
            view.add_item(discord.ui.Button(label="Advisors", custom_id="advisors:1"))
            channel = client.get_partial_messageable(int(place.id))
            sent = await channel.send("Done.", view=view)
            pressed = group.create_task(sim.press(place, ann, str(sent.id), "Advisors"))
            await sim.until(lambda: client.acted)
            interaction = client.acted[0]
            assert interaction.data is not None
            assert interaction.data.get("custom_id") == "advisors:1"
            await interaction.response.send_message("They said much.", ephemeral=True)
            assert await pressed == "They said much."
            assert sim.shown(place)[-1].whispered_to == ann.id


async def test_a_wrong_token_is_refused():
    async with DiscordSimulator() as sim, discord.Client(intents=INTENTS) as client:
        discord.http.Route.BASE = sim.api_base
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
