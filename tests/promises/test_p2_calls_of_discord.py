"""Shows what becomes of Discord's other calls: at a start, for presses and commands, and to read.

The rest of the table of `test_p2_every_call_discord.py`: what no answer is written with. Each call
goes wrong once, in every way; the bot is there in the end, or says what an operator has to mend;
who pressed or gave a command is told; what can be done later is said to be so (P2, P11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Final

import pytest

from adapters.chat.discord import DiscordChat, DiscordOptions
from adapters.chat.discord.connection import NO_ENTRY, NO_INTENT
from core.errors import (
    ChatAway,
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatRefused,
    ChatUnknown,
    FileUnread,
    MessageGone,
)
from core.frames import Button, Frame, Notice
from core.types import Added, Address, Author, Command, Message
from gateway.clock import SystemClock
from gateway.delivery.pacing import once_free
from tests.promises.every_call import (
    COMMON,
    DOUBTFUL,
    TOLD,
    Bench,
    Desk,
    bench,
    each_of,
    outcome,
)
from tests.promises.test_p2_every_call_discord import CLOSED, REFUSED, no
from tests.simulators.base import Fault
from tests.simulators.discord.simulator import DiscordSimulator

ALL: Final[Mapping[str, Fault]] = {**COMMON, **REFUSED, **CLOSED}
FOR_GOOD: Final = frozenset({*REFUSED, *CLOSED}) - {
    *("429 for the account", "429 old messages", "500 with a word", "503 overloaded"),
    "403 Cloudflare",
}
"""After these a call is not worth another try."""


# --- a start ------------------------------------------------------------------------------------

STARTING: Final[Mapping[str, Mapping[str, str]]] = {
    "me": {"401": NO_ENTRY},
    "application": {},
    "gateway_bot": {},
    "gateway": {},
    "get_commands": {},
    "put_commands": {},
}
"""What is called until people are heard, and after which faults the bot is not let in."""


@pytest.mark.parametrize("method", STARTING)
async def test_p11_the_bot_hears_people_in_the_end_whichever_call_of_a_start_goes_wrong(method):
    async def case(name: str) -> str:
        async with bench("discord", run=False, chat=asking) as there:
            if method == "gateway":
                there.sim.faults.plan("gateway_bot", *[no(404, "0 404: Not Found")] * 9)
            there.fail(method, ALL[name])
            return await started(there)

    found = await each_of(ALL, case)
    wanted = {each: STARTING[method].get(each, "1 answer") for each in ALL}
    assert {each: text for each, text in found.items() if text != wanted[each]} == {}


def asking(sim: DiscordSimulator, desk: Desk) -> DiscordChat:
    """Listen where Discord says that its gateway is."""
    options = DiscordOptions(platform="discord", token=sim.token, api_base=sim.api_base)
    return DiscordChat(options, clock=SystemClock(), gaps=desk)


async def started(there: Bench) -> str:
    """Run it, as its supervisor does, until somebody is answered or it is not let in."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(outcome(tried(there)))
        hit = group.create_task(there.hit.wait())
        await asyncio.wait([running, hit], return_when=asyncio.FIRST_COMPLETED)
        connected = group.create_task(there.listening())
        await asyncio.wait([running, connected], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            connected.cancel()
            return str(running.result())
        await there.ask(there.dm)
        await there.ended()
        running.cancel()
    return f"{there.wholes(there.dm)} answer"


async def tried(there: Bench) -> None:
    while True:
        try:
            await there.chat.run(there.desk)
        except ChatRefused:
            raise
        except ChatError:
            await asyncio.sleep(0.1)


CLOSING: Final[Mapping[int | None, str]] = {
    **dict.fromkeys((None, 1001, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009), "1 answer"),
    4004: NO_ENTRY,
    4013: NO_INTENT,
    4014: NO_INTENT,
    4012: "Discord closed the connection for good (code 4012).",
}
"""What the gateway ends a connection with, None without a word, and what becomes of the bot."""


async def test_p11_the_gateway_may_close_as_it_likes_and_says_why_where_it_is_for_good():
    async def case(code: str) -> str:
        async with bench("discord", run=False) as there:
            there.hit.set()
            async with asyncio.TaskGroup() as group:
                running = group.create_task(started(there))
                await there.listening()
                await there.sim.gateway.kill(None if code == "None" else int(code))
            return running.result()

    wanted = {str(each): fate for each, fate in CLOSING.items()}
    assert await each_of(wanted, case) == wanted


@pytest.mark.parametrize("asks", ["op 7", "op 9 resumable", "op 9"])
async def test_p11_the_gateway_may_ask_to_connect_anew(asks):
    async with bench("discord") as there:
        await there.listening()
        gateway, lines = there.sim.gateway, list(there.sim.gateway.lines)
        if asks == "op 7":
            gateway.ask_to_reconnect()
        else:
            gateway.invalidate(resumable=asks != "op 9")
        await there.until(lambda: gateway.connected and not {*lines} & {*gateway.lines})
        await there.ask(there.dm)
        await there.ended()
        assert there.wholes(there.dm) == 1


# --- presses and commands -----------------------------------------------------------------------

UNTOLD: Final[Mapping[str, Collection[str]]] = {
    "callback": (),
    **dict.fromkeys(("follow_up", "edit_answer"), FOR_GOOD),
}
"""What is refused for good is not told: there is no other way to the one who pressed."""


@pytest.mark.parametrize("method", ["callback", "follow_up"])
async def test_p2_who_presses_is_told_whichever_call_goes_wrong(method):
    async def case(name: str) -> int:
        async with bench("discord") as there:
            await there.listening()
            button = Button(action="retry", label="Retry", turn_id="t1")
            frame = Frame(key="n", content=Notice(text="Again?"), buttons=(button,))
            where = Address(platform="discord", channel=there.dm.id)
            pressed = await there.chat.post(where, frame, delivery_id="d1d1d1d1")
            there.fail(method, ALL[name])
            await there.sim.press(there.dm, there.ann, pressed, "Retry")
            await asyncio.wait_for(there.hit.wait(), 30)
            await told(there)
            return there.texts(there.dm).count(TOLD)

    found = await each_of(ALL, case)
    wanted = {each: 0 if each in UNTOLD[method] else 1 for each in ALL}
    assert {each: times for each, times in found.items() if times != wanted[each]} == {}


@pytest.mark.parametrize("method", ["callback", "edit_answer"])
async def test_p2_who_gives_a_command_is_told_whichever_call_goes_wrong(method):
    async def case(name: str) -> int:
        async with bench("discord") as there:
            await there.until(lambda: there.sim.world.commands)
            there.fail(method, ALL[name])
            async with asyncio.TaskGroup() as group:
                giving = group.create_task(there.sim.command(there.dm, there.ann, "help"))
                await asyncio.wait_for(there.hit.wait(), 30)
                await told(there)
                giving.cancel()
            return there.texts(there.dm).count(TOLD)

    found = await each_of(ALL, case)
    wanted = {each: 0 if each in UNTOLD[method] else 1 for each in ALL}
    assert {each: times for each, times in found.items() if times != wanted[each]} == {}


async def told(there: Bench) -> None:
    """Wait until it stands there, or is given up."""
    await there.until(lambda: TOLD in there.texts(there.dm) or there.desk.gone)


# --- single calls -------------------------------------------------------------------------------

Act = Callable[[Bench], Awaitable[object]]


async def deleted(there: Bench) -> None:
    where = Address(platform="discord", channel=there.dm.id)
    await there.chat.delete(where, there.seen(there.dm)[-1].id)


async def found(there: Bench) -> None:
    where = Address(platform="discord", channel=there.dm.id)
    await there.chat.find(where, "e" * 24, since=0)


async def read(there: Bench) -> None:
    (asked,) = (each for each in there.desk.taken.values() if isinstance(each, Message))
    await there.chat.earlier(asked, after=None)


async def is_there(there: Bench) -> None:
    await there.chat.present(brought(there), [there.ann.id])


async def left(there: Bench) -> None:
    await there.chat.leave(brought(there))


async def opened(there: Bench) -> None:
    """Change what stands in a thread that was put away: that brings it back."""
    await there.sim.archive(there.group, thread=there.sim.threads(there.group)[0].id)
    (asked,) = (each for each in there.desk.taken.values() if isinstance(each, Message))
    frame = Frame(key="n", content=Notice(text="Another text."))
    await there.chat.edit(asked.address, there.seen(there.group)[-1].id, frame)


async def handed(there: Bench) -> None:
    """Give somebody in private what they asked for in a server."""
    to = Command(
        event_id="e2",
        address=Address(platform="discord", channel=there.group.id),
        author=Author(id=there.ann.id, name="Ann"),
        name="export",
        args="",
        at=0,
        direct=False,
    )
    await there.chat.hand(to, Frame(key="n", content=Notice(text="Here it is.")))


def brought(there: Bench) -> Added:
    return Added(
        event_id="e1",
        address=Address(platform="discord", channel=there.group.id),
        author=Author(id=there.ann.id, name="Ann"),
        at=0,
        place=there.group.guild,
    )


async def fetched(there: Bench) -> object:
    (file,) = there.desk.files
    async with there.chat.fetch(file) as pieces:
        return b"".join([each async for each in pieces])


ACTS: Final[Mapping[str, tuple[str, Act]]] = {
    "delete_message": ("dm", deleted),
    "get_messages": ("dm", found),
    "get_messages of a thread": ("dm", read),
    "get_member": ("dm", is_there),
    "leave_guild": ("dm", left),
    "edit_channel": ("group", opened),
    "create_dm": ("dm", handed),
    "download": ("dm", fetched),
}


SURE: Final[Mapping[str, str]] = {
    **dict.fromkeys(ALL, "done"),  # what passes by itself is waited for or repeated at once
    **dict.fromkeys(("403 with a page", "403 Cloudflare"), "ChatAway"),
    **dict.fromkeys(
        [each for each in REFUSED if each[0] == "4" and "429" not in each], "ChatError"
    ),
    **dict.fromkeys(CLOSED, "ChatClosed"),
    "401": "ChatRefused",
}
OUT: Final = ("503 without a word", "503 overloaded", "done, and half an answer")
PAGES: Final = ("done, and a page", "done, and no answer")
READ: Final = {**SURE, **dict.fromkeys(OUT, "ChatAway"), "403 Cloudflare": "ChatAway"}
DID: Final = {**SURE, **dict.fromkeys(OUT, "ChatUnknown"), "403 Cloudflare": "ChatAway"}
CUT: Final = ("cut before it is done", "cut after it is done")
MADE: Final = {**DID, **dict.fromkeys(CUT, "ChatUnknown")}
SAID: Final[Mapping[str, Mapping[str, str]]] = {
    "delete_message": DID,
    "get_messages": {**READ, **dict.fromkeys(PAGES, "ChatAway")},  # else it would not be there
    "get_messages of a thread": READ,
    "get_member": READ,
    "leave_guild": DID,
    "edit_channel": {
        **MADE,
        **dict.fromkeys([*OUT, *CUT], "ChatAway"),
        **dict.fromkeys([each for each in ALL if "429" in each], "ChatBusy"),
    },
    "create_dm": {**MADE, **dict.fromkeys(PAGES, "ChatUnknown")},
    "download": {
        **dict.fromkeys(ALL, "FileUnread"),
        **dict.fromkeys([each for each in ALL if each[0] == "5"], "ChatAway"),
        **dict.fromkeys([each for each in ALL if "429" in each], "ChatBusy"),
        # One that is cut is asked for again at once; a page with 200 cannot be told from a file.
        **dict.fromkeys([*DOUBTFUL, "late"], "done"),
    },
}


@pytest.mark.parametrize("row", ACTS)
async def test_p11_a_call_that_goes_wrong_says_whether_it_is_worth_another_try(row):
    where, act = ACTS[row]

    async def case(name: str) -> str:
        async with bench("discord") as there:
            await there.listening()
            await there.ask(getattr(there, where), files=[("notes.txt", b"A note.")])
            await there.ended()
            there.fail(row.partition(" ")[0], ALL[name])
            try:
                await act(there)
            except (ChatError, FileUnread) as error:
                return meant(error)
            assert there.hit.is_set()
            return "done"

    came = await each_of(ALL, case)
    wrong = {each: fate for each, fate in came.items() if fate != SAID[row][each]}
    assert not wrong, "\n".join(f"{row}, {each}: {fate}" for each, fate in wrong.items())


def meant(error: Exception) -> str:
    """Say what kind of failure it is, as whoever called tells them apart."""
    kinds = (ChatBusy, ChatAway, ChatUnknown, MessageGone, ChatClosed, ChatRefused, ChatError)
    return next((each.__name__ for each in kinds if isinstance(error, each)), "FileUnread")


@pytest.mark.parametrize("method", ["get_message", "get_channel"])
async def test_p2_what_is_only_looked_up_holds_no_answer_up(method):
    async def case(name: str) -> int:
        async with bench("discord") as there:
            await there.listening()
            if method == "get_channel":  # whether a thread is there that could not be made
                there.sim.faults.plan("create_thread", no(400, "99999 Something new"))
                there.fail(method, ALL[name])
                await there.ask(there.group)
                await there.ended()
                return there.wholes(there.group)
            asked = await there.sim.say(there.group, there.ann, "Which?")
            there.fail(method, ALL[name])  # what the thread of an earlier run is to be called
            where = Address(platform="discord", channel=there.group.id, thread=asked)
            frame = Frame(key="n", content=Notice(text="End-of-it."))
            post = partial(there.chat.post, where, frame, delivery_id="f" * 24)
            await once_free(post)
            return there.wholes(there.group)

    assert await each_of(ALL, case) == dict.fromkeys(ALL, 1)
