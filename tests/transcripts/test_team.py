"""Plays the conversations of a team, as they are told in YAML, on every messenger."""

from __future__ import annotations

import pytest

from tests.transcripts.stages import opened
from tests.transcripts.told import Telling, told_in

ALL = told_in("team.yaml", "speakers.yaml", "speaking.yaml", "sessions.yaml", "while_running.yaml")


@pytest.mark.parametrize(
    ("messenger", "told"),
    [pytest.param(messenger, told, id=f"{name} – {messenger}") for messenger, name, told in ALL],
)
async def test_as_it_is_told(messenger, told, tmp_path):
    async with opened(messenger) as stage:
        telling = Telling(stage, told, tmp_path)
        await telling.play()
        assert telling.calls("big")
