"""Shows how strangers come in by a code, and how admins let in and shut out in chat."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from itertools import count

import pytest

from core.errors import UserError
from core.pairing import MOST_OPEN, TRIES
from core.types import Address, Author
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import GROUP, Scene, guarded

ANN = Author(id="11", name="Ann")
BEN = Author(id="22", name="Ben")
BOSS = Author(id="33", name="Boss", is_admin=True)
EVE = Author(id="99", name="Eve")
HERS = Address(platform="fake", channel="D99")
OWNED = "access: {owners: ['fake:11'], admins: ['fake:22'], allow: ['fake:33', 'fake:44']}\n"
CODE = re.compile(r"Your pairing code is ([A-Z0-9]{8}),")


def story(scenario, **said):
    async def told():
        async with guarded(**{"more": OWNED, **said}) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


async def code_for(scene: Scene, who: Author = EVE, where: Address = HERS) -> str:
    with pytest.raises(UserError) as refused:
        await scene.say("Hi", who=who, where=where)
    found = CODE.search(str(refused.value))
    assert found, str(refused.value)
    return found[1]


async def answer(scene: Scene, name: str, args: str, *, who: Author, where=None) -> str:
    before = len(scene.whispers)
    assert await scene.command(name, args, who=who, where=where or replace(HERS, channel="D1"))
    await scene.until(lambda: len(scene.whispers) > before)
    return scene.whispers[-1]


async def refused(scene: Scene, who: Author = EVE, where: Address = HERS) -> bool:
    try:
        return await scene.say("Hi", who=who, where=where) is None
    except UserError:
        return True


@pytest.mark.parametrize("who", [ANN, BEN])
def test_a_stranger_is_let_in_by_a_code_that_an_owner_or_admin_says(who):
    async def scenario(scene: Scene):
        code = await code_for(scene)
        assert "fake:99 is let in, in private" in await answer(scene, "pair", code, who=who)
        await scene.until(lambda: "You are let in now: ask me anything." in scene.chat.texts())
        assert await scene.say("Hi", who=EVE, where=HERS)

    story(scenario)


def test_a_code_is_read_as_people_write_it():
    async def scenario(scene: Scene):
        code = await code_for(scene)
        assert "let in" in await answer(scene, "pair", f"{code[:4].lower()}-{code[4:]}", who=ANN)

    story(scenario)


def test_who_came_in_by_a_code_comes_into_no_group_by_it():
    async def scenario(scene: Scene):
        await answer(scene, "pair", await code_for(scene), who=ANN)
        assert await scene.say("Hi", who=EVE, where=HERS)
        assert await refused(scene, where=GROUP)

    story(scenario)


def test_a_code_is_good_once_and_for_ten_minutes():
    async def scenario(scene: Scene):
        code = await code_for(scene)
        await asyncio.sleep(601)
        assert "That code is not open here" in await answer(scene, "pair", code, who=ANN)
        code = await code_for(scene)
        assert "let in" in await answer(scene, "pair", code, who=ANN)
        assert "That code is not open here" in await answer(scene, "pair", code, who=ANN)

    story(scenario)


def test_after_five_wrong_codes_the_open_ones_are_void():
    async def scenario(scene: Scene):
        code = await code_for(scene)
        for n in range(TRIES):
            assert "not open here" in await answer(scene, "pair", f"2222222{n + 2}", who=ANN)
        assert "not open here" in await answer(scene, "pair", code, who=ANN)
        assert await refused(scene)

    story(scenario)


def test_neither_members_nor_who_administers_a_chat_let_anybody_in():
    async def scenario(scene: Scene):
        code = await code_for(scene)
        for who in (BOSS, Author(id="44", name="Member")):
            for name, args in (("pair", code), ("allow", "99"), ("deny", "22")):
                said = await answer(scene, name, args, who=who, where=GROUP)
                assert "Only somebody whom the operator has named can do that" in said
        assert await refused(scene)

    story(scenario)


def test_a_crowd_of_strangers_gets_no_more_codes_than_there_is_room_for():
    async def scenario(scene: Scene):
        for n in range(MOST_OPEN):
            where = replace(HERS, channel=f"D{n}")
            await code_for(scene, replace(EVE, id=f"e{n}"), where)
            await asyncio.sleep(1)  # so many are told, and no more at once
        with pytest.raises(UserError) as told:
            await scene.say("Hi", who=EVE, where=HERS)
        assert not CODE.search(str(told.value))
        assert 'access.allow: ["fake:99"]' in str(told.value)
        assert await scene.parts.store.waiting() == []

    story(scenario)


def test_a_stranger_whose_code_cannot_be_kept_is_told_their_id_all_the_same():
    async def scenario(scene: Scene):
        from core.errors import StoreFull  # noqa: PLC0415 - one use

        store = scene.parts.store
        assert isinstance(store, MemoryStore)
        store.failure = StoreFull("no space")
        with pytest.raises(UserError, match=r"Your id is fake:99"):
            await scene.say("Hi", who=EVE, where=HERS)

    story(scenario)


def test_an_admin_lets_in_and_shuts_out_for_a_while_or_for_ever():
    async def scenario(scene: Scene):
        assert "fake:99 is let in for 1h." in await answer(scene, "allow", "99 1h", who=BEN)
        assert await scene.say("Hi", who=EVE, where=GROUP)
        await asyncio.sleep(3601)
        assert await refused(scene, where=GROUP)
        assert "fake:99 is let in." in await answer(scene, "allow", "<@99>", who=BEN)
        assert await scene.say("Hi", who=EVE)
        assert "fake:99 is shut out for 30m." in await answer(scene, "deny", "99 30m", who=BEN)
        assert await refused(scene)
        await asyncio.sleep(1801)
        assert await scene.say("Hi", who=EVE)
        await answer(scene, "deny", "99", who=ANN)
        assert await refused(scene)
        await answer(scene, "allow", "99", who=ANN)
        assert await scene.say("Hi", who=EVE)

    story(scenario)


def test_whom_the_file_lets_in_can_be_shut_out_but_none_of_its_owners():
    async def scenario(scene: Scene):
        assert "fake:44 is shut out" in await answer(scene, "deny", "44", who=BEN)
        assert await refused(scene, Author(id="44", name="Dan"))
        assert "is an owner named in the operator's file" in await answer(
            scene, "deny", "11", who=BEN
        )
        assert "lock you out yourself" in await answer(scene, "deny", "22", who=BEN)
        await answer(scene, "deny", "22", who=ANN)
        assert await refused(scene, BEN)

    story(scenario)


@pytest.mark.parametrize("args", ["", "@eve", "Eve 1h", "99 soon", "99 1h 2h"])
def test_nobody_is_let_in_by_a_name_or_by_half_a_command(args):
    async def scenario(scene: Scene):
        before = await scene.parts.store.audited(last=10)
        said = await answer(scene, "allow", args, who=ANN)
        assert "is let in" not in said
        assert await scene.parts.store.audited(last=10) == before

    story(scenario)


def test_what_was_decided_holds_after_a_restart_and_stands_in_the_log():
    store = MemoryStore()

    async def told():
        async with guarded(more=OWNED, store=store) as scene:
            await answer(scene, "allow", "99", who=BEN)
            await answer(scene, "deny", "44 1h", who=ANN)
            await scene.idle()
        async with guarded(more=OWNED, store=store) as scene:
            scene.numbers = count(50)
            assert await scene.say("Hi", who=EVE, where=GROUP)
            assert await refused(scene, Author(id="44", name="Dan"))
            await scene.idle()
        changes = await store.audited(last=10)
        assert [(each.scope, each.key, each.by) for each in changes] == [
            ("access:fake", "allow:99", "fake:22"),
            ("access:fake", "deny:44", "fake:11"),
        ]

    run_virtual(told())


def test_a_member_who_is_shut_out_in_mid_turn_is_answered_to_the_end_and_asks_no_more():
    scripts = {"big": [["It is ", 0.5, "a long story."]], "a": [["A."]], "b": [["B."]]}

    async def scenario(scene: Scene):
        dan = Author(id="44", name="Dan")
        assert await scene.say("Why?", who=dan, where=GROUP)
        assert await scene.say("And then?", who=dan, where=GROUP)  # waits in its lane
        await scene.until(lambda: scene.chat.log)
        await answer(scene, "deny", "44", who=ANN)
        await scene.idle()
        texts = scene.chat.texts()
        assert any("a long story" in each for each in texts)
        assert any("You are not let in any more" in each for each in texts)
        turns = await scene.parts.store.turns(GROUP.session)
        assert [each.start.question.text for each in turns] == ["Why?"]
        assert await scene.parts.store.waiting() == []
        with pytest.raises(UserError):
            await scene.press("approve", turns[0].start.turn_id, who=dan, where=GROUP)

    story(scenario, scripts=scripts)
