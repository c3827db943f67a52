"""The files of questions: fetched, read and kept before a turn begins, shown to models in it.

Decides what becomes of each file: read and kept, or named with the reason why not. Whatever a
file is and whatever its platform does, the turn goes on. Which caps hold, `core.attached` says.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from core import attached, filekinds
from core.attached import CHARACTERS, IMAGE_BYTES, clean_name, described
from core.crashpoints import crashpoint
from core.errors import ChatAway, ChatBusy, ChatError, FileUnread
from core.records import FileUse
from core.texts import files as texts
from core.types import Image, KeptFile
from gateway.turn.pictures import PictureRoom, Pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.ports import ChatAdapter
    from core.records import Accepted
    from core.shelf import FileShelf, Received
    from core.storage import Files
    from core.types import Attachment, Line
    from gateway.patience import PatientStore

SECONDS: Final = 60.0
"""How long all files of one message may take."""
PAUSES: Final = (1.0, 3.0)
"""Seconds before another try of what did not work just now."""
LONGEST_PAUSE: Final = 10.0
AT_ONCE: Final = 32
"""Messages whose files are fetched at once: half a megabyte of each may be on its way (P5)."""
READ_AT_ONCE: Final = 4
"""Files that are looked at in memory at once: up to `IMAGE_BYTES` each, several times over."""
_READABLE: Final = frozenset({"image", "document"})
_LEAST: Final = 200
"""Characters for which a file is not begun."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Left:
    """What is left for the files of one message."""

    bytes: int = attached.ALL_BYTES
    characters: int = attached.ALL_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a file turned out to be. `text` is None for a picture."""

    kind: filekinds.Picture | None
    text: str | None = None
    cut: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Takes files in and shows them. Writes with patience through `keep`.

    Whoever puts a file on the shelf, or sweeps it, holds `guard`.
    """

    shelf: FileShelf
    store: Files
    guard: asyncio.Lock
    keep: PatientStore
    chats: Mapping[str, ChatAdapter]
    arriving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    room: PictureRoom = field(default_factory=PictureRoom)
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READ_AT_ONCE))

    async def taken(
        self, accepted: Accepted, files: Sequence[Attachment]
    ) -> tuple[str, tuple[KeptFile, ...]]:
        """Read and keep what came with a message or was brought along; say what it was.

        Raises:
            StoreError: what was read cannot be noted.
        """
        async with self.arriving:
            return await self._taken(accepted, files)

    async def _taken(
        self, accepted: Accepted, files: Sequence[Attachment]
    ) -> tuple[str, tuple[KeptFile, ...]]:
        left = _Left()
        said, kept = [], list[KeptFile]()
        until = asyncio.get_running_loop().time() + SECONDS
        for number, file in enumerate(files[: attached.MOST_NAMED]):
            try:
                one = await self._one(accepted, file, number=number, left=left, until=until)
            except FileUnread as error:
                if isinstance(error.__cause__, OSError):  # for whoever can mend it
                    log.warning("file_not_kept", seq=accepted.seq, error=str(error.__cause__))
                said.append(texts.unread(described(file), str(error)))
            else:
                kept.append(one)
                said.append(texts.kept(one.name, one.about))
        return "\n".join([*said, *_more(files)]), tuple(kept)

    async def _one(
        self, accepted: Accepted, file: Attachment, *, number: int, left: _Left, until: float
    ) -> KeptFile:
        if file.kind not in _READABLE or not file.ref:
            raise FileUnread("")
        if number >= attached.MOST_FILES:
            raise FileUnread(texts.TOO_MANY.format(most=attached.MOST_FILES))
        if (file.size or 0) > attached.FILE_BYTES:
            raise FileUnread(texts.too_large(attached.FILE_BYTES))
        most = min(attached.FILE_BYTES, left.bytes)
        if most <= 0 or left.characters < _LEAST:
            raise FileUnread(texts.TOO_MUCH)
        try:
            async with asyncio.timeout_at(until):
                received = await self._fetched(accepted, file, most)
                return await self._kept(accepted, file, received, left)
        except TimeoutError:
            raise FileUnread(texts.TOO_LATE) from None

    async def _fetched(self, accepted: Accepted, file: Attachment, most: int) -> Received:
        """Fetch a file; what does not work now is tried again.

        Raises:
            FileUnread: it cannot be had.
        """
        chat = self.chats[accepted.incoming.address.platform]
        for pause in (*PAUSES, None):
            try:
                async with chat.fetch(file) as pieces:
                    return await self.shelf.receive(pieces, most=most)
            except ChatError as error:
                log.info("file_not_fetched", seq=accepted.seq, error=str(error))
                if pause is None or not isinstance(error, ChatAway | ChatBusy):
                    break
                wait = error.retry_after if isinstance(error, ChatBusy) else pause
                await asyncio.sleep(min(wait, LONGEST_PAUSE))
        raise FileUnread(texts.NOT_NOW)

    async def _kept(
        self, accepted: Accepted, file: Attachment, received: Received, left: _Left
    ) -> KeptFile:
        """Read a file that has arrived, note who sent it, and only then put it into its place."""
        try:
            read = await self._read(received)
            most = min(CHARACTERS, left.characters)
            kept = KeptFile(
                kind="image" if read.kind else "text",
                name=clean_name(file.name, file.kind),
                digest=received.digest,
                size=received.size,
                media_type=read.kind.media_type if read.kind else "",
                most=0 if read.kind else most,
                cut=read.cut or len(read.text or "") > most,
                about=read.about,
            )
            use = FileUse(
                seq=accepted.seq,
                digest=received.digest,
                person=accepted.incoming.author.id,
                at=accepted.incoming.at,
                text=read.text,
            )
            async with self.guard:
                await self.keep.keep_file(use)
                crashpoint("file.noted", accepted.incoming.address.platform)
                await self.shelf.keep(received)
        except BaseException as error:  # what was cut off is read by the next run
            await self.shelf.discard(received, parked=isinstance(error, FileUnread))
            raise
        crashpoint("file.kept", accepted.incoming.address.platform)
        left.bytes -= received.size
        left.characters -= min(most, len(read.text or ""))
        return kept

    async def _read(self, received: Received) -> _Read:
        """Find out what a file is and what it says.

        Raises:
            FileUnread: it says nothing that could be read.
        """
        if not received.size:
            raise FileUnread(texts.EMPTY)
        async with self.reading:
            read = await self._looked_at(received)
        if read is not None:
            return read
        pdf = await self.shelf.pdf(received)  # in a process of its own
        return _Read(kind=None, text=pdf.text, cut=pdf.cut, about=texts.pages(pdf.read, pdf.pages))

    async def _looked_at(self, received: Received) -> _Read | None:
        """Read a picture or a text; None for a PDF."""
        data = await self.shelf.look(received, IMAGE_BYTES)
        picture = filekinds.picture(data) if received.size <= IMAGE_BYTES else None
        if picture is not None:
            return _Read(kind=picture, about=f"{picture.width} × {picture.height}")
        if filekinds.is_pdf(data):
            return None
        if filekinds.begins_a_picture(data):
            raise FileUnread(texts.too_large(IMAGE_BYTES))
        return await asyncio.to_thread(_text, data, received.size)

    # --- showing ------------------------------------------------------------------------------

    async def shown(self, lines: Sequence[Line], turn_id: str = "") -> tuple[Line, ...]:
        """Give lines as models read them: with what their files hold.

        A turn waits for room for its pictures, and holds that until `room` hears that it is over.

        Raises:
            StoreError: what was read out of them cannot be had.
        """
        files = [each for line in lines for each in line.files]
        if not files:
            return tuple(lines)
        words = await self.store.file_texts(attached.wanted(files, "text"))
        sent = attached.sent_pictures(lines)
        seen = {each.digest: each for each in files if each.digest in set().union(*sent)}
        if turn_id:
            await self.room.take(turn_id, sum(each.size for each in seen.values()))
        pictures = await self._urls(seen.values())
        told = tuple(
            attached.with_contents(line, its, pictures, words) if line.files else line
            for line, its in zip(lines, sent, strict=True)
        )
        if turn_id:
            images, again = _by_digest(told, pictures), partial(self._urls, tuple(seen.values()))
            self.room.shows(turn_id, Pictures(images, again))
        return told

    async def _urls(self, pictures: Iterable[KeptFile]) -> dict[str, str]:
        """Give pictures as data URIs, as far as they are still kept."""
        found: dict[str, str] = {}
        for each in pictures:
            data = await self.shelf.read(each.digest)
            if data is not None:
                found[each.digest] = await asyncio.to_thread(_data_uri, each.media_type, data)
        return found


