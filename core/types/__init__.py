"""Values that cross a layer. No I/O, no decision, no behaviour beyond derivation."""

from __future__ import annotations

from core.types.incoming import Added, Command, Deleted, Edited, Incoming, Message, Moved, Press
from core.types.lines import Finish, Image, Json, KeptFile, Line, Role, Sealed, Tool, ToolCall
from core.types.places import Address, Attachment, Author
from core.types.quotes import Quote, Said, Speaker
from core.types.usage import Usage

__all__ = [
    "Added",
    "Address",
    "Attachment",
    "Author",
    "Command",
    "Deleted",
    "Edited",
    "Finish",
    "Image",
    "Incoming",
    "Json",
    "KeptFile",
    "Line",
    "Message",
    "Moved",
    "Press",
    "Quote",
    "Role",
    "Said",
    "Sealed",
    "Speaker",
    "Tool",
    "ToolCall",
    "Usage",
]
