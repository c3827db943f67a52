"""Shows what becomes of what platforms post to us when the network loses our answers.

The platform posts it again, and it is answered once: it was stored before it was acknowledged.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import yaml

from tests.gateway.harness import running_gateway
from tests.patience import PATIENCE
from tests.simulators.chaos import ChaosProxy
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram import serving
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.simulators.troubles import CUT, ODD
from tests.transcripts.stages import STAGES, configuration

ANSWER = "Go by train."
NAMES = ("502 with a page", "TLS", "no HTTP")
TROUBLES = {**CUT, **{name: ODD[name] for name in NAMES}}


async def met(proxy: ChaosProxy, connections: int) -> None:
    """Wait until so many connections have met their trouble."""
    async with asyncio.timeout(PATIENCE):
        while proxy.taken < connections:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_p1_p2_what_is_posted_again_because_our_answer_was_lost_is_answered_once(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(serving, "AGAIN", 0.05)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramSimulator(scale=20, privacy=False))
        slack = await stack.enter_async_context(SlackSimulator(scale=20, mode="http"))
        slack.retries = (0.0, *[1.0] * 60)
        proxy = await stack.enter_async_context(ChaosProxy("http://127.0.0.1:9"))
        stages = [STAGES["telegram"](telegram), STAGES["slack"](slack)]
        whole = yaml.safe_load(configuration(stages, {"big": ANSWER}))
        whole["moa"]["default_preset"] = "alone"
        whole["platforms"]["telegram"] |= {"mode": "webhook", "public_url": proxy.base_url}
        text = yaml.safe_dump(whole, sort_keys=False)
        gateway = await stack.enter_async_context(running_gateway(text, tmp_path))
        proxy.lead_to(gateway.url)
        await telegram.until(lambda: telegram.updates.webhook)
        await slack.until(lambda: slack.requests.of("auth.test"))
        assert await slack.post_to(f"{proxy.base_url}/slack/events")

        for times, trouble in enumerate(TROUBLES.values(), start=1):
            proxy.befall(trouble)
            before = proxy.taken
            for stage in stages:
                await stage.sim.say(stage.places["dm"], stage.ann, "How do I get there?")
            await met(proxy, before + 2)
            proxy.heal()
            for stage in stages:
                await stage.answered(ANSWER, times=times)
                assert len(stage.answers()) == times
            await telegram.until(lambda: not telegram.updates.pending)
            await slack.settled()
        assert not slack.lost
