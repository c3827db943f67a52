"""Backups: made while it runs, read again, put back by what the page and the messages say."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import signal
import sys
import tarfile
from pathlib import Path
from shlex import quote

import pytest

from adapters.store import archive, check
from core.errors import StoreDamaged, StoreError
from tests.gateway.assembled import TEXT
from tests.gateway.harness import completed, process_gateway, refused_gateway
from tests.gateway.page import Page, answered
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "backups.md"
PROGRAM = Path(sys.executable).with_name("moa-gateway")


def commands(heading: str) -> str:
    """Give the commands of a section of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1]
    found = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


async def shell(text: str, folder: Path) -> tuple[int, str, str]:
    """Run commands as an operator types them, in the folder of config.yaml."""
    child = await asyncio.create_subprocess_shell(
        text,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
    )
    out, err = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode(), err.decode()


async def backup(folder: Path, *arguments: str) -> tuple[int, str, str]:
    return await shell(" ".join(("moa-gateway backup", *map(quote, arguments))), folder)


def flip(file: Path) -> None:
    """Let bytes in the middle of each page be others."""
    data = bytearray(file.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 64] = b"\xa5" * 64
    file.write_bytes(data)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run it once, ask with a file, and back it up while it runs."""
    folder: Path = tmp_path_factory.mktemp("once")
    asyncio.run(fill(folder))
    return folder


@pytest.fixture
def made(once: Path, tmp_path: Path) -> Path:
    """Have all of that in a folder of one's own; give the backup."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.yaml").write_text(completed(TEXT, tmp_path), encoding="utf-8")
    (found,) = (tmp_path / "data" / "backups").iterdir()
    return found


async def fill(folder: Path) -> None:
    async with process_gateway(TEXT, folder) as process, Page.of(process) as page:
        await page.say("What is in it?", files=[("list.txt", b"bread, milk")])
        await page.until(answered(1))
        code, told, wrong = await backup(folder)
        assert code == 0, wrong
        await page.say("And now?")  # what comes later is not in it
        await page.until(answered(2))
    assert "1 file of questions" in told
    (made,) = (folder / "data" / "backups").iterdir()
    assert str(made) in told
    assert made.stat().st_mode & 0o077 == 0


async def asked(folder: Path) -> list[str]:
    """Start it and give the questions that it knows; the file is there, too."""
    async with process_gateway(TEXT, folder) as process, Page.of(process) as page:
        view = await page.look()
    assert len(list((folder / "data" / "files").iterdir())) == 1
    return [each["question"] for each in view["turns"]]


async def test_a_backup_of_a_gateway_that_runs_is_put_back_by_what_the_page_says(tmp_path, made):
    shutil.rmtree(tmp_path / "data" / "files")
    typed = commands("Go back to a backup").replace("moa-gateway-20261128T184500Z.tar", made.name)
    assert await shell(f"set -e\n{typed}", tmp_path) == (0, "", "")
    (question,) = await asked(tmp_path)
    assert question.startswith("What is in it?")


async def test_a_start_on_a_broken_file_says_what_to_type_and_that_works(tmp_path, made):
    data = tmp_path / "data" / "moa-gateway.db"
    flip(data)
    broken = data.read_bytes()
    code, told = await refused_gateway(TEXT, tmp_path)
    assert code == 2
    assert f"The newest copy is {made}" in told
    assert data.read_bytes() == broken
    typed = re.search(r"To go on with it: (.*?) Then start again", told)
    assert typed is not None
    assert await shell(typed[1], tmp_path) == (0, "", "")
    assert len(await asked(tmp_path)) == 1
    assert (tmp_path / "data" / "damaged" / data.name).read_bytes() == broken


async def test_a_backup_of_a_gateway_that_is_stopped_overwrites_nothing(tmp_path, made):
    assert (await backup(tmp_path, "mine.tar"))[0] == 0
    before = (tmp_path / "mine.tar").read_bytes()
    code, _, wrong = await backup(tmp_path, "mine.tar")
    assert (code, before) == (2, (tmp_path / "mine.tar").read_bytes())
    assert "nothing is overwritten" in wrong
    code, told, _ = await backup(tmp_path, "--check", "mine.tar")
    assert (code, "mine.tar is whole" in told) == (0, True)


def test_a_backup_goes_to_a_stick_that_knows_no_second_names(tmp_path, made, monkeypatch):
    """As FAT and many shares do: there the kernel refuses links."""

    def refuses(*_names, **_how):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuses)
    data, stick = tmp_path / "data" / "moa-gateway.db", tmp_path / "stick" / "mine.tar"
    written = archive(data, stick)
    assert check(stick, name=data.name) == written
    with pytest.raises(StoreError, match="nothing is overwritten"):
        archive(data, stick)
    assert [each.name for each in stick.parent.iterdir()] == ["mine.tar"]


async def test_a_backup_that_is_broken_is_found_out(tmp_path, made):
    whole = made.read_bytes()
    for wrong in (whole[: len(whole) // 2], whole.replace(b"bread, milk", b"bread, MILK"), b"no"):
        made.write_bytes(wrong)
        with pytest.raises(StoreDamaged, match=r"is broken|no whole backup"):
            check(made, name="moa-gateway.db")
    made.write_bytes(whole)
    flip(made)
    code, _, told = await backup(tmp_path, "--check", str(made))
    assert (code, "Traceback" in told) == (2, False), told


async def test_a_backup_that_does_not_fit_leaves_nothing_behind(tmp_path, made, monkeypatch):
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # it writes a file, too
    before = sorted(tmp_path.iterdir())
    code, _, told = await shell("ulimit -f 100; moa-gateway backup mine.tar", tmp_path)
    assert (code, "Traceback" in told) == (2, False), told
    assert "No backup was made" in told
    assert sorted(tmp_path.iterdir()) == before


async def test_a_backup_that_is_killed_is_never_taken_for_one(tmp_path, made):
    made.unlink()
    child = await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "backup", "--config", str(tmp_path / "config.yaml")), cwd=tmp_path
    )
    folder = tmp_path / "data" / "backups"
    async with asyncio.timeout(PATIENCE):
        while not folder.is_dir() or not any(folder.iterdir()):  # noqa: ASYNC110 - another's file
            await asyncio.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    for each in folder.glob("*.tar"):  # it was done before it was killed: then it is whole
        assert (await backup(tmp_path, "--check", str(each)))[0] == 0
    assert (await backup(tmp_path))[0] == 0


async def test_what_was_never_kept_cannot_be_backed_up(tmp_path):
    (tmp_path / "config.yaml").write_text(completed(TEXT, tmp_path))
    code, _, told = await backup(tmp_path)
    assert (code, "Traceback" in told) == (2, False), told


def test_a_backup_holds_what_it_says_and_no_settings(made):
    with tarfile.open(made) as tar:
        names = [each.name.split("/")[0] for each in tar]
    assert set(names) <= {"moa-gateway.db", "files", "tools"}
