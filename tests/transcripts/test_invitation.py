"""The permissions that the Discord invitation of the README gives are enough."""

from __future__ import annotations

import re
from pathlib import Path

from tests.gateway.harness import running_gateway
from tests.simulators.discord.world import PERMISSIONS
from tests.transcripts.stages import opened

README = Path(__file__).resolve().parents[2] / "README.md"
LONG_CODE = "```python\n" + "print('a line of code')\n" * 200 + "```"


async def test_a_bot_that_was_invited_as_the_readme_says_can_do_all_of_its_work(tmp_path):
    (given,) = re.findall(r"&permissions=(\d+)", README.read_text(encoding="utf-8"))
    others = [name for name, bit in PERMISSIONS.items() if not int(given) & bit]
    models = {"a": "Take the train.", "b": "Walk.", "big": f"Go by train.\n\n{LONG_CODE}"}
    async with opened("discord") as stage:
        await stage.sim.forbid(stage.places["group"], *others)
        async with running_gateway(stage.configured(models), tmp_path):
            asked = await stage.ask("How do I get there?", where="group")
            final = await stage.answered("Go by train.", where="group")
            (thread,) = stage.sim.threads(stage.places["group"])
            await stage.until(lambda: any(each.files for each in stage.seen("group")))
            await stage.follow_up("And back?")
            await stage.answered("Go by train.", where="group", times=2)
            assert stage.sim.reactions(stage.places["group"], asked) == ["👀"]
            assert final.id in {each.id for each in stage.sim.shown(thread)}
