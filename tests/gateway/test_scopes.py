"""Shows whose history a question goes on with, by `session:`, and where it is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import Whose
from core.scopes import is_shared, moved_key, session_key
from core.types import Address, Command, Moved
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import TEXT, assembled
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, GROUP, Scene, guarded

ONE, TWO = replace(GROUP, thread="t1"), replace(GROUP, thread="t2")
NEW = Address(platform="fake", channel="G2")
ADMIN = replace(BEN, is_admin=True)
SLOW = {"big": [["It is a long story. " * 9, 30.0, "The end."]], "a": [["A."]], "b": [["B."]]}


def scoped(scope: str) -> str:
    return f"{ALLOWED}defaults: {{session: {scope}}}\n"


def story(scenario, scope: str, **said):
    async def told():
        async with guarded(more=scoped(scope), **said) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


async def asks(scene: Scene, text: str, **said) -> list[str]:
    """Ask, wait for the answer, and give what the aggregator was shown of the conversation."""
    await scene.say(text, addressed=True, **said)
    await scene.idle()
    model = scene.parts.gateway.providers["p"].model
    assert isinstance(model, ScriptedModel)
    lines = model.of("big")[-1].call.lines
    return [line.text for line in lines if line.role in {"user", "assistant"}]


def heard(seen: list[str], text: str) -> bool:
    return any(text in each for each in seen)


@pytest.mark.parametrize(
    ("scope", "where", "direct", "key"),
    [
        ("thread", ONE, False, "fake/G1/t1"),
        ("channel", ONE, False, "fake/G1"),
        ("channel", GROUP, False, "fake/G1"),
        ("user", ONE, False, "fake/G1/user=u%2F1"),
        ("user", DM, True, "fake/D1"),
        ("channel", DM, True, "fake/D1"),
    ],
)
def test_a_session_has_the_name_of_what_shares_its_history(scope, where, direct, key):
    assert session_key(where, "u/1", scope, direct=direct) == key
    assert moved_key(key, GROUP, NEW) == key.replace("/G1", "/G2")
    assert is_shared(scope, direct=direct) == (not direct and scope != "user")


WORDS = st.text(max_size=6) | st.sampled_from(["a/b", "user=u1", "", "%2F", "="])
PLACES = st.builds(Address, platform=WORDS, channel=WORDS, thread=st.one_of(st.none(), WORDS))


@given(one=PLACES, two=PLACES, people=st.tuples(WORDS, WORDS))
def test_two_people_and_two_places_never_share_a_session_by_chance(one, two, people):
    keys = [
        session_key(p, who, "user", direct=False) for p, who in zip((one, two), people, strict=True)
    ]
    channels = [(p.platform, p.channel) for p in (one, two)]
    assert (keys[0] == keys[1]) == (channels[0] == channels[1] and people[0] == people[1])
    assert {one.session, two.session}.isdisjoint(keys)


def test_no_place_has_the_key_of_somebody_s_own_session():
    place = replace(GROUP, thread="user=u1")
    assert place.session != session_key(GROUP, "u1", "user", direct=False)


def test_all_threads_of_a_channel_share_one_history_and_answers_stay_in_theirs():
    async def scenario(scene: Scene):
        await asks(scene, "First?", where=ONE)
        seen = await asks(scene, "Second?", where=TWO, who=BEN)
        assert heard(seen, "First?")
        turns = await scene.parts.store.turns(GROUP.session)
        assert [each.start.place for each in turns] == [ONE, TWO]

    story(scenario, "channel")


def test_a_thread_knows_nothing_of_another():
    async def scenario(scene: Scene):
        await asks(scene, "First?", where=ONE)
        assert not heard(await asks(scene, "Second?", where=TWO), "First?")

    story(scenario, "thread")


def test_everybody_in_a_channel_has_a_history_of_their_own():
    async def scenario(scene: Scene):
        await asks(scene, "Ann asks?", where=ONE)
        await asks(scene, "Ben asks?", where=ONE, who=BEN)
        seen = await asks(scene, "And now?", where=TWO)
        assert heard(seen, "Ann asks?")
        assert not heard(seen, "Ben asks?")

    story(scenario, "user")


def test_two_people_with_histories_of_their_own_do_not_wait_for_each_other():
    async def scenario(scene: Scene):
        await scene.say("Why?", where=GROUP, addressed=True)
        await scene.say("Why?", where=GROUP, who=BEN, addressed=True)
        await scene.until(
            lambda: sum("long story" in each for each in scene.chat.texts()) == 2,
        )
        assert len(scene.parts.gateway.runner.running) == 2

    story(scenario, "user", scripts=SLOW)


@pytest.mark.parametrize("who", [ANN, BEN])
def test_a_stop_means_ones_own_answer_where_several_run(who):
    async def scenario(scene: Scene):
        for each in (ANN, BEN):
            await scene.say("Why?", where=GROUP, who=each, addressed=True)
        await scene.until(
            lambda: sum("long story" in each for each in scene.chat.texts()) == 2,
        )
        await scene.command("stop", who=who, where=GROUP)
        await scene.idle()
        endings = {}
        for each in (ANN, BEN):
            key = session_key(GROUP, each.id, "user", direct=False)
            (turn,) = await scene.parts.store.turns(key)
            endings[each.id] = turn.end and turn.end.ending
        assert endings == {ANN.id: "finished", BEN.id: "finished"} | {who.id: "stopped"}

    story(scenario, "user", scripts=SLOW)


def test_a_channels_one_history_has_one_lane():
    async def scenario(scene: Scene):
        await scene.say("First?", where=ONE, addressed=True)
        await scene.say("Second?", where=TWO, addressed=True)
        await scene.until(lambda: any("long story" in each for each in scene.chat.texts()))
        assert len(scene.parts.gateway.runner.running) == 1

    story(scenario, "channel", scripts=SLOW)


def test_who_asks_again_for_another_goes_on_with_the_others_history():
    async def scenario(scene: Scene):
        await asks(scene, "Before?", where=GROUP)
        await asks(scene, "Why?", where=GROUP)
        key = session_key(GROUP, ANN.id, "user", direct=False)
        turn = (await scene.parts.store.turns(key))[-1]
        await scene.press("retry", turn.start.turn_id, who=ADMIN, where=GROUP)
        await scene.idle()
        again = (await scene.parts.store.turns(key))[-1]
        assert again.start.turn_id != turn.start.turn_id
        assert again.start.question == turn.start.question
        assert [line.text for _, line in await scene.parts.store.lines(key)].count("Before?") == 1

    story(scenario, "user")


def test_retry_means_ones_own_last_question_where_histories_are_ones_own():
    async def scenario(scene: Scene):
        await asks(scene, "Ann asks?", where=GROUP)
        await asks(scene, "Ben asks?", where=GROUP, who=BEN)
        await scene.command("retry", where=GROUP)
        await scene.idle()
        key = session_key(GROUP, ANN.id, "user", direct=False)
        (turn,) = await scene.parts.store.turns(key)
        assert turn.start.question.text == "Ann asks?"

    story(scenario, "user")


@pytest.mark.parametrize("scope", ["channel", "user"])
def test_what_was_cut_is_answered_where_it_was_asked_after_a_restart(scope):
    async def told():
        store = MemoryStore()
        async with guarded(SLOW, store=store, more=scoped(scope)) as scene:
            await scene.say("Why?", where=ONE, addressed=True)
            await scene.until(lambda: any("long story" in each for each in scene.chat.texts()))
            await scene.say("And then?", where=TWO, addressed=True)
            await scene.parts.sessions.drain(0)
        async with guarded(store=store, more=scoped(scope)) as scene:
            await scene.parts.recover()
            await scene.idle()
            key = session_key(ONE, ANN.id, scope, direct=False)
            turns = await store.turns(key)
            assert [each.start.place for each in turns] == [ONE, TWO]
            assert {each.state for each in turns} == {"delivered"}

    run_virtual(told())


def test_somebody_s_stop_that_was_not_heard_stops_nobody_else_after_a_restart():
    async def told():
        store = MemoryStore()
        async with guarded(SLOW, store=store, more=scoped("user")) as scene:
            for each in (ANN, BEN):
                await scene.say("Why?", where=GROUP, who=each, addressed=True)
            await scene.until(lambda: len(scene.parts.gateway.runner.running) == 2)
            await scene.parts.sessions.drain(0)
        stop = Command(event_id="s1", address=GROUP, author=BEN, name="stop", args="", at=2)
        await store.accept(stop)
        async with guarded(store=store, more=scoped("user")) as scene:
            await scene.parts.recover()
            await scene.idle()
            ended = []
            for each in (ANN, BEN):
                key = session_key(GROUP, each.id, "user", direct=False)
                (turn,) = await store.turns(key)
                ended.append(turn.end and turn.end.ending)
            assert ended == ["finished", "stopped"]

    run_virtual(told())


@pytest.mark.parametrize("scope", ["thread", "channel", "user"])
def test_a_chat_that_moves_takes_its_histories_along(scope):
    async def scenario(scene: Scene):
        await asks(scene, "Before?", where=ONE)
        await scene.parts.gateway.intake(
            Moved(event_id="m1", address=GROUP, author=ANN, new=NEW, at=2)
        )
        seen = await asks(scene, "After?", where=replace(NEW, thread="t1"))
        assert heard(seen, "Before?")

    story(scenario, scope)


@pytest.mark.parametrize("scope", ["thread", "channel", "user"])
def test_what_a_channel_costs_is_the_same_whatever_shares_a_history(scope):
    async def scenario(scene: Scene):
        for where, who in ((ONE, ANN), (TWO, BEN), (GROUP, ANN)):
            await asks(scene, "Why?", where=where, who=who)
        store = scene.parts.store
        found = await store.costs(Whose(channel=GROUP.session), since=0, until=2**60)
        assert sum(each.spent.turns for each in found) == 3
        assert {each.whose.channel for each in found} == {
            each.session for each in (ONE, TWO, GROUP)
        }

    story(scenario, scope)


def test_a_page_of_ones_own_keeps_its_conversations_apart():
    """The web's conversations are threads of one channel, and what is set is for messengers."""

    async def told():
        model = ScriptedModel({"big": [["Yes."]], "a": [["A."]], "b": [["B."]]})
        text = f"{TEXT}defaults: {{session: channel}}\n"
        async with assembled(MemoryStore(), model, text=text) as parts:
            scene = Scene(parts, model)
            await asks(scene, "First?", where=replace(DM, thread="one"))
            assert not heard(
                await asks(scene, "Second?", where=replace(DM, thread="two")), "First?"
            )

    run_virtual(told())
