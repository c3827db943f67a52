"""Backups: everything that is kept, in one tar file that `tar -xf` puts back (ADR 0048).

Decides what belongs to one, and that it stands there whole or not at all. Never overwrites a file,
and never counts a backup as made that it has not read again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from adapters.store.calling_off import CalledOff, go_on, never
from adapters.store.sqlite_file import backup, inspect
from core.crashpoints import crashpoint
from core.errors import StoreDamaged, StoreError, StoreFull
from core.ports.remains import Contents

FILES: Final = "files"
FOLDERS: Final = ("tools",)
"""Small folders that go along as they are: what owners have approved of tool servers."""
_DIGEST: Final = re.compile(rf"{FILES}/([0-9a-f]{{64}})")
_PIECE: Final = 256 * 1024
_LINKS_NOTHING: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
"""What a stick or a share says that can give no file a second name."""


def archive(path: Path, target: Path, called_off: CalledOff = never) -> Contents:
    """Write the data at `path`, with what lies beside it, to a new file; a gateway may be running.

    Called off, it leaves nothing.

    Raises:
        StoreError: there is a file already, or no room, or the data cannot be read.
    """
    if target.exists():
        raise StoreError(f"There is a file at {target} already: nothing is overwritten.")
    with _failing(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = f"{target.name}.unfinished-"
        _clear(target.parent, unfinished)
        with (
            TemporaryDirectory(prefix=unfinished, dir=target.parent) as name,
            _held(folder := Path(name)),
        ):
            written = _written(path, folder, called_off)
            contents = check(written, name=path.name, called_off=called_off, room=folder)
            _stands(written, target)
    return contents


def check(
    file: Path, *, name: str, called_off: CalledOff = never, room: Path | None = None
) -> Contents:
    """Read a backup again, all of it; `name` is that of the database in it.

    Its database is laid down for that in the folder `room`, else where the system has its own.

    Raises:
        StoreDamaged: it is none, or a broken one. StoreNewer: a newer version wrote it.
        StoreError: it cannot be read.
    """
    try:
        # Never packed: what is read of it is as long as the file itself.
        with tarfile.open(file, mode="r:") as tar, TemporaryDirectory(dir=room) as folder:
            found = {digest for each in tar if (digest := _digest(tar, each, called_off))}
            data = Path(folder) / name
            _take_out(tar, name, data)
            version, wanted = inspect(data, called_off)
        size = file.stat().st_size
    except (tarfile.TarError, KeyError, EOFError, UnicodeError) as error:
        raise StoreDamaged(f"{file} is no whole backup ({error}).") from error
    except OSError as error:
        raise StoreError(f"{file} cannot be read ({error.strerror or error}).") from error
    return Contents(version=version, files=len(found), missing=len(wanted - found), size=size)


def _clear(folder: Path, prefix: str) -> None:
    """Take away what backups have left that were killed; one that is still made holds its own."""
    for each in folder.iterdir():
        if each.name.startswith(prefix) and each.is_dir() and not each.is_symlink():
            with _held(each) as ours:
                if ours:
                    shutil.rmtree(each, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder until the process ends or goes on; say whether nobody else does."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        held = False
        with suppress(OSError):  # another has it, or the file system knows no locks
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        yield held
    finally:
        os.close(opened)


def _written(path: Path, folder: Path, called_off: CalledOff) -> Path:
    """Write a backup into a folder of its own."""
    copy, written = folder / path.name, folder / "backup.tar"
    backup(path, copy, called_off)
    _, digests = inspect(copy, called_off)
    owner = path.stat()

    def of_the_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid, member.gid, member.uname, member.gname = owner.st_uid, owner.st_gid, "", ""
        return member

    with (
        os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        tar.add(copy, path.name, filter=of_the_owner)
        copy.unlink()
        crashpoint("backup.halfway")
        for digest in sorted(digests):
            go_on(called_off)
            source = path.parent / FILES / digest
            if source.is_file():
                tar.add(source, f"{FILES}/{digest}", filter=of_the_owner)
        for each in FOLDERS:
            if (path.parent / each).is_dir():
                tar.add(path.parent / each, each, filter=of_the_owner)
    return written


def _stands(written: Path, target: Path) -> None:
    """Give it its name, whole and at once, unless somebody has taken that; durable on return."""
    _sync(written)
    crashpoint("backup.unnamed")
    try:
        target.hardlink_to(written)
    except OSError as error:
        if error.errno not in _LINKS_NOTHING:
            raise
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # ours from here on
        written.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo, called_off: CalledOff) -> str | None:
    """Give the hash of a file that came with a question; None if it is none.

    Raises:
        StoreDamaged: it is not what its name says.
    """
    _require_ours(member)
    named = _DIGEST.fullmatch(member.name)
    source = tar.extractfile(member) if member.isreg() else None
    if source is None:
        return None
    counted = sha256()
    while piece := source.read(_PIECE):
        go_on(called_off)
        counted.update(piece)
    if named and counted.hexdigest() != named[1]:
        raise StoreDamaged(f"The backup is broken: {member.name} is not what was kept.")
    return named[1] if named else None


def _require_ours(member: tarfile.TarInfo) -> None:
    """See that something in it is a plain file or a folder, and lies within the data.

    Raises:
        StoreDamaged: no backup of ours holds such a thing; unpacked, it might reach elsewhere.
    """
    plain = member.isdir() or (member.isreg() and not member.issparse())
    parts = member.name.split("/")
    if not plain or member.name.startswith("/") or ".." in parts:
        raise StoreDamaged(
            f"It is no backup of moa-gateway: {member.name[:100]!r} in it is no plain file within "
            f"the data. Do not unpack it."
        )


def _take_out(tar: tarfile.TarFile, name: str, data: Path) -> None:
    source: IO[bytes] | None = tar.extractfile(name)
    if source is None:
        raise StoreDamaged(f"{name} in it is no file.")
    with os.fdopen(os.open(data, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(source, file, _PIECE)


@contextmanager
def _failing(target: Path) -> Iterator[None]:
    """Say that there is no backup, whatever stood against it."""
    try:
        yield
    except OSError as error:
        why = f"{target} cannot be written ({error.strerror or error})."
        raise StoreFull(f"No backup was made: {why}") from error
    except StoreFull as error:
        raise StoreFull(f"No backup was made: {error}") from error
