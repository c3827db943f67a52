"""Shows that who changed or removed what stands in one log, by id, and no text of anybody's."""

from __future__ import annotations

from typing import Any

from adapters.store import read_sqlite
from core.types import Author
from tests.fakes.loop import run_virtual
from tests.gateway.guarded import GROUP, Scene, guarded
from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, answered

ANN = Author(id="11", name="Ann")


def test_what_is_changed_and_removed_is_noted():
    async def story(scene: Scene):
        where: dict[str, Any] = {"who": ANN, "where": GROUP}
        assert await scene.say("A secret question?", **where)
        await scene.idle()
        turn = await scene.last_turn(GROUP)
        await scene.command("moa", "alone", **where)
        await scene.command("memory", "add A secret fact", **where)
        await scene.idle()
        await scene.command("memory", "remove 1", **where)
        await scene.idle()
        await scene.press("remove", turn, **where)
        await scene.idle()
        await scene.command("quiet", **where)
        await scene.idle()
        await scene.command("deny", "4242 1h", **where)
        await scene.idle()
        changes = await scene.parts.store.audited(last=20)
        assert [each.key for each in changes] == [
            "preset",
            "memory",
            "removal",
            "quiet",
            "deny:4242",
        ]
        assert {each.by.removeprefix("fake:") for each in changes} == {"11"}
        assert "secret" not in str(changes)

    async def told():
        async with guarded(more="access: {owners: ['fake:11']}\n") as scene:
            await story(scene)

    run_virtual(told())


PAGE = """
providers: {fake: {api: scripted, answers: {"*": Advice.}}}
moa:
  presets:
    alone: {enabled: false, aggregator: {provider: fake, model: one}}
"""


async def test_that_a_whole_conversation_was_forgotten_is_noted(tmp_path):
    async with running_gateway(PAGE, tmp_path) as gateway, Page.of(gateway) as page:
        await page.say("A secret question?")
        await page.until(answered(1))
        await page.say("/forget all")
        view = await page.until(lambda view: view["notices"])
        (button,) = view["notices"][0]["frame"]["buttons"]
        await page.press(button["action"], "", button["value"])
        await page.until(lambda view: len(view["notices"]) == 2)
    store = read_sqlite(tmp_path / "data" / "moa-gateway.db")
    (change,) = await store.audited(last=9)
    assert (change.key, change.value, change.by) == (
        "forget",
        "the whole conversation",
        "web:owner",
    )
