"""What becomes of files, whatever they are and whatever their platform does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.files import Shelf
from core.advice import advisory_view, view_hash
from core.attached import ALL_CHARACTERS, CHARACTERS, MOST_FILES, MOST_NAMED
from core.errors import ChatAway, ChatBusy, ChatClosed, FileUnread
from core.types import Address, Attachment, Author, Deleted, Line, Message
from gateway import config as configuration
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.clock import SystemClock
from gateway.patience import Patience, PatientStore
from gateway.privacy.files import KeptFiles
from gateway.privacy.terms import KeptFor
from gateway.turn import attachments
from gateway.turn.attachments import Attachments
from tests import samples
from tests.fakes.chat import FakeChat
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.fakes.turns import message
from tests.gateway.assembled import ANNA, TEXT, Parts, assembled
from tests.patience import PATIENCE

MB = 1024 * 1024


class Source(FakeChat):
    """Gives files by their names; `trouble` is raised first, one after the other."""

    def __init__(self, files: dict[str, bytes | Callable[[], AsyncIterator[bytes]]]) -> None:
        super().__init__(platform="fake")
        self.files = files
        self.trouble: list[Exception] = []
        self.asked: list[str] = []

    @override
    @asynccontextmanager
    async def fetch(self, file: Attachment) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append(file.name)
        if self.trouble:
            raise self.trouble.pop(0)
        found = self.files[file.name]
        yield found() if callable(found) else whole(found)


async def whole(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 65_536):
        yield data[at : at + 65_536]


def attached(*names: str, **more) -> tuple[Attachment, ...]:
    return tuple(Attachment(kind="document", name=name, ref=name, **more) for name in names)


class Desk:
    """Attachments over a store in memory and a folder."""

    def __init__(self, folder, files) -> None:
        self.store, self.chat = MemoryStore(), Source(files)
        self.shelf = Shelf(folder)
        config = configuration.parse(TEXT, "config.yaml", {})
        terms = KeptFor(Places(config, Grants(SystemClock())), self.store)
        self.kept = KeptFiles(store=self.store, shelf=self.shelf, kept=terms)
        self.files = Attachments(
            shelf=self.shelf,
            store=self.store,
            guard=self.kept.guard,
            keep=PatientStore(self.store, Patience()),
            chats={"fake": self.chat},
        )
        self.number = 0

    async def take(self, *files: Attachment) -> Line:
        self.number += 1
        said = replace(message(f"e{self.number}"), attachments=files)
        said = replace(said, address=replace(said.address, platform="fake"))
        accepted = await self.store.accept(said)
        assert accepted
        text, kept = await self.files.taken(accepted, files)
        return replace(Line.of("user", text), files=kept)

    async def shown(self, line: Line) -> Line:
        return (await self.files.shown([line]))[0]


@pytest.fixture
def desk(tmp_path):
    def made(**files) -> Desk:
        return Desk(
            tmp_path / "files", {name.replace("__", "."): data for name, data in files.items()}
        )

    return made


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(attachments, "PAUSES", (0.0, 0.0))


async def test_thousands_of_files_are_a_short_question(desk):
    here = desk(a__txt=b"words")
    line = await here.take(*attached(*["a.txt"] * 3000))
    assert len(here.chat.asked) == MOST_FILES
    said = line.text.splitlines()
    assert len(said) == MOST_NAMED + 1
    assert said[MOST_FILES] == "[attached: a.txt – not read: only the first 10 are]"
    assert said[-1] == "[attached: 2,980 more files – not read: only the first 10 are]"
    assert len(await here.shelf.digests()) == 1


async def test_voices_and_stickers_are_named_and_not_fetched(desk):
    here = desk()
    line = await here.take(
        Attachment(kind="audio", name="voice.ogg", ref="x"), Attachment(kind="sticker", name="")
    )
    assert line.text == "[attached: voice.ogg – not read]\n[attached: sticker – not read]"
    assert not here.chat.asked


async def test_what_is_said_to_be_too_large_is_not_fetched(desk):
    here = desk()
    line = await here.take(*attached("a.pdf", size=21 * MB))
    assert "not read: it is larger than 20 MB" in line.text
    assert not here.chat.asked


async def test_a_size_that_lies_is_found_out(desk):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65_536)

    here = desk(a__txt=endless)
    line = await here.take(*attached("a.txt", size=10))
    assert "not read: it is larger than 20 MB" in line.text
    assert not await here.shelf.digests()


@pytest.mark.parametrize("trouble", [ChatAway("gone"), ChatBusy("wait", retry_after=0.0)])
async def test_what_does_not_work_now_is_tried_again(desk, trouble):
    here = desk(a__txt=b"the words")
    here.chat.trouble = [trouble, trouble]
    line = await here.take(*attached("a.txt"))
    assert len(here.chat.asked) == 3
    assert "the words" in (await here.shown(line)).text


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [([ChatAway("gone")] * 3, 3), ([ChatClosed("no")], 1), ([FileUnread("it is gone")], 1)],
)
async def test_what_never_works_is_named(desk, trouble, tries):
    here = desk(a__txt=b"the words")
    here.chat.trouble = [*trouble]
    line = await here.take(*attached("a.txt"))
    assert "a.txt – not read: it " in line.text
    assert len(here.chat.asked) == tries


async def test_a_file_that_trickles_is_given_up(desk, monkeypatch):
    monkeypatch.setattr(attachments, "SECONDS", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    here = desk(slow__txt=stalled, next__txt=b"late")
    line = await here.take(*attached("slow.txt", "next.txt"))
    assert line.text.splitlines() == [
        "[attached: slow.txt – not read: it did not arrive in time]",
        "[attached: next.txt – not read: it did not arrive in time]",
    ]
    assert not [*here.shelf._folder.iterdir()]


async def test_all_files_of_a_message_share_the_room_there_is(desk):
    page = b"word " * (CHARACTERS // 5)
    here = desk(a__txt=page, b__txt=page + b"b", c__txt=b"no room is left for this")
    line = await here.take(*attached("a.txt", "b.txt", "c.txt"))
    assert "c.txt – not read: the files before it are large enough" in line.text
    shown = (await here.shown(line)).text
    assert ALL_CHARACTERS - 100 < len(shown) < ALL_CHARACTERS + 1500
    assert "first 60,000 characters are shown" in shown


async def test_the_same_line_is_shown_in_the_same_bytes(desk):
    here = desk(a__pdf=samples.pdf("one", "two"), b__png=samples.png())
    line = await here.take(*attached("a.pdf", "b.png"))
    assert await here.shown(line) == await here.shown(line)


async def test_moa_24_what_was_attached_is_part_of_the_key_of_advice(desk):
    here = desk()
    keys = set()
    for data in (samples.png(grey=1), samples.png(grey=2), b"x", b"y", samples.pdf("x")):
        here.chat.files["same"] = data
        line = await here.take(*attached("same"))
        keys.add(view_hash(advisory_view([await here.shown(line)])))
        again = await here.take(*attached("same"))
        keys.add(view_hash(advisory_view([await here.shown(again)])))
    assert len(keys) == 5


async def test_nothing_is_read_for_lines_without_files(desk):
    line = Line.of("user", "words")
    (shown,) = await desk().files.shown([line])
    assert shown is line


async def test_what_no_message_needs_is_swept_away(desk):
    here = desk(a__txt=b"a", b__txt=b"b")
    await here.take(*attached("a.txt"))
    line = await here.take(*attached("a.txt", "b.txt"))
    assert await here.kept.sweep() == 0
    await here.store.release_files(before=2**60)
    assert await here.kept.sweep() == 2
    assert not await here.shelf.digests()
    assert "no longer kept here" in (await here.shown(line)).text


@asynccontextmanager
async def fetching(tmp_path: Path, store: MemoryStore) -> AsyncIterator[tuple[Parts, Message]]:
    """Ask something whose file never comes; it is being fetched."""
    began = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        began.set()
        await asyncio.Event().wait()
        yield b""

    chat = Source({"a.txt": stalled})
    text = f"{TEXT}\ndata_dir: {tmp_path}/data\n"
    async with assembled(store, ScriptedModel(), chat=chat, text=text) as parts:
        said = Message(
            event_id="said",
            address=Address(platform="fake", channel="room"),
            author=ANNA,
            text="Read it",
            at=1_000,
            attachments=attached("a.txt"),
        )
        await parts.gateway.intake(said)
        await began.wait()
        yield parts, said


async def test_a_stop_while_files_are_fetched_ends_the_turn_at_once(tmp_path):
    store = MemoryStore()
    async with fetching(tmp_path, store) as (parts, said):
        await parts.press("stop", "")
        async with asyncio.timeout(PATIENCE):
            await parts.idle()
        (turn,) = await store.turns(said.address.session)
        assert turn.end
        assert turn.end.ending == "stopped"
        assert "a.txt – not read: the turn was stopped" in turn.start.question.text


async def test_a_question_that_is_deleted_while_its_files_are_fetched_leaves_the_store(tmp_path):
    store = MemoryStore()
    async with fetching(tmp_path, store) as (parts, said):
        await parts.gateway.intake(
            Deleted(
                event_id="gone",
                address=said.address,
                author=Author(id="", name=""),
                of=said.event_id,
                at=2_000,
            )
        )
        async with asyncio.timeout(PATIENCE):
            await parts.idle()
        assert "Read it" not in str(vars(store))
        assert await store.turns(said.address.session) == []
        assert await store.waiting() == []
