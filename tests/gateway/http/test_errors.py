"""What an error says to whom: where the data lies is the owner's business."""

from __future__ import annotations

import pytest

from core.errors import StoreFull, UsageError
from gateway.http.errors import failure

FULL = StoreFull("/srv/data/moa-gateway.db: the disk is full.")


@pytest.mark.parametrize(("owner", "said"), [(True, True), (False, False)])
def test_only_the_owner_is_told_where_the_data_lies(owner, said):
    answer = failure(FULL, owner=owner)
    assert answer.status == 503
    assert ("/srv/data" in (answer.text or "")) is said


def test_what_a_program_did_wrong_is_said_to_it():
    answer = failure(UsageError("'n' has to be 1."), owner=False)
    assert answer.status == 400
    assert "'n' has to be 1." in (answer.text or "")
