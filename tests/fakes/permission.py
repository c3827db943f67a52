"""A call of a tool that somebody is asked about, as a frame: nasty, as a model may make it."""

from __future__ import annotations

import json

from core.approvals import approval_frames
from core.events import ApprovalChanged
from core.frames import Frame
from core.records import Approval, Decision

TURN = "0123456789abcdef"
NASTY = {"path": "/srv/@everyone", "note": "*not bold* <!channel> `x` [a](http://evil.example)"}


def permission(
    decision: Decision = "waiting", *, arguments: object = NASTY, ended: bool = False
) -> Frame:
    approval = Approval(
        number=0,
        server="files",
        tool="files__delete",
        arguments=json.dumps(arguments),
        digest="d",
        expires=1,
        decision=decision,
        by="" if decision == "waiting" else "@everyone",
    )
    changed = ApprovalChanged(approval=approval, read=("web",))
    (frame,) = approval_frames([changed], TURN, ended=ended, files=True)
    return frame
