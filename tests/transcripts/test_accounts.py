"""Shows that two accounts of one platform in one program are apart, on every messenger."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import MESSENGERS, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_two_accounts_know_nothing_of_each_other(messenger: str, tmp_path: Path):
    async with opened(messenger) as here, opened(messenger) as there:
        file = yaml.safe_load(here.configured(MODELS))
        ((_, block),) = there.block().items()
        file["platforms"][f"{messenger}-eu"] = {**block, "type": messenger}
        file["access"] = {"allow": [f"{messenger}:{here.ann.id}", f"{messenger}-eu:{there.ben.id}"]}
        async with running_gateway(yaml.safe_dump(file), tmp_path) as gateway:
            await there.until(there.listening)
            await here.command("moa", "alone me")
            await here.ask("How do I get there?")
            await here.answered("Go by train.")
            assert len(gateway.calls.of("a")) == 0  # it was chosen here
            there.places["ben"] = there.sim.dm(there.ben)
            await there.sim.say(there.places["ben"], there.ben, "How do I get back?")
            await there.until(lambda: _said(there, there.ben, "Go by train."))
            assert len(gateway.calls.of("a")) == 1  # and not there
            await there.ask("And I?")  # who has the same id here, and is nobody there
            await there.reads(str(there.ann.id))
            assert there.finals("Go by train.") == []
            assert not _said(here, here.ben, "Go by train.")


def _said(stage, person, text: str) -> bool:
    return any(text in each.text for each in stage.sim.shown(stage.sim.dm(person)))
