"""Shows what becomes of Telegram's other calls: at a start, for a press, for files and groups.

The rest of the table of `test_p2_every_call_telegram.py`: what no answer is written with. Each
call goes wrong once, in every way; the bot is there in the end, or says what an operator has to
mend; who pressed or gave a command is told; what can be done later is said to be so (P2, P11).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import pytest
from aiohttp import web

from adapters.chat.telegram import TelegramChat, TelegramOptions, Webhook
from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatRefused, FileUnread
from core.frames import Button, Frame, Notice
from core.types import Added, Address, Author
from gateway.clock import SystemClock
from tests.promises.every_call import COMMON, DONE, DOUBTFUL, TOLD, Bench, bench, each_of, outcome
from tests.promises.test_p2_every_call_telegram import CLOSED, REFUSED
from tests.simulators.telegram import TelegramSimulator

ALL: Final = {**COMMON, **REFUSED, **CLOSED}
NAMED: Final = "platforms.telegram.token: Telegram does not accept this token"


# --- a start ------------------------------------------------------------------------------------

STARTING: Final[Mapping[str, frozenset[str]]] = {
    "getMe": frozenset({"401", "404"}),
    "deleteWebhook": frozenset({"401"}),
    "getUpdates": frozenset({"401"}),
    "getMyCommands": frozenset(),
    "setMyCommands": frozenset(),
}
"""What is called until people are heard, and after which faults the bot is not let in."""


@pytest.mark.parametrize("method", STARTING)
async def test_p11_the_bot_hears_people_in_the_end_whichever_call_of_a_start_goes_wrong(method):
    async def case(name: str) -> str:
        async with bench("telegram", run=False) as there:
            there.fail(method, ALL[name])
            return await started(there)

    found = await each_of(ALL, case)
    wanted = {each: NAMED if each in STARTING[method] else "1 answer" for each in ALL}
    assert {each: text.partition(";")[0] for each, text in found.items()} == wanted


async def started(there: Bench) -> str:
    """Run it until somebody is answered, or until it says why it does not go on."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(outcome(there.chat.run(there.desk)))
        hit = group.create_task(there.hit.wait())
        await asyncio.wait([running, hit], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        asked = await there.ask(there.dm)
        ended = group.create_task(there.ended())
        await asyncio.wait([running, ended], return_when=asyncio.FIRST_COMPLETED)
        assert asked
        if running.done():
            ended.cancel()
            assert isinstance(running.result(), ChatRefused)
            return str(running.result())
        running.cancel()
    return f"{there.wholes(there.dm)} answer"


HOOKED: Final[Mapping[str, str]] = {
    **dict.fromkeys(ALL, "1 answer"),
    **dict.fromkeys((*CLOSED, *REFUSED), "platforms.telegram.public_url"),
    **dict.fromkeys(("401", "404"), NAMED),
    **dict.fromkeys(("409", "403 blocked", "403 kicked", "403 not a member"), "1 answer"),
}


async def test_p11_a_webhook_is_set_in_the_end_or_it_is_said_what_to_mend():
    async def case(name: str) -> str:
        async with hooked() as there:
            there.fail("setWebhook", ALL[name])
            return await started(there)

    found = await each_of(ALL, case)
    wrong = {each: text for each, text in found.items() if not text.startswith(HOOKED[each])}
    assert not wrong


@asynccontextmanager
async def hooked() -> AsyncIterator[Bench]:
    """The small program, which Telegram posts to."""
    app = web.Application()
    runner = web.AppRunner(app)
    chats: list[Any] = []
    path = "/telegram/webhook"

    async def answer(request: web.Request) -> web.StreamResponse:
        answered: web.StreamResponse = await chats[0].hooks[path](request)
        return answered

    app.router.add_post(path, answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    try:
        async with bench("telegram", run=False, chat=partial(listener, url)) as there:
            chats.append(there.chat)
            yield there
    finally:
        await runner.cleanup()


def listener(url: str, sim: TelegramSimulator, _desk: object) -> TelegramChat:
    options = TelegramOptions(
        platform="telegram",
        token=sim.token,
        base_url=sim.base_url,
        base_file_url=sim.base_file_url,
        webhook=Webhook(url=url, secret="s3cret-word_"),
    )
    return TelegramChat(options, clock=SystemClock())


# --- a press ------------------------------------------------------------------------------------


async def test_p2_who_presses_is_told_whatever_becomes_of_the_answer_to_the_press():
    async def case(name: str) -> int:
        async with bench("telegram") as there:
            await there.listening()
            await there.sim.say(there.dm, there.ann, "/help")  # so that the bot may write there
            await there.until(lambda: TOLD in there.texts(there.dm))
            button = Button(action="retry", label="Retry", turn_id="t1")
            frame = Frame(key="n", content=Notice(text="Again?"), buttons=(button,))
            where = Address(platform="telegram", channel=there.dm.id)
            pressed = await there.chat.post(where, frame, delivery_id="d")
            there.fail("answerCallbackQuery", ALL[name])
            async with asyncio.TaskGroup() as group:
                press = there.sim.press(there.dm, there.ann, pressed, "Retry")
                pressing = group.create_task(press)  # it may never be answered
                await there.until(
                    lambda: toasts(there) or there.texts(there.dm).count(TOLD) > 1,
                )
                pressing.cancel()
            return toasts(there) + there.texts(there.dm).count(TOLD) - 1

    found = await each_of(ALL, case)
    # What was done, and not known to be, is said once more where it stays.
    assert all(times == 1 or (times == 2 and each in DONE) for each, times in found.items()), found


def toasts(there: Bench) -> int:
    """How often the presser alone was told."""
    return sum(each.text == TOLD for each in there.sim.account.presses.values())


# --- single calls -------------------------------------------------------------------------------

MEANS: Final[Mapping[str, type[Exception] | None]] = {
    **dict.fromkeys(COMMON, ChatAway),
    **dict.fromkeys(("429", "429 without a time", "429 with a page"), ChatBusy),
    **dict.fromkeys(REFUSED, ChatError),
    **dict.fromkeys(CLOSED, ChatClosed),
    "late": None,
}
"""What a call that failed is said to be: whoever made it makes it again, or does without."""

LOCKED: Final = ("409", "403 blocked", "403 kicked", "403 not a member")
Act = Callable[[Bench], Awaitable[object]]


async def deleted(there: Bench) -> None:
    where = Address(platform="telegram", channel=there.dm.id)
    await there.chat.delete(where, there.seen(there.dm)[-1].id)


async def is_there(there: Bench) -> object:
    return await there.chat.present(brought(there), [there.ann.id])


async def left(there: Bench) -> None:
    await there.chat.leave(brought(there))


def brought(there: Bench) -> Added:
    return Added(
        event_id="e1",
        address=Address(platform="telegram", channel=there.group.id),
        author=Author(id=there.ann.id, name="Ann"),
        at=0,
        place=there.group.id,
    )


async def fetched(there: Bench) -> object:
    (file,) = there.desk.files
    async with there.chat.fetch(file) as pieces:
        return b"".join([each async for each in pieces])


ACTS: Final[Mapping[str, Act]] = {
    "deleteMessage": deleted,
    "getChatMember": is_there,
    "leaveChat": left,
    "getFile": fetched,
    "download": fetched,
}
DROPPED: Final = [each for each in (*REFUSED, *CLOSED) if each.startswith("4")]
OTHERWISE: Final[Mapping[str, Mapping[str, type[Exception] | None]]] = {
    "deleteMessage": {},
    # Who cannot be found there is not there.
    "getChatMember": dict.fromkeys([each for each in DROPPED if each not in LOCKED], None),
    "leaveChat": dict.fromkeys([each for each in CLOSED if each.startswith("403")], None),
    "getFile": dict.fromkeys([each for each in DROPPED if each not in LOCKED], FileUnread)
    | dict.fromkeys(("401", "404"), ChatError),
    # One that is cut is asked for again at once; a page with 200 cannot be told from a file.
    "download": dict.fromkeys(DROPPED, FileUnread)
    | {"403 with a page": FileUnread}
    | dict.fromkeys(DOUBTFUL, None),
}


@pytest.mark.parametrize("method", ACTS)
async def test_p11_a_call_that_goes_wrong_says_whether_it_is_worth_another_try(method):
    async def case(name: str) -> type[Exception] | None:
        async with bench("telegram") as there:
            await there.listening()
            await there.ask(there.dm, files=[("notes.txt", b"A note.")])
            await there.ended()
            there.fail(method, ALL[name])
            try:
                await ACTS[method](there)
            except (ChatError, FileUnread) as error:
                return type(error)
            assert there.hit.is_set()
            return None

    found = await each_of(ALL, case)
    wanted = {**MEANS, **OTHERWISE[method]}
    assert {each: error for each, error in found.items() if error is not wanted[each]} == {}
