"""Files that a browser sends along: taken in before the message that they belong to.

Decides that nobody names a file that they have not sent. Where it lies meanwhile, the shelf
knows: it survives a kill, and goes after a day if no message came.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal

import msgspec
from aiohttp import web

from adapters.chat.web.normalise import Sent, TooLong
from core.attached import FILE_BYTES
from core.errors import FileUnread, Overloaded, UsageError
from core.recent import Recent
from core.shelf import FileShelf
from core.texts import intake as said
from core.texts.files import too_large
from core.types import Attachment

_TOO_LARGE: Final = said.file_too_large(FILE_BYTES)
_REMEMBERED: Final = 1_000
_PIECE: Final = 64 * 1024
_KINDS: Final[dict[str, Literal["image", "audio", "video"]]] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
}


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload is answered."""

    id: str
    size: int


class Uploads:
    """What browsers have sent and no message has taken along yet; and after that."""

    def __init__(self, shelf: FileShelf) -> None:
        """Begin with nothing: what was sent before a restart has to be sent again."""
        self._shelf = shelf
        self._sizes = Recent[tuple[str, str], int](_REMEMBERED)

    async def take(self, request: web.Request, person: str) -> Arrived:
        """Take a file in as it comes.

        Raises:
            TooLong: it is larger than any file may be. Overloaded: there is no room for it.
        """
        length = request.content_length
        if length is not None and length > FILE_BYTES:
            raise TooLong(_TOO_LARGE)
        try:
            pieces = request.content.iter_chunked(_PIECE)
            received = await self._shelf.receive(pieces, most=FILE_BYTES)
            await self._shelf.park(received)
        except FileUnread as error:
            if str(error) == too_large(FILE_BYTES):
                raise TooLong(_TOO_LARGE) from None
            raise Overloaded(said.file_not_taken(str(error))) from None
        self._sizes[person, received.digest] = received.size
        return Arrived(id=received.digest, size=received.size)

    def named(self, files: Sequence[Sent], person: str) -> tuple[Attachment, ...]:
        """Give a message's files, all of which this person has sent.

        Raises:
            UsageError: they have not, or it was too long ago.
        """
        return tuple(self._named(each, person) for each in files)

    def _named(self, file: Sent, person: str) -> Attachment:
        size = self._sizes.get((person, file.id))
        if size is None:
            raise UsageError(said.FILE_GONE)
        return Attachment(
            kind=_KINDS.get(file.media_type.partition("/")[0], "document"),
            name=file.name,
            size=size,
            media_type=file.media_type,
            ref=file.id,
        )

    @asynccontextmanager
    async def fetched(self, file: Attachment) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file and give its bytes.

        Raises:
            FileUnread: it is gone.
        """
        yield self._shelf.pieces(file.ref)
