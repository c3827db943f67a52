"""A tar that somebody hands over as a backup: `check` says what it is, and reaches nothing.

Whatever it declares, no more is read or written than the file itself holds.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import tarfile
from collections.abc import Callable, Iterator

import pytest

from adapters.store import archive, check, open_sqlite
from core.errors import StoreDamaged, StoreError

NAME = "moa-gateway.db"
HUGE = 1 << 40


def member(name: str, kind: bytes = tarfile.REGTYPE, *, link: str = "", size: int = 0) -> bytes:
    """Make one entry of a tar, with as much behind it as fits; `size` is what it declares."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info.tobuf(format=tarfile.GNU_FORMAT)


def of(*parts: bytes) -> bytes:
    return b"".join(parts) + bytes(1024)


def sparse() -> bytes:
    """Declare a terabyte of which nothing is there, as GNU tar does."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(NAME)
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.map": f"{HUGE},0",
            "GNU.sparse.size": str(HUGE),
        }
        tar.addfile(info)
    return made.getvalue()


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(of(member(NAME, size=64 << 20), bytes(64 << 20)))


FOREIGN: dict[str, Callable[[], bytes]] = {
    "a path upwards": lambda: of(member("../evil", size=0), member(NAME)),
    "a path upwards, inside": lambda: of(member("files/../../evil"), member(NAME)),
    "a whole path": lambda: of(member("/tmp/evil"), member(NAME)),
    "a link": lambda: of(member(NAME, tarfile.SYMTYPE, link="/etc/passwd")),
    "a link to itself": lambda: of(member(NAME, tarfile.SYMTYPE, link=NAME)),
    "a hard link": lambda: of(member("files", tarfile.LNKTYPE, link="../../etc/passwd")),
    "a device": lambda: of(member(NAME, tarfile.CHRTYPE)),
    "a pipe": lambda: of(member(NAME, tarfile.FIFOTYPE)),
    "a size that is not there": lambda: of(member(NAME, size=HUGE), b"SQLite"),
    "holes": sparse,
    "packed by gzip": lambda: bomb(gzip.compress),
    "packed by bzip2": lambda: bomb(bz2.compress),
    "packed by xz": lambda: bomb(lzma.compress),
    "of something else": lambda: of(member("holiday.jpg", size=512), bytes(512)),
    "nothing at all": lambda: b"",
    "only an end": of,
    "another database": lambda: of(member(NAME, size=512), b"not SQLite".ljust(512)),
}


@pytest.fixture
def no_file_over_a_megabyte() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_tar_is_named_and_nothing_is_written(
    make, tmp_path, monkeypatch, no_file_over_a_megabyte
):
    file, scratch = tmp_path / "given.tar", tmp_path / "scratch"
    file.write_bytes(make())
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with pytest.raises(StoreDamaged, match=r"backup|database"):
        check(file, name=NAME)
    assert list(scratch.iterdir()) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["given.tar", "scratch"]


async def test_a_backup_that_is_cut_anywhere_is_found_out(tmp_path):
    data = tmp_path / NAME
    await (await open_sqlite(data)).close()
    whole = tmp_path / "whole.tar"
    archive(data, whole)
    content = whole.read_bytes()
    cut = tmp_path / "cut.tar"
    end = len(content.rstrip(b"\0"))
    for length in range(0, end, max(1, end // 40)):
        cut.write_bytes(content[:length])
        with pytest.raises(StoreError):
            check(cut, name=NAME)
    assert check(whole, name=NAME).files == 0
