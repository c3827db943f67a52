# Shows that the Discord simulator speaks to the real discord.py, and refuses what Discord does.

from __future__ import annotations

import asyncio
import subprocess
import sys

import discord
import pytest

from tests.simulators.base import Fault
from tests.simulators.discord import POLL, STICKER, DiscordSimulator
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


async def test_a_wrong_token_is_refused(monkeypatch):
    async with DiscordSimulator() as sim, discord.Client(intents=INTENTS) as client:
        monkeypatch.setattr(discord.http.Route, "BASE", sim.api_base)
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_whatever_people_send_parses():
    async with DiscordSimulator() as sim:
        ann, other = sim.person("Ann"), sim.person("Otto", bot=True)
        place = sim.group("general", ann, other)
        role = sim.role(place, "team", ann, rights=["manage_server"])
        async with RealClient(sim, intents=INTENTS) as client:
            await sim.until(lambda: "ready" in client.events)
            first = await sim.say(place, ann, "", mention=True, files={"cat.png": b"meow"})
            await sim.say(place, ann, "", sticker_items=[STICKER], mention=True)
            await sim.say(place, ann, "", poll=POLL, mention=True)
            await sim.say(place, other, "beep", reply_to=first, mention=True)
            await sim.until(lambda: len(client.said) == 4)
            file, sticker, poll, beep = client.said
            assert file.attachments[0].content_type == "image/png"
            assert await file.attachments[0].read() == b"meow"
            assert isinstance(file.author, discord.Member)
            assert file.author.guild_permissions.manage_guild
            assert [str(each.id) for each in file.author.roles[1:]] == [role]
            assert sticker.stickers[0].name == "Wave"
            assert poll.poll is not None
            assert beep.author.bot
            assert beep.reference is not None
            assert str(beep.reference.message_id) == first


async def test_changes_of_what_people_said_are_told():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        dm = sim.dm(ann)
        async with RealClient(sim, intents=INTENTS) as client:
            said = await sim.say(dm, ann, "one")
            await sim.edit(dm, said, "two")
            await sim.until(lambda: client.edited)
            assert client.edited[0].message.content == "two"
            assert client.edited[0].message.edited_at is not None
            await sim.delete(dm, said)
            await sim.until(lambda: client.deleted)
            assert str(client.deleted[0].message_id) == said


async def test_a_thread_is_opened_by_a_person_and_by_the_bot():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        async with RealClient(sim, intents=INTENTS) as client:
            await sim.until(lambda: "ready" in client.events)
            hers = await sim.thread(place, ann, "Mine")
            await sim.until(lambda: "thread" in client.events)
            await sim.say(hers, ann, "hm?", mention=True)
            await sim.until(lambda: len(client.said) == 2)
            system, asked = client.said
            assert system.type is discord.MessageType.thread_created
            assert isinstance(asked.channel, discord.Thread)
            assert asked.channel.name == "Mine"
            said = await sim.say(place, ann, "why?", mention=True)
            await sim.until(lambda: len(client.said) == 3)
            ours = await client.said[2].create_thread(name="Why?")
            assert str(ours.id) == said
            await ours.send("Because.")
            assert [each.text for each in sim.shown(place, thread=said)] == ["Because."]
            assert [each.name for each in sim.threads(place)] == ["Mine", "Why?"]
            await sim.until(lambda: len(client.said) == 5)
            assert client.said[3].type is discord.MessageType.thread_starter_message


async def test_the_question_can_be_marked_as_seen():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        dm = sim.dm(ann)
        async with RealClient(sim, intents=INTENTS) as client:
            said = await sim.say(dm, ann, "hm?")
            await sim.until(lambda: client.said)
            await client.said[0].add_reaction("👀")
            assert sim.reactions(dm, said) == ["👀"]
            await client.said[0].channel.typing()
            assert sim.requests.of("typing")[0].params["channel"] == dm.id


async def test_the_real_client_waits_for_limits_and_retries():
    async with DiscordSimulator(scale=0.02) as sim:
        ann = sim.person("Ann")
        dm = sim.dm(ann)
        busy = Fault(kind="refuse", status=429, retry_after=0.01)
        sim.faults.plan("create_message", None, busy)
        async with RealClient(sim, intents=INTENTS) as client:
            channel = client.get_partial_messageable(int(dm.id))
            for number in range(12):
                await channel.send(f"{number}")
        assert [each.text for each in sim.shown(dm)] == [f"{number}" for number in range(12)]
        sent = sim.requests.of("create_message")
        assert [each.status for each in sent if each.status != 200] == [429]
        assert sent[-1].at - sent[0].at > 0.2


async def test_words_may_come_after_a_silent_acknowledgement():
    async with DiscordSimulator() as sim:
        ann = sim.person("Ann")
        dm = sim.dm(ann)
        async with RealClient(sim, intents=INTENTS) as client, asyncio.TaskGroup() as group:
            view = discord.ui.View(timeout=None)
            view.add_item(discord.ui.Button(emoji="👁", label="gpt", custom_id="advisors:1"))
            sent = await client.get_partial_messageable(int(dm.id)).send("Done.", view=view)
            press = sim.press(dm, ann, str(sent.id), "👁 gpt", seconds=5)
            pressed = group.create_task(press)
            await sim.until(lambda: client.acted)
            await client.acted[0].response.defer()
            await client.acted[0].followup.send("All of it.", ephemeral=True)
            assert await pressed == "All of it."


def test_it_can_be_driven_by_hand():
    command = [sys.executable, "-m", "tests.simulators", "discord"]
    typed = "hello\n#general @bot hm?\n> and?\n/press Retry\n/moa review\n"
    done = subprocess.run(command, input=typed, capture_output=True, text=True, check=True)
    assert "  discord:\n    token:" in done.stdout
    assert "gateway_url: ws://127.0.0.1:" in done.stdout
    assert "no 'Retry' to press" in done.stdout
    assert "! /moa is not registered" in done.stdout
