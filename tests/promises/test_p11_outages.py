"""P11: what becomes of questions while a provider is out of order, on all three messengers.

The real program, and a provider behind the chaos proxy; another one stands in for it.
"""

from __future__ import annotations

from typing import Any

from adapters.llm import breaker
from tests.adapters.llm.stands import SIZE, TEXT
from tests.promises.messengers import messengers
from tests.simulators.chaos import FINE, ChaosProxy, Trouble
from tests.simulators.provider import ProviderSimulator, Reply
from tests.simulators.troubles import CUT, ODD
from tests.transcripts.stages import Stage

ANSWER = TEXT.strip()
SPARE = "I stand in."
PRESET = {
    "enabled": False,
    "aggregator": {
        "provider": "p",
        "model": "big",
        "fallbacks": [{"provider": "spare", "model": "small"}],
    },
}


async def tried_again_before_the_first_word_and_never_after_it(
    stage: Stage, proxy: ChaosProxy
) -> None:
    for times, trouble in enumerate((ODD["503"], CUT["reset in the head"]), start=1):
        proxy.befall(trouble)  # what is open is torn
        proxy.plan(trouble, FINE)
        await stage.ask("How do I get there?")
        final = await stage.answered(ANSWER, times=times)
        assert "spare" not in final.text
    proxy.befall(Trouble(then="close", after=b"eagle"))
    before = proxy.asked
    await stage.ask("How do I get there?")
    torn = await stage.reads("broke off in mid-answer")
    assert "alpha bravo" in torn.text
    assert SPARE not in torn.text
    assert "Retry" in "".join(torn.buttons)
    assert proxy.asked == before + 1


async def asked_again_once_its_seconds_are_over(stage: Stage) -> None:
    def answers() -> int:
        return len(stage.finals(ANSWER)) + len(stage.finals(SPARE))

    known = len(stage.finals(ANSWER))
    for _ in range(20):
        count = answers()
        await stage.ask("How do I get there?")
        await stage.until(lambda count=count: answers() > count)
        if len(stage.finals(ANSWER)) > known:
            return
    raise AssertionError(stage.seen())


async def test_p11_outages_degrade_honestly_and_end_by_themselves(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(breaker, "FIRST", 1.0)
    providers: dict[str, Any] = {"spare": {"api": "scripted", "answers": {"*": SPARE}}}
    async with (
        ProviderSimulator({"big": Reply(text=TEXT, size=SIZE)}) as models,
        ChaosProxy(models.base_url) as proxy,
    ):
        providers["p"] = {"api": "chat_completions", "base_url": proxy.base_url}
        async with messengers(tmp_path, providers=providers, preset=PRESET) as there:
            for stage in there.stages:
                await tried_again_before_the_first_word_and_never_after_it(stage, proxy)

            await proxy.refuse()
            for times in (1, 2):

                async def stood_in_for(stage: Stage, times: int = times) -> None:
                    await stage.ask("How do I get there?")
                    final = await stage.answered(SPARE, times=times)
                    assert "spare:small" in final.text

                await there.everywhere(stood_in_for)
            alone = [each for each in caplog.messages if "is left alone" in each]
            assert 1 <= len(alone) <= 4, alone

            proxy.plan(FINE)
            await proxy.listen()
            await there.everywhere(asked_again_once_its_seconds_are_over)
