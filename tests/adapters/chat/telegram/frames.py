"""Frames of one turn, for tests that send them."""

from __future__ import annotations

from dataclasses import replace

from core.frames import Button, Frame, Panel, Part, Row

PART = Part(turn_id="t", index=0, text="It is **4**, @all. https://x.org")
ANSWER = Frame(key="answer/0", content=PART, final=True, notify=True)
STOP = Button(action="stop", label="⏹ Stop", turn_id="t")
WRITING = Frame(key="answer/0", content=replace(PART, text="It", streaming=True), buttons=(STOP,))
PANEL = Frame(
    key="panel",
    content=Panel(
        turn_id="t",
        preset="review",
        rows=(Row(position=1, label="a", state="ok", text="Four. " * 300),),
        settled=True,
    ),
)
