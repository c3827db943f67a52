"""A change of a message, with what it changes. Decides only which of two comes first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.amends import differs, newer
from core.types import Edited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.records import Accepted, Kept
    from core.types import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change, number `by`, of what was `found`; `kept` is what that says now."""

    by: int
    edited: Edited
    found: Kept
    kept: Accepted

    @classmethod
    def of(cls, by: int, edited: Edited, found: Kept, said: Message) -> Edit:
        """Make it of what was `said`, and found."""
        told = edited.message
        now = replace(said, text=told.text, attachments=told.attachments, changed=edited.at)
        kept = replace(found.accepted, incoming=now)
        return cls(by=by, edited=edited, found=found, kept=kept)

    @property
    def repeats(self) -> bool:
        """Tell whether it was made later than what was found, which says the same."""
        return self.stands and newer(self.found.accepted.incoming, self.edited)

    @property
    def stands(self) -> bool:
        """Tell whether what was found says that already."""
        return not differs(self.found.accepted.incoming, self.edited.message)

    def overtakes(self, waiting: Sequence[Accepted]) -> bool:
        """Tell whether an earlier change of the same message still waits for its turn's end."""
        return any(
            isinstance(each.incoming, Edited)
            and each.incoming.message.event_id == self.edited.message.event_id
            and each.seq < self.by
            for each in waiting
        )
