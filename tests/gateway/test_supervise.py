"""Shows that what fails is started again, and that a bot that is not let in says so once."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from core.errors import ChatError, ChatRefused, ConfigError
from gateway.supervise import STEADY, supervise
from tests.fakes.loop import run_virtual


class Service:
    """Fails as it is told, and then runs for ever."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.started: list[float] = []

    async def run(self) -> None:
        self.started.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.Event().wait()

    @property
    def pauses(self) -> list[float]:
        pairs = zip(self.started, self.started[1:], strict=False)
        return [round(later - earlier, 1) for earlier, later in pairs]


def watched(service: Service, seconds: float) -> list[str]:
    """Supervise for so long; give what stands in the log."""

    async def story():
        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervise("telegram", service.run))
            await asyncio.sleep(seconds)
            task.cancel()

    with capture_logs() as logs:
        run_virtual(story())
    return [each["event"] for each in logs]


def test_a_bot_that_is_not_let_in_says_so_once_and_tries_again_ever_more_seldom():
    service = Service(*(ChatRefused("platforms.telegram.token is not accepted") for _ in range(7)))
    events = watched(service, 10_000)
    assert events == ["telegram: platforms.telegram.token is not accepted"]
    assert service.pauses == [60, 120, 240, 480, 900, 900, 900]


def test_another_reason_is_told():
    events = watched(Service(ChatRefused("no token"), ChatRefused("no intent")), 1_000)
    assert events == ["telegram: no token", "telegram: no intent"]


def test_what_breaks_is_started_again_soon():
    service = Service(RuntimeError("a bug"), RuntimeError("a bug"))
    assert watched(service, 100) == ["service_failed", "service_failed"]
    assert service.pauses == [0.5, 1.0]


def test_a_platform_that_is_away_is_one_line_and_no_traceback():
    away = ChatError("Slack cannot be reached")
    events = watched(Service(away, away, ChatError("Slack's socket stays closed")), 100)
    assert events == ["telegram: Slack cannot be reached", "telegram: Slack's socket stays closed"]


def test_what_is_away_again_after_it_has_run_is_told_again():
    class Flaky(Service):
        @override
        async def run(self) -> None:
            if len(self.started) == 1:
                await asyncio.sleep(STEADY + 1)
            await super().run()

    away = ChatError("Slack cannot be reached")
    assert watched(Flaky(away, away), 100) == ["telegram: Slack cannot be reached"] * 2


def test_what_the_operator_must_mend_ends_it():
    with pytest.raises(ConfigError):
        run_virtual(supervise("model", Service(ConfigError("no file")).run))
