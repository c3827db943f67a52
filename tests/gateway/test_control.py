"""The command line asks the process that owns the data, and nobody else can."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from core.errors import StoreError
from gateway.control import NAME, Control, ask
from tests.patience import PATIENCE

DEEP = b'{"do":' + b"[" * 50_000


async def double(wanted):
    return {"twice": 2 * int(wanted["number"])}


async def refuse(_wanted):
    raise StoreError("The disk is full.")


async def fail(_wanted):
    raise PermissionError("The traces cannot be read.")


@asynccontextmanager
async def listening(folder):
    async with asyncio.TaskGroup() as group:
        asked = {"double": double, "refuse": refuse, "fail": fail}
        task = group.create_task(Control(folder, asked).run())
        async with asyncio.timeout(PATIENCE):
            while not (folder / NAME).exists():  # noqa: ASYNC110 - nobody sets an event for it
                await asyncio.sleep(0.01)
        yield
        task.cancel()


async def connected(folder, do, **wanted):
    """Ask; it may be bound and not listen yet."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await ask(folder, do, **wanted)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("deep", [1, 12])
async def test_what_is_asked_for_is_done_however_long_the_path_is(tmp_path, deep):
    folder = tmp_path.joinpath(*["a-folder-in-a-folder"] * deep)
    folder.mkdir(parents=True)
    async with listening(folder):
        assert await connected(folder, "double", number="21") == {"twice": 42}
        assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert not (folder / NAME).exists()


async def test_what_could_not_be_done_is_told_in_its_own_words(tmp_path):
    async with listening(tmp_path):
        with pytest.raises(StoreError, match="The disk is full"):
            await connected(tmp_path, "refuse")
        with pytest.raises(StoreError, match="another version"):
            await connected(tmp_path, "unheard-of")
        with pytest.raises(StoreError, match="another version"):
            await connected(tmp_path, "double", of="what it does not know")
        with pytest.raises(StoreError, match="cannot be read"):
            await connected(tmp_path, "fail")
        assert await connected(tmp_path, "double", number="1") == {"twice": 2}


async def test_noise_does_not_disturb_it(tmp_path):
    async with listening(tmp_path):
        await connected(tmp_path, "double", number="1")
        for noise in (b"", b"\xff\xfe\n", b"x" * 200_000, b"[]\n", DEEP + b"\n"):
            _, writer = await asyncio.open_unix_connection(tmp_path / NAME)
            writer.write(noise)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        assert await connected(tmp_path, "double", number="2") == {"twice": 4}


async def test_an_answer_that_is_nested_too_deeply_is_none(tmp_path):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(DEEP)
        writer.close()

    async with await asyncio.start_unix_server(answer, tmp_path / NAME):
        with pytest.raises(StoreError, match="gave no answer"):
            await ask(tmp_path, "double", number="1")


async def test_where_nobody_listens_the_asker_hears_it_at_once(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await ask(tmp_path, "double", number="1")


async def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path):
    (tmp_path / NAME).write_text("left over")
    async with listening(tmp_path):
        assert await connected(tmp_path, "double", number="3") == {"twice": 6}
