"""Shows what becomes of Slack's other calls: at a start, for presses and commands, files and names.

The rest of the table of `test_p2_every_call.py`: what no answer is written with. Each call goes
wrong once, in every way; the answer comes once all the same; the bot is there in the end, or says
what an operator has to mend; who pressed or gave a command is told (P2, P11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest

from adapters.chat.slack import SlackChat
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
from tests.adapters.chat.slack.conftest import nobody_s_home, options
from tests.promises.every_call import (
    ANSWER,
    CODE,
    COMMON,
    DONE,
    TOLD,
    Bench,
    bench,
    each_of,
    outcome,
)
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator


def word(error: str) -> Fault:
    return Fault(kind="refuse", status=200, error=error)


TOKENS: Final = ("invalid_auth", "token_revoked", "account_inactive", "not_allowed_token_type")
CLOSED: Final = ("channel_not_found", "not_in_channel", "is_archived", "restricted_action")
WORDS: Final = ("ratelimited", "internal_error", "fatal_error", "missing_scope", "something_new")
ALL: Final[Mapping[str, Fault]] = {
    **COMMON,
    **{each: word(each) for each in (*WORDS, *TOKENS, *CLOSED)},
}


# --- while a question is answered ---------------------------------------------------------------

FILING: Final = ("files.getUploadURLExternal", "upload", "files.completeUploadExternal")


@pytest.mark.parametrize("method", ["users.info", "users.list", "reactions.add", *FILING])
async def test_p2_an_answer_stands_in_slack_once_though_a_call_beside_it_goes_wrong(method):
    answer = CODE if method in FILING else ANSWER

    async def case(name: str) -> str:
        async with bench("slack", answer=answer) as there:
            await there.listening()
            if method == "reactions.add":  # where there are no sessions
                there.sim.faults.plan("agents.sessions.setStatus", word("unknown_method"))
            if method == "users.list":  # where more speak than may be asked for one by one
                there.sim.faults.plan("users.info", *[COMMON["429"]] * 2)
            there.fail(method, ALL[name])
            await there.ask(there.group)
            await asyncio.wait_for(there.hit.wait(), 30)
            await there.ask(there.other, there.ben)
            await there.ended(2)
            assert there.wholes(there.other) == 1, "another chat goes on"
            assert all(there.desk.over.values()), "no answer was given up"
            files = ", a file" * sum(bool(each.files) for each in there.seen(there.group))
            noted = ", noted" if there.notes(there.group) else ""
            return f"{there.wholes(there.group)} of {there.begun(there.group)}{files}{noted}"

    faults = COMMON if method == "upload" else ALL
    found = await each_of(faults, case)
    assert {each: fate for each, fate in found.items() if fate != expected(method, each)} == {}


def grouped(sim: SlackSimulator, _desk: object) -> SlackChat:
    """One whose file names a user group."""
    named = replace(options(sim), groups=lambda: ["S0123"])
    return SlackChat(named, clock=SystemClock(), home=nobody_s_home)


async def test_p11_who_writes_is_heard_though_slack_does_not_say_who_is_in_a_user_group():
    async def case(name: str) -> str:
        async with bench("slack", run=False, chat=grouped) as there:
            there.sim.backend.scopes.add("usergroups:read")
            there.fail("usergroups.users.list", ALL[name])
            answered = await started(there)
            assert there.hit.is_set()
            return answered

    assert await each_of(ALL, case) == dict.fromkeys(ALL, "1 answer")


def expected(method: str, fault: str) -> str:
    """Say what people see: so many whole answers of so many begun, and the file with the rest."""
    if method not in FILING or fault in CLOSED:
        return "1 of 1"
    # A file bears no mark: one that is there is perhaps this one, and is not posted again.
    doubt = method == "files.completeUploadExternal" and fault in DONE
    return "1 of 1, a file" + (", noted" if doubt else "")


# --- a start ------------------------------------------------------------------------------------

STARTING: Final = ("auth.test", "apps.connections.open")


@pytest.mark.parametrize("method", STARTING)
async def test_p11_the_bot_hears_people_in_the_end_whichever_call_of_a_start_goes_wrong(method):
    async def case(name: str) -> str:
        async with bench("slack", run=False) as there:
            there.fail(method, ALL[name])
            return await started(there)

    token = f"platforms.slack.{'bot' if method == 'auth.test' else 'app'}_token"
    wanted = {each: token if each in (*TOKENS, "missing_scope") else "1 answer" for each in ALL}
    found = await each_of(ALL, case)
    assert {each: fate for each, fate in found.items() if not fate.startswith(wanted[each])} == {}


async def started(there: Bench) -> str:
    """Run it, as its supervisor does, until somebody is answered or it is not let in."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(outcome(tried(there)))
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


