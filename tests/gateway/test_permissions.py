"""Shows that every command and button is held to the table: every role, every place, every way.

What is right is written down here once more, by role alone, so that a row that changes by mistake
is noticed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from core.errors import UserError
from core.menu import MENU
from core.permissions import PRESSES
from core.texts import commands as said
from core.texts import presets
from core.types import Address, Author
from tests.fakes.loop import run_virtual
from tests.gateway.guarded import ANN, Scene, guarded

BEN = Author(id="ben", name="Ben", circles=("T1",))
BOSS = Author(id="boss", name="Boss", circles=("T1",), is_admin=True)
NAMED = Author(id="named", name="Named", circles=("T1",))
OWNER = Author(id="owner", name="Owner")
GUEST = Author(id="guest", name="Guest", circles=("T1",), is_guest=True)
STRANGER = Author(id="stranger", name="Stranger")
DENIED = Author(id="denied", name="Denied", circles=("T1",))
FILE = """
access:
  owners: ["fake:owner"]
  admins: ["fake:named"]
  allow: ["fake:T1"]
  deny: ["fake:denied"]
"""
OUTSIDE = (GUEST, STRANGER, DENIED)
ADMINS = (BOSS, NAMED, OWNER)
EVERYBODY = (ANN, BEN, *ADMINS, *OUTSIDE)
PLACES = {
    "dm": Address(platform="fake", channel="D1"),
    "group": Address(platform="fake", channel="G1"),
    "thread": Address(platform="fake", channel="G1", thread="t1"),
}
REFUSALS = {*said.NOT_FOR.values(), presets.ADMINS_CHOOSE, said.NOT_YOURS_TO_ALLOW}
SLOW = {"big": [["Ye", "s."]], "a": [["A."]], "b": [["B."]]}

# Every form of every command, and whom it is for where others read: Ann asked what runs there.
FORMS = {
    "ask Why?": "everybody",
    "moa": "everybody",
    "moa alone": "admins of a whole channel",
    "moa alone channel": "admins",
    "moa alone thread": "admins of a whole channel",
    "moa alone me": "everybody",
    "moa off": "admins of a whole channel",
    "moa default": "admins of a whole channel",
    "stop": "whoever asked",
    "retry": "whoever asked",
    "undo": "whoever asked",
    "new": "everybody",
    "compact": "everybody",
    "memory list": "everybody",
    "memory add We ship on Fridays.": "everybody",
    "memory remove 1": "everybody",
    "export": "everybody",
    "cost": "everybody",
    "privacy": "everybody",
    "forget": "everybody",
    "forget all": "admins",
    "status": "everybody",
    "quiet": "admins, also in private",
    "quiet off": "admins, also in private",
    "budget": "whom the file names",
    "help": "everybody",
    "allow 7777 1h": "whom the file names",
    "deny 7777": "whom the file names",
    "pair K7MP2QXW": "whom the file names",
}
BUTTONS = {
    "stop": "whoever asked",
    "retry": "whoever asked",
    "advise": "whoever asked",
    "remove": "whoever asked",
    "undo": "whoever asked",
    "back": "everybody",
    "preset": "everybody",
    "pick": "admins of a whole channel",
    "restore": "admins of a whole channel",
    "advisors": "everybody",
    "info": "everybody",
    "up": "everybody",
    "down": "everybody",
    "approve": "admins, in private whoever asked",
    "refuse": "admins, in private whoever asked",
    "forget": "everybody",
    "answer": "everybody",
    "skip": "everybody",
    "again": "admins, also in private",
}


def may(row: str, who: Author, place: str) -> bool:
    """Say it once more, in other words than the program does."""
    if who in OUTSIDE:
        return False
    if row == "whom the file names":
        return who in {NAMED, OWNER}
    if who in ADMINS or row == "everybody":
        return True
    match row:
        case "admins, also in private":
            return False
        case "whoever asked":
            return who is ANN
        case "admins of a whole channel":
            return place != "group"
        case "admins, in private whoever asked":
            return place == "dm" and who is ANN
        case "admins":
            return place == "dm"
        case _:
            raise LookupError(row)


def test_the_list_here_is_whole():
    assert {form.split()[0] for form in FORMS} >= {each.name for each in MENU}
    assert set(BUTTONS) == set(PRESSES)
    for each in MENU:  # a row that is added belongs here, too, in the words of the specification
        for form in each.forms:
            assert any(known.startswith(f"{each.name} {form}") for known in FORMS), form


def stop(scene: Scene, way: str, turn: str, **said: Any) -> Awaitable[object]:
    match way:
        case "slash":
            return scene.command("stop", **said)
        case "word":
            return scene.say("stop", addressed=True, **said)
        case _:
            return scene.press("stop", turn, **said)


async def outcome(scene: Scene, act: Awaitable[object]) -> bool:
    """Tell whether it was done: neither turned away at the door nor refused."""
    before = len(scene.whispers)
    try:
        taken = await act
    except UserError:  # at the door
        return False
    await scene.idle()
    return bool(taken) and not REFUSALS.intersection(scene.whispers[before:])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["slash", "word"])
def test_every_command_is_held_to_its_row(place, way):
    async def story():
        for form, who in product(FORMS, EVERYBODY):
            name, _, args = form.partition(" ")
            async with guarded(SLOW, more=FILE) as scene:
                where = PLACES[place]
                await scene.say("First?", who=ANN, where=where, addressed=True)
                await scene.idle()
                act: Awaitable[object] = (
                    scene.command(name, args, who=who, where=where)
                    if way == "slash"
                    else scene.say(form, who=who, where=where, addressed=True)
                )
                if name == "stop":  # nothing runs, so nobody is refused: see below
                    await outcome(scene, act)
                    continue
                done = await outcome(scene, act)
                assert done == may(FORMS[form], who, place), (form, who.name, scene.whispers)

    run_virtual(story())


@pytest.mark.parametrize("place", PLACES)
def test_every_button_is_held_to_its_row(place):
    async def story():
        for action, who in product(BUTTONS, EVERYBODY):
            async with guarded(SLOW, more=FILE) as scene:
                where = PLACES[place]
                await scene.say("First?", who=ANN, where=where, addressed=True)
                await scene.idle()
                turn = await scene.last_turn(where)
                value = {"pick": "alone", "restore": "->default"}.get(action, "")
                act = scene.press(action, "" if value else turn, value=value, who=who, where=where)
                done = await outcome(scene, act)
                assert done == may(BUTTONS[action], who, place), (action, who.name, scene.whispers)

    run_virtual(story())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["slash", "word", "button"])
def test_only_whoever_asked_and_admins_stop_what_runs(place, way):
    async def story():
        for who in EVERYBODY:
            scripts = {**SLOW, "big": [["Ye", 30.0, "s."]]}
            async with guarded(scripts, more=FILE) as scene:
                where = PLACES[place]
                await scene.say("First?", who=ANN, where=where, addressed=True)
                await scene.until(lambda: scene.parts.gateway.runner.running)
                turn = await scene.last_turn(where)
                done = await outcome(scene, stop(scene, way, turn, who=who, where=where))
                assert done == may("whoever asked", who, place), who.name
                await scene.idle()
                kept = await scene.parts.store.turn(turn)
                assert kept is not None
                assert kept.end is not None
                assert kept.end.ending == ("stopped" if done else "finished")

    run_virtual(story())


def test_help_lists_what_the_asker_may_use():
    async def story():
        async with guarded(more=FILE) as scene:
            group = PLACES["group"]
            for who in (ANN, BOSS, OWNER):
                await scene.command("help", who=who, where=group)
                await scene.idle()
                text = scene.whispers[-1]
                listed = {line.split()[0][1:] for line in text.splitlines() if line[:1] == "/"}
                wanted = {
                    form.split()[0]
                    for form, row in FORMS.items()
                    if may(row, who, "group") or row == "whoever asked"
                }
                assert listed == wanted

    run_virtual(story())


def test_a_name_that_is_like_anothers_is_nobody():
    async def story():
        async with guarded(SLOW, more=FILE) as scene:
            await scene.say("First?", who=ANN, where=PLACES["group"], addressed=True)
            await scene.idle()
            twin = replace(BEN, name=ANN.name)
            turn = await scene.last_turn(PLACES["group"])
            assert not await outcome(
                scene, scene.press("remove", turn, who=twin, where=PLACES["group"])
            )
            assert scene.whispers[-1] == said.NOT_YOURS

    run_virtual(story())
