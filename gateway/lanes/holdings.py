"""Who has what in the lanes: counted by person, found by number, and weighed in all (P5).

Decides who may let one more wait, and remembers for whom something was done: others are new. What
waits for what is `gateway.lanes.sessions`' matter.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from core.errors import Overloaded
from core.recent import Recent
from core.records import Accepted, StoredTurn
from core.texts import intake as said
from core.types import Message, Press

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from core.types import Author

MOST_OF_ONE: Final = 100
"""Questions of one person that may wait, over all sessions."""
MOST_IN_ALL: Final = 10_000
"""What may wait in all, in units of up to `UNIT` characters: some 40 MB of text at most."""
UNIT: Final = 1_000
FAIR: Final = 100
"""One part in so many of the room that is left is what one person may have waiting."""

MOST_KNOWN: Final = 10_000
"""People who are remembered; the others count as new."""

Who = tuple[str, str]
"""Platform and id."""


class Holdings:
    """What runs and waits in the lanes of one process."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._theirs: dict[Who, Counter[str]] = {}
        self._sessions: dict[int, str] = {}
        self._known = Recent[Who, bool](MOST_KNOWN)
        self._weight = 0

    def admit(self, platform: str, author: Author) -> None:
        """Let somebody have one more question wait.

        The more waits in all, the less one person may add: however many flood the place, somebody
        of whom nothing waits finds room.

        Raises:
            Overloaded: enough of theirs waits already, or too much of everybody's.
        """
        room = MOST_IN_ALL - self._weight
        held = self.of((platform, author.id))
        if held >= MOST_OF_ONE:
            raise Overloaded(said.person_full(MOST_OF_ONE))
        if room <= 0 or held > room // FAIR:
            raise Overloaded(said.TOO_MANY_WAIT)

    def enter(self, session: str, work: object) -> None:
        """Hear that a lane has something more."""
        self._weight += _weight(work)
        if isinstance(work, Accepted):
            self._sessions[work.seq] = session
        who = asker(work)
        if who is not None:
            self._theirs.setdefault(who, Counter())[session] += 1

    def leave(self, session: str, work: object) -> None:
        """Hear that it is done, or waits no more."""
        self._weight -= _weight(work)
        if isinstance(work, Accepted):
            self._sessions.pop(work.seq, None)
        who = asker(work)
        if who is None:
            return
        self._known[who] = True
        theirs = self._theirs[who]
        theirs[session] -= 1
        if not theirs[session]:
            del theirs[session]
        if not theirs:
            del self._theirs[who]

    def of(self, who: Who) -> int:
        """Say how many questions of somebody run or wait."""
        theirs = self._theirs.get(who)
        return sum(theirs.values()) if theirs else 0

    def new(self, who: Who) -> bool:
        """Say whether nothing of somebody was done yet."""
        return who not in self._known

    def session_of(self, seq: int) -> str | None:
        """Name the session in whose lane something is."""
        return self._sessions.get(seq)

    def sessions_of(self, who: Who) -> AbstractSet[str]:
        """Name the sessions in which questions of somebody run or wait."""
        return set(self._theirs.get(who, ()))


def asker(work: object) -> Who | None:
    """Say whose question it is; None if it is none."""
    if isinstance(work, StoredTurn):
        return work.start.place.platform, work.start.asker
    asked = work.incoming if isinstance(work, Accepted) else None
    if isinstance(asked, Message) or (
        isinstance(asked, Press) and asked.action in {"retry", "advise"}
    ):
        return asked.address.platform, asked.author.id
    return None


def _weight(work: object) -> int:
    asked = work.incoming if isinstance(work, Accepted) else None
    return 1 + len(asked.text) // UNIT if isinstance(asked, Message) else 1
