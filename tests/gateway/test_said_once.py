"""What the program says of its own accord stands in a chat once, over all of its runs."""

from __future__ import annotations

from core.errors import ChatAway, ChatBusy, ChatUnknown
from core.frames import Frame, Notice
from core.records import Accepted
from core.types import Address, Author, Message
from gateway.delivery.posts import once
from gateway.patience import Patience, PatientStore
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore

ADDRESS = Address(platform="fake", channel="1")
SAID = Message(
    event_id="1", address=ADDRESS, author=Author(id="7", name="Ann"), text="Hello?", at=5
)
FRAME = Frame(key="notice", content=Notice(text="It was put aside."), final=True)


async def test_what_was_perhaps_posted_is_not_posted_again_because_the_chat_cannot_be_asked():
    """The next run is told so, too, and only then is it looked for."""
    chat, keep = FakeChat(tells=True), PatientStore(MemoryStore(), Patience())
    to = Accepted(seq=1, session=ADDRESS.session, incoming=SAID)

    async def said() -> bool:
        return await once(keep, {"fake": chat}, to, FRAME, name="letter/1")

    chat.fail("1", ChatUnknown("no answer"))  # it stands in the chat nevertheless
    assert not await said()
    chat.deaf.append(ChatAway("not reachable"))
    assert not await said()
    assert await said()
    assert [each.op for each in chat.log] == ["post"]


def test_what_waited_for_too_long_and_was_not_posted_is_posted_by_the_next_run():
    """It was noted as perhaps posted, and taken for said where the platform cannot tell."""
    chat = FakeChat()

    async def said_twice() -> list[bool]:
        keep = PatientStore(MemoryStore(), Patience())
        to = Accepted(seq=1, session=ADDRESS.session, incoming=SAID)
        chat.fail("1", ChatBusy("429", retry_after=3600))
        return [await once(keep, {"fake": chat}, to, FRAME, name="letter/1") for _ in range(2)]

    assert run_virtual(said_twice()) == [False, True]
    assert chat.texts() == ["It was put aside."]