# --- presses and commands -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["chat.postEphemeral", "respond"])
async def test_p2_who_presses_or_commands_is_told_whichever_call_goes_wrong(method):
    async def case(name: str) -> int:
        async with bench("slack") as there:
            await there.listening()
            if method == "respond":  # a command has no thread
                there.fail(method, ALL[name])
                await there.sim.command(there.dm, there.ann, "moa", "help")
            else:
                root = await there.ask(there.dm)
                await there.ended()
                button = Button(action="retry", label="Retry", turn_id="t1")
                frame = Frame(key="n", content=Notice(text="Again?"), buttons=(button,))
                where = Address(platform="slack", channel=there.dm.id, thread=root)
                pressed = await there.chat.post(where, frame, delivery_id="d1d1d1d1")
                there.fail(method, ALL[name])
                await there.sim.press(there.dm, there.ann, pressed, "Retry")
            await asyncio.wait_for(there.hit.wait(), 30)
            await there.until(lambda: TOLD in there.texts(there.dm) or there.desk.gone)
            return there.texts(there.dm).count(TOLD)

    assert await each_of(ALL, case) == dict.fromkeys(ALL, 1)


# --- single calls -------------------------------------------------------------------------------

Act = Callable[[Bench], Awaitable[object]]


def asked_in(there: Bench) -> Message:
    (asked,) = (each for each in there.desk.taken.values() if isinstance(each, Message))
    return asked


async def deleted(there: Bench) -> None:
    where = Address(platform="slack", channel=there.dm.id)
    await there.chat.delete(where, there.seen(there.dm)[-1].id)


async def unfiled(there: Bench) -> None:
    where = Address(platform="slack", channel=there.dm.id)
    await there.chat.delete(where, "file/F000")


async def found(there: Bench) -> None:
    where = Address(platform="slack", channel=there.dm.id)
    await there.chat.find(where, "e" * 24, since=0)


async def found_below(there: Bench) -> None:
    asked = asked_in(there)
    await there.chat.find(asked.address, "e" * 24, since=0, reply_to=asked.reply_to)


async def read(there: Bench) -> None:
    await there.chat.earlier(asked_in(there), after=None)


async def left(there: Bench) -> None:
    added = Added(
        event_id="e1",
        address=Address(platform="slack", channel=there.group.id),
        author=Author(id=there.ann.id, name="Ann"),
        at=0,
        place=there.group.id,
    )
    await there.chat.leave(added)


async def handed(there: Bench) -> None:
    """Give somebody in private what they asked for in a channel."""
    to = Command(
        event_id="e2",
        address=Address(platform="slack", channel=there.group.id),
        author=Author(id=there.ann.id, name="Ann"),
        name="export",
        args="",
        at=0,
        direct=False,
    )
    await there.chat.hand(to, Frame(key="n", content=Notice(text="Here it is.")))


async def fetched(there: Bench) -> object:
    (file,) = there.desk.files
    async with there.chat.fetch(file) as pieces:
        return b"".join([each async for each in pieces])


