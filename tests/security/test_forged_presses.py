"""Presses that nobody was offered: any action, any turn, any value, from any place.

A client of one's own sends whatever it likes under a message of the bot's. Whoever presses so is a
member here, and no admin, and asked none of what he presses at. What he may not do by hand he does
not get done by a press; what is Ann's stays as it was.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.frames import Action
from core.types import Address, Author
from tests.fakes.loop import run_virtual
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, BEN, DM, GROUP, Scene
from tests.gateway.test_tooling import DELETES, asked, scene

EVE = replace(ANN, id="eve", name="Ann")
STRANGER = Author(id="ann ", name="Ann")
PLACES = (
    GROUP,
    replace(GROUP, thread="t1"),
    Address(platform="fake", channel="G2"),
    Address(platform="fake", channel="D-eve"),
)
VALUES = st.sampled_from(
    [
        *("", "0", "1", "-1", "00", "999999999999999999", "9" * 40, "²", "٠", "0\x00", "0 or 1=1"),
        *("me:ann", "all:ann", "ALL:ann", "all", "allx:ann", "me:", "me:ben", ":", "::"),
        *("channel:review", "channel:off", "thread:off", "here:off", "me:off", "channel", "c:off"),
        *("channel:alone", "channel:0:off", "default", "off", "review", "\u202eoff", "\ud800"),
    ]
) | st.text(max_size=40)
ACTIONS = st.sampled_from([*get_args(Action), "", "APPROVE", "approve ", "nothing"])


async def kept(here: Scene, *turns: str) -> list[object]:
    """What is Ann's: her turns, what was asked of her, and what is set for everybody."""
    store = here.parts.store
    found: list[object] = [await store.turn(each) for each in turns]
    found += [await store.lines(each.session) for each in (GROUP, DM)]
    scopes = (f"session:{GROUP.session}", f"session:{DM.session}", "user:fake:ann", "user:ann")
    found += [await store.settings(each) for each in scopes]
    return found


PRESSED = st.tuples(
    ACTIONS,
    st.sampled_from(["finished", "waiting", "private", "", "0" * 16]),
    VALUES,
    st.sampled_from(PLACES),
    st.sampled_from([EVE, EVE, STRANGER]),
)


@settings(max_examples=40)
@given(st.lists(PRESSED, min_size=1, max_size=12))
def test_no_press_does_what_its_presser_may_not(presses):
    async def story() -> None:
        server = FakeServer("files", "delete")
        answers = {"big": [["Yes."], ["Between us."], *DELETES["big"]]}
        async with scene(answers, server) as here:
            await here.say("Why?", where=GROUP, addressed=True)
            await here.idle()
            finished = await here.last_turn(GROUP)
            await here.say("And in private?")
            await here.idle()
            private = await here.last_turn()
            await here.say("Delete it.", where=GROUP, addressed=True)
            waiting = (await asked(here)).buttons[0].turn_id
            named = {"finished": finished, "private": private, "waiting": waiting}
            before = await kept(here, finished, private, waiting)
            told = len(here.whispers)
            for action, turn, value, where, who in presses:
                with suppress(UserError):
                    await here.press(
                        action, named.get(turn, turn), value=value, who=who, where=where
                    )
            await asyncio.sleep(5)
            assert await kept(here, finished, private, waiting) == before
            assert server.calls == []
            said = "".join(here.whispers[told:])
            assert "Between us." not in said
            await here.press("approve", waiting, value="0", who=BEN, where=GROUP)
            await here.idle()
            assert len(server.calls) == 1

    run_virtual(story())
