"""How much of our way of writing a workspace takes, as its refusals show.

Decides what to leave out when Slack refuses a message; what is left out again and again is not
tried any more.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from adapters.chat.slack.client import ApiRefused

LESSONS: Final = 3
"""Refusals after which the lesser way is the usual one."""
TOO_LONG: Final = frozenset({"msg_too_long", "msg_blocks_too_long"})
BLOCKS_REFUSED: Final = TOO_LONG | frozenset(
    ["invalid_blocks", "invalid_blocks_format", "msg_blocks_invalid", "invalid_arguments"]
)
"""Refusals that another way of writing the message may get around."""

_Answer = TypeVar("_Answer")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """`rich`: the collapsed container and the thumbs. `tight`: less text. `bare`: no blocks.

    `plain`: no Markdown either, and no more text than stands in a notification.
    """

    rich: bool = True
    tight: bool = False
    bare: bool = False
    plain: bool = False


class Manners:
    """The manner of one workspace."""

    def __init__(self) -> None:
        """Begin with all there is."""
        self.usual = Manner()
        self._lessons = 0

    async def within(self, write: Callable[[Manner], Awaitable[_Answer]]) -> _Answer:
        """Write in the richest manner that is taken.

        Raises:
            ApiRefused: Slack takes it in none. Whatever else `write` raises.
        """
        manner = self.usual
        while True:
            try:
                answer = await write(manner)
            except ApiRefused as refused:
                if refused.code not in BLOCKS_REFUSED or manner.plain:
                    raise
                log.info("Slack does not take a message as it is: %s", refused.code)
                manner = lesser(manner, refused.code)
            else:
                self._learn(manner)
                return answer

    def _learn(self, manner: Manner) -> None:
        if manner == self.usual:
            return
        self._lessons += 1
        if self._lessons >= LESSONS and not manner.plain:
            self.usual = manner


def lesser(manner: Manner, code: str) -> Manner:
    """Give the next manner after a refusal."""
    if code in TOO_LONG and not (manner.tight or manner.bare):
        return replace(manner, tight=True)
    if manner.rich:
        return replace(manner, rich=False)
    return replace(manner, bare=True, plain=manner.bare)