async def looked_up(there: Bench) -> None:
    """Fetch a file that was shared from elsewhere: only its id is told."""
    (file,) = there.desk.files
    async with there.chat.fetch(replace(file, ref=file.ref.partition(" ")[0])):
        pass


ACTS: Final[Mapping[str, Act]] = {
    "chat.delete": deleted,
    "files.delete": unfiled,
    "conversations.history": found,
    "conversations.replies": found_below,
    "conversations.replies of a thread": read,
    "conversations.leave": left,
    "conversations.open": handed,
    "files.info": looked_up,
    "download": fetched,
}
ANSWERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(COMMON, "ChatAway"),
    **dict.fromkeys(("internal_error", "fatal_error"), "ChatAway"),
    **dict.fromkeys(("429", "429 without a time", "429 with a page", "ratelimited"), "ChatBusy"),
    **dict.fromkeys((*TOKENS, "missing_scope"), "ChatRefused"),
    **dict.fromkeys(CLOSED, "ChatClosed"),
    "something_new": "ChatError",
    "late": "done",
}
CUT: Final = ("cut before it is done", "cut after it is done")
ASKED: Final = {**ANSWERS, **dict.fromkeys(CUT, "done")}
"""What is only read, or gone for good, is asked for again at once where the connection broke."""
FOUND: Final = {**ASKED, "missing_scope": "ChatUnknown"}
FOR_GOOD: Final = ("ChatError", "ChatRefused", "ChatClosed")
SAID: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(("chat.delete", "conversations.open"), ANSWERS),
    "files.delete": {**ANSWERS, **dict.fromkeys([*DONE, "late"], "done")},
    "conversations.history": FOUND,
    "conversations.replies": FOUND,
    "files.info": {
        **{each: "FileUnread" for each in ALL if ASKED[each] in FOR_GOOD},
        **{each: ASKED[each] for each in ALL if ASKED[each] not in FOR_GOOD},
    },
    "conversations.replies of a thread": ASKED,
    "conversations.leave": {**ANSWERS, **dict.fromkeys(CLOSED, "done")},
    "download": {
        **ASKED,
        "403 with a page": "FileUnread",
        "done, and a page": "FileUnread",
        **dict.fromkeys(("done, and half an answer", "done, and no answer"), "done"),
    },
}


@pytest.mark.parametrize("row", ACTS)
async def test_p11_a_call_that_goes_wrong_says_whether_it_is_worth_another_try(row):
    async def case(name: str) -> str:
        async with bench("slack") as there:
            await there.listening()
            where = there.group if row.endswith("of a thread") else there.dm
            await there.ask(where, files=[("notes.txt", b"A note.")])
            await there.ended()
            there.fail(row.partition(" ")[0], ALL[name])
            try:
                await ACTS[row](there)
            except (ChatError, FileUnread) as error:
                return meant(error)
            assert there.hit.is_set()
            return "done"

    came = await each_of(COMMON if row == "download" else ALL, case)
    wrong = {each: fate for each, fate in came.items() if fate != SAID[row][each]}
    assert not wrong, "\n".join(f"{row}, {each}: {fate}" for each, fate in wrong.items())


def meant(error: Exception) -> str:
    """Say what kind of failure it is, as whoever called tells them apart."""
    kinds = (ChatBusy, ChatAway, ChatUnknown, MessageGone, ChatClosed, ChatRefused, ChatError)
    return next((each.__name__ for each in kinds if isinstance(error, each)), "FileUnread")


async def test_p11_the_home_of_somebody_is_shown_or_left_as_it_was():
    async def case(name: str) -> bool:
        async with bench("slack") as there:
            await there.listening()
            there.fail("views.publish", ALL[name])
            async with asyncio.TaskGroup() as group:
                opening = group.create_task(there.sim.open_home(there.ann))
                await asyncio.wait_for(there.hit.wait(), 30)
                await there.ask(there.dm)
                await there.ended()
                opening.cancel()
            return there.wholes(there.dm) == 1

    assert all((await each_of(ALL, case)).values())
