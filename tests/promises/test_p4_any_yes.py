"""P4: whatever people and kills do around a question for a yes, it is good for one run at most.

A stateful test: the machine of `test_p3_any_history.py`, in which questions lead to calls of tools.
"""

from __future__ import annotations

from tests.promises.played import PLAYED, OnMemory, OnSQLite
from tests.promises.yeses import Yeses


class YesOnMemory(Yeses, OnMemory):
    pass


class YesOnSQLite(Yeses, OnSQLite):
    pass


TestP4AnyYes = YesOnMemory.TestCase
TestP4AnyYes.settings = PLAYED
TestP4AnyYesOnSQLite = YesOnSQLite.TestCase
TestP4AnyYesOnSQLite.settings = PLAYED
