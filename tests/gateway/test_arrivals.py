"""Shows what the gateway does where the bot was brought, from its real settings."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest
from typing_extensions import override

from core.errors import ChatBusy, ChatClosed, ChatError
from core.types import Added, Address, Author, Moved
from gateway.inbox.arrivals import GRACE
from tests.fakes.chat import FakeChat, frame_text
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import Scene, guarded

BROUGHT = Added(
    event_id="a1",
    address=Address(platform="fake", channel="G1"),
    author=Author(id="zoe", name="Zoe"),
    at=1_000,
    place="S1",
    rooms=("G1", "G2"),
    circles=("T1",),
    me="@moa",
    suffix="@moa",
    threads=True,
)
ALLOWED = "access: {allow: ['fake:T1']}\n"


def story(scenario, *, more=ALLOWED, store=None, kind="telegram"):
    async def told():
        async with guarded(more=more, store=store, kind=kind) as scene:
            await scenario(scene)

    run_virtual(told())


async def brought(scene: Scene, added: Added = BROUGHT) -> None:
    await scene.parts.gateway.intake(added)
    await scene.idle()


def told(scene: Scene) -> list[str]:
    return [frame_text(each) for each in scene.chat.messages.values()]


def where(scene: Scene) -> list[str]:
    """Where it said something, or tried to, for the last time."""
    return [each.channel for each in scene.chat.log][-1:]


def test_it_introduces_itself_once_in_the_first_channel_whatever_happens():
    store = MemoryStore()

    async def first(scene: Scene):
        await brought(scene)
        await brought(scene)
        await brought(scene, replace(BROUGHT, event_id="a2"))
        (text,) = told(scene)
        assert "I am @moa: an AI" in text
        assert "3 models of p (preset review)" in text
        assert "/ask@moa QUESTION" in text
        assert "/privacy@moa" in text
        assert "for 90 days" in text
        (frame,) = scene.chat.messages.values()
        assert not frame.notify
        assert where(scene) == ["G1"]
        assert await scene.parts.store.waiting() == []

    async def later(scene: Scene):
        await brought(scene, replace(BROUGHT, event_id="a3"))
        assert told(scene) == []
        await brought(scene, replace(BROUGHT, event_id="a4", place="S2"))
        assert len(told(scene)) == 1

    story(first, store=store)
    story(later, store=store)


def test_what_was_cut_before_it_was_done_is_done_after_the_restart():
    store = MemoryStore()

    async def after(scene: Scene):
        await store.accept(BROUGHT, BROUGHT.address.session)
        await scene.parts.recover()
        await scene.idle()
        assert len(told(scene)) == 1

    story(after, store=store)


def test_a_channel_that_takes_nothing_is_passed_over_and_a_busy_one_waited_for():
    async def scenario(scene: Scene):
        scene.chat.fail("G1", ChatClosed("no rights"))
        scene.chat.fail("G2", ChatBusy("wait", retry_after=5))
        await brought(scene)
        assert where(scene) == ["G2"]

    story(scenario)


def test_a_platform_that_fails_is_a_line_and_nothing_more():
    async def scenario(scene: Scene):
        scene.chat.fail("G1", ChatError("broken"))
        await brought(scene)
        assert told(scene) == []
        assert await scene.say("Why?")
        await scene.idle()
        assert scene.chat.texts()[-1].startswith("Yes.")

    story(scenario)


NOWHERE = "defaults: {introduce: false}\n"


@pytest.mark.parametrize(
    ("settings", "spoken"),
    [
        (NOWHERE, []),
        ("channels: [{platform: fake, channel: G1, introduce: false}]", ["G2"]),
        ("workspaces: [{platform: fake, workspace: T1, introduce: false}]", []),
        (
            NOWHERE + "channels: [{platform: fake, channel: G2, introduce: true}]",
            ["G2"],
        ),
    ],
)
def test_the_file_says_where_it_introduces_itself(settings, spoken):
    async def scenario(scene: Scene):
        await brought(scene)
        assert where(scene) == spoken
        assert scene.chat.left == []

    story(scenario, more=f"{ALLOWED}{settings}\n")


def test_it_tells_of_the_channel_in_which_it_speaks():
    settings = (
        "retention: {messages: forever}\n"
        "channels: [{platform: fake, channel: G1, preset: alone, listen: all, retention: "
        "{messages: 7d}}]\n"
    )

    async def scenario(scene: Scene):
        await brought(scene)
        (text,) = told(scene)
        assert "1 model of p (preset alone)" in text
        assert "I answer whatever is said here" in text
        assert "for 7 days" in text

    story(scenario, more=ALLOWED + settings)


def test_what_was_chosen_in_the_chat_is_what_it_tells():
    async def scenario(scene: Scene):
        boss = replace(BROUGHT.author, id="boss", circles=("T1",), is_admin=True)
        there = Address(platform="fake", channel="G1")
        assert await scene.command("moa", "alone", who=boss, where=there)
        await scene.idle()
        await brought(scene)
        assert "preset alone" in told(scene)[-1]

    story(scenario)


def test_in_slack_its_commands_stand_behind_moa():
    async def scenario(scene: Scene):
        await brought(scene, replace(BROUGHT, suffix=""))
        (text,) = told(scene)
        assert "/moa ask QUESTION" in text
        assert "/moa privacy:" in text
        assert "just write" in text

    story(scenario, kind="slack")


CLOSED = "access: {allow: ['fake:ann']}\nprivacy: {operator_contact: 'Zoe, 3rd floor'}\n"


def test_where_it_may_not_be_it_says_whom_to_ask_and_leaves_even_if_it_cannot_say_so():
    async def scenario(scene: Scene):
        await brought(scene)
        (text,) = told(scene)
        assert "Zoe, 3rd floor" in text
        assert '"fake:T1"' in text
        assert scene.chat.left == ["S1"]
        for room in BROUGHT.rooms:
            scene.chat.fail(room, ChatClosed("no rights"))
        await brought(scene, replace(BROUGHT, event_id="a2", place="S2"))
        scene.chat.fail("G1", ChatError("broken"))
        await brought(scene, replace(BROUGHT, event_id="a3", place="S3"))
        assert scene.chat.left == ["S1", "S2", "S3"]
        assert len(told(scene)) == 1

    story(scenario, more=CLOSED)


def test_a_group_that_has_only_moved_is_not_left():
    new = replace(BROUGHT, circles=("chat:G1",), rooms=("G1",), place="G1")
    moved = Moved(
        event_id="m1",
        address=Address(platform="fake", channel="G0"),
        author=BROUGHT.author,
        new=new.address,
        at=2_000,
    )

    async def scenario(scene: Scene):
        await scene.parts.gateway.intake(new)
        await asyncio.sleep(GRACE / 2)
        assert told(scene) == []
        await scene.parts.gateway.intake(moved)
        await scene.idle()
        assert scene.chat.left == []
        assert "an AI" in told(scene)[0]

    story(scenario, more="access: {allow: ['fake:chat:G0']}\n")


def test_a_changed_file_names_somebody_else_to_ask():
    async def scenario(scene: Scene):
        gateway = scene.parts.gateway
        settings = gateway.config.settings
        privacy = msgspec.structs.replace(settings.privacy, operator_contact="Yan")
        changed = msgspec.structs.replace(settings, privacy=privacy)
        gateway.exchange.places.take(replace(gateway.config, settings=changed))
        await brought(scene)
        assert "please ask Yan" in told(scene)[0]

    story(scenario, more=CLOSED)


def test_where_nobody_can_tell_who_is_there_it_stays_and_says_nothing():
    class Untold(FakeChat):
        @override
        async def present(self, added, people):
            raise ChatError("not now")

    async def told_():
        chat = Untold()
        async with guarded(more=CLOSED, chat=chat) as scene:
            await brought(scene)
            assert (chat.left, told(scene)) == ([], [])
            assert await scene.parts.store.waiting() == []

    run_virtual(told_())


def test_it_stays_where_somebody_is_whom_it_answers():
    async def scenario(scene: Scene):
        scene.chat.members = {"ann"}
        await brought(scene)
        assert scene.chat.left == []
        assert "only those whom my operator has let in" in told(scene)[0]

    story(scenario, more=CLOSED)


def test_it_stays_where_somebody_whom_it_answers_has_brought_it():
    async def scenario(scene: Scene):
        await brought(scene, replace(BROUGHT, author=Author(id="ann", name="Ann")))
        assert scene.chat.left == []

    story(scenario, more=CLOSED)


def test_a_chat_that_is_denied_is_left_though_its_people_are_let_in():
    more = "access: {allow: ['fake:ann'], deny: ['fake:T1']}\n"

    async def scenario(scene: Scene):
        scene.chat.members = {"ann"}
        await brought(scene)
        assert scene.chat.left == ["S1"]

    story(scenario, more=more)
