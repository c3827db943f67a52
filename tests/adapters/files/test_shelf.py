"""Files on disk: whole or not at all, each once, for their owner alone."""

import asyncio
import os
import stat
from hashlib import sha256

import pytest

from adapters.files import Shelf
from adapters.files.pdf import read_pdf
from core.attached import CHARACTERS
from core.errors import FileUnread
from tests import samples

MB = 1024 * 1024


async def pieces(*data: bytes):
    for each in data:
        yield each


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
def shelf(folder):
    return Shelf(folder)


async def kept(shelf, *data: bytes):
    received = await shelf.receive(pieces(*data), most=MB)
    await shelf.keep(received)
    return received


async def test_the_same_bytes_stand_there_once_and_for_their_owner_alone(shelf, folder):
    one = await kept(shelf, b"some ", b"words")
    two = await kept(shelf, b"some words")
    assert one.digest == two.digest == sha256(b"some words").hexdigest()
    assert (one.size, await shelf.read(one.digest)) == (10, b"some words")
    assert [each.name for each in folder.iterdir()] == [one.digest]
    assert stat.S_IMODE((folder / one.digest).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_an_endless_file_is_cut_off_and_nothing_of_it_stays(shelf, folder):
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)

    with pytest.raises(FileUnread, match="larger than 1 MB"):
        await shelf.receive(endless(), most=MB)
    assert sent <= MB + 2 * 65_536
    assert not [*folder.iterdir()]


async def test_a_connection_that_breaks_leaves_nothing(shelf, folder):
    async def broken():
        yield b"half"
        raise FileUnread("it could not be fetched")

    with pytest.raises(FileUnread, match="could not be fetched"):
        await shelf.receive(broken(), most=MB)
    assert not [*folder.iterdir()]


async def test_a_cancelled_download_leaves_nothing(shelf, folder):
    began = asyncio.Event()

    async def stalled():
        yield b"half"
        began.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(shelf.receive(stalled(), most=MB))
        await began.wait()
        task.cancel()
    assert not [*folder.iterdir()]


async def test_what_a_killed_run_left_half_is_tidied_up_and_what_is_kept_stays(shelf, folder):
    whole = await kept(shelf, b"whole")
    await shelf.receive(pieces(b"half"), most=MB)
    await shelf.tidy(starting=True)
    assert [each.name for each in folder.iterdir()] == [whole.digest]


async def test_no_link_is_followed_and_no_path_is_taken(shelf, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    folder.mkdir()
    digest = sha256(b"canary").hexdigest()
    (folder / digest).symlink_to(secret)
    assert await shelf.read(digest) is None
    for name in ("../secret", str(secret), "", "a" * 63, f"{digest}\n"):
        assert await shelf.read(name) is None
    await shelf.remove(["../secret"])
    assert secret.exists()


async def test_a_link_in_a_files_place_is_replaced_never_written_through(shelf, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    folder.mkdir()
    (folder / sha256(b"new").hexdigest()).symlink_to(secret)
    received = await kept(shelf, b"new")
    assert await shelf.read(received.digest) == b"new"
    assert secret.read_text() == "canary"


async def test_what_is_removed_is_gone(shelf, folder):
    one, two = await kept(shelf, b"one"), await kept(shelf, b"two")
    await shelf.remove([one.digest, one.digest])
    assert await shelf.digests() == {two.digest}
    assert await shelf.read(one.digest) is None


async def test_a_full_disk_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileUnread, match="could not be kept"):
        await Shelf(tmp_path / "file" / "files").receive(pieces(b"x"), most=MB)


async def test_what_is_sent_before_its_message_waits_until_it_is_kept(shelf, folder):
    received = await shelf.receive(pieces(b"a" * 300_000), most=MB)
    await shelf.park(received)
    assert await shelf.digests() == frozenset()
    await shelf.tidy(starting=True)
    again = await shelf.receive(shelf.pieces(received.digest), most=MB)
    assert again.digest == received.digest
    await shelf.keep(again)
    assert [each.name for each in folder.iterdir()] == [received.digest]
    assert b"".join([each async for each in shelf.pieces(received.digest)]) == b"a" * 300_000


async def test_what_waits_in_vain_goes_after_a_day(shelf, folder):
    received = await shelf.receive(pieces(b"x"), most=MB)
    await shelf.park(received)
    (waiting,) = folder.iterdir()
    os.utime(waiting, (0, 0))
    await shelf.tidy(starting=False)
    assert not [*folder.iterdir()]
    for digest in (received.digest, "../x"):
        with pytest.raises(FileUnread, match="no longer there"):
            assert [each async for each in shelf.pieces(digest)]


# --- PDFs -------------------------------------------------------------------------------------


async def text_of(shelf, data: bytes):
    return await shelf.pdf(await shelf.receive(pieces(data), most=20 * MB))


async def test_the_text_of_every_page_is_read(shelf):
    found = await text_of(shelf, samples.pdf("Hello there", "General remarks"))
    assert found.text == "— page 1 —\nHello there\n\n— page 2 —\nGeneral remarks"
    assert (found.pages, found.read, found.cut) == (2, 2, False)


async def test_a_long_pdf_is_cut_and_says_so(shelf):
    words = "word " * 2000
    found = await text_of(shelf, samples.pdf(*[words] * 20))
    assert found.cut
    assert len(found.text) == CHARACTERS
    assert found.read < found.pages == 20


async def test_more_pages_than_are_read(shelf):
    found = await text_of(shelf, samples.pdf(*["x"] * 230))
    assert (found.pages, found.read, found.cut) == (230, 200, True)


async def test_a_pdf_of_nearly_twenty_megabytes_is_read(shelf):
    found = await text_of(shelf, samples.pdf("a large one", filler=19 * MB))
    assert found.text == "a large one"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (samples.encrypted_pdf("hidden"), "it is encrypted"),
        (samples.pdf("x")[:70], "no PDF that can be opened"),
        (b"%PDF-1.7 and then nonsense", "no PDF that can be opened"),
        (samples.pdf("", ""), "pictures and no text"),
    ],
)
async def test_a_pdf_that_cannot_be_read_says_why(shelf, data, why):
    with pytest.raises(FileUnread, match=why):
        await text_of(shelf, data)


async def test_a_pdf_that_unfolds_without_end_is_ended_and_the_loop_goes_on(tmp_path):
    path = tmp_path / "bomb.pdf"
    path.write_bytes(samples.pdf_bomb(60 * MB))
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        with pytest.raises(FileUnread, match="too much time or memory"):
            await read_pdf(path, characters=1000, seconds=2)
        ticking.cancel()
    assert ticks > 3  # of two hundred, on a machine that is busy with other things