def _by_digest(lines: Sequence[Line], urls: Mapping[str, str]) -> Mapping[str, Sequence[Image]]:
    """Give the pictures in lines that were made of files."""
    digests = {url: digest for digest, url in urls.items()}
    found: dict[str, list[Image]] = {}
    for part in (part for line in lines for part in line.parts):
        if isinstance(part, Image) and part.attached and part.url in digests:
            found.setdefault(digests[part.url], []).append(part)
    return found


def named(files: Sequence[Attachment], why: str) -> str:
    """Name files of which none was read."""
    shown = files[: attached.MOST_NAMED]
    return "\n".join([*(texts.unread(described(each), why) for each in shown), *_more(files)])


def _more(files: Sequence[Attachment]) -> list[str]:
    """Count the files that are too many to be named."""
    more = len(files) - attached.MOST_NAMED
    return [texts.more(more, attached.MOST_FILES)] if more > 0 else []


def _text(data: bytes, size: int) -> _Read:
    cut = size > len(data)
    found = filekinds.text(data, cut=cut)
    if found is None:
        raise FileUnread(texts.NO_KIND)
    if not found.strip():
        raise FileUnread(texts.EMPTY)
    return _Read(kind=None, text=found[:CHARACTERS], cut=cut or len(found) > CHARACTERS)


def _data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(data).decode()}"
