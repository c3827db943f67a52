"""Any history in which people also wish to be forgotten: no word of theirs is left in the store.

For `histories.py`, whose model holds as it is for everybody else, and for what is said afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import rule
from typing_extensions import override

from core.types import Author
from tests.gateway.guarded import ANN, BEN
from tests.promises.histories import AnyHistory, Said


class Forgotten(AnyHistory):
    """People wish to be forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.erased: list[Said] = []

    def texts(self) -> Iterable[str]:
        """Give every text that the store holds."""
        raise NotImplementedError

    @rule(chat=st.sampled_from([0, 1]), who=st.sampled_from([ANN, BEN]))
    def forget(self, chat: int, who: Author) -> None:
        """Forget all that somebody has said in a chat, whatever becomes of it at this moment."""
        who = who if chat else ANN
        theirs = [each for each in self.said if each.chat == chat and each.who == who]
        for each in theirs:
            each.fate = "gone"
        self.erased += theirs
        where = self.places[chat]
        self.run.do(self.run.scene.press("forget", value=f"me:{who.id}", who=who, where=where))

    @override
    async def _hold(self) -> None:
        await super()._hold()
        left = "\n".join(self.texts())
        assert not [each for each in self.erased if each.text in left]
