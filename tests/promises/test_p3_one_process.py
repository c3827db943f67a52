"""P3: the data belongs to one process, also while that one is stopped."""

from __future__ import annotations

import signal

import pytest

from tests.gateway.harness import process_gateway, refused_gateway
from tests.gateway.page import Page, answered, answers
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa: {{presets: {{me: {{enabled: false, aggregator: {{provider: sim, model: big}}}}}}}}
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["runs", "is stopped"])
async def test_p3_a_second_process_on_the_same_data_refuses(stopped, tmp_path):
    async with ProviderSimulator({"big": Reply(text="Go by train.")}) as models:
        config = CONFIG.format(url=models.base_url)
        async with process_gateway(config, tmp_path) as first, Page.of(first) as page:
            if stopped:
                first.child.send_signal(signal.SIGSTOP)
            code, said = await refused_gateway(config, tmp_path)
            if stopped:
                first.child.send_signal(signal.SIGCONT)
            assert code == 2
            (line,) = said.splitlines()
            assert f"running already (process {first.child.pid}): stop that one first" in line
            await page.say("How do I get there?")
            assert answers(await page.until(answered(1))) == ["Go by train."]
            assert len(models.seen) == 1
