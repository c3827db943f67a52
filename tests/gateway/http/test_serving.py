"""Health for machines, and how the server begins and ends."""

import socket

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from core.errors import ConfigError
from core.events import ReferenceDone, TurnFailed, TurnFinished
from gateway.http.app import HttpParts, build_app, serve
from gateway.http.auth import Auth
from gateway.http.metrics import TurnMetrics
from tests.fakes.told import advice, result, started


def app(**more):
    return build_app(HttpParts(auth=Auth("t"), bind="127.0.0.1", unready=lambda: "", **more))


async def test_alive_at_once_and_ready_when_a_preset_can_answer(house):
    house.desk.unready = "The model is being fetched."
    async with house.http.get("/healthz") as got:
        assert (got.status, await got.text()) == (200, "ok\n")
    async with house.http.get("/readyz") as got:
        assert got.status == 503
        assert await got.json() == {"ready": False, "reason": "The model is being fetched."}
    house.desk.unready = ""
    async with house.http.get("/readyz") as got:
        assert (got.status, await got.json()) == (200, {"ready": True})


async def test_metrics_are_the_owner_s(house):
    async with house.http.get("/metrics", headers=house.bearer) as got:
        assert got.status == 200
        assert "moa_pages_open 0.0" in await got.text()


def test_turns_are_counted_by_how_they_ended():
    registry = CollectorRegistry()
    metrics = TurnMetrics(registry)
    metrics.tell(started("a:one", turn_id="t1"))
    metrics.tell(started("a:one", turn_id="t2"))
    metrics.tell(ReferenceDone(advice=advice(1, "timed_out")))
    metrics.tell(TurnFinished(result=result("Yes.")))
    text = generate_latest(registry).decode()
    assert "moa_turns_running 1.0" in text
    assert 'moa_turns_total{ending="finished",preset="review"} 1.0' in text
    assert 'moa_references_total{label="m1",outcome="timed_out"} 1.0' in text
    assert 'moa_dollars_total{preset="review"} 0.0042' in text
    metrics.tell(TurnFailed(error="It broke.", result=result()))
    assert "moa_turns_running 0.0" in generate_latest(registry).decode()


async def test_port_0_is_a_free_one():
    first, second = await serve(app(), "127.0.0.1", 0), await serve(app(), "127.0.0.1", 0)
    assert 0 < first.port != second.port > 0
    await first.close()
    await second.close()


async def test_a_port_in_use_is_named_with_the_remedy():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"Port {port} on 127.0.0.1 is in use.*http\.port"):
            await serve(app(), "127.0.0.1", port)


async def test_an_address_that_is_not_ours_is_named():
    with pytest.raises(ConfigError, match=r"Cannot listen on 192\.0\.2\.1.*http\.host"):
        await serve(app(), "192.0.2.1", 0)


async def test_without_a_chat_the_page_says_so(house):
    server = await serve(app(), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}"
    async with house.http.get(url, headers={"Authorization": "Bearer t"}) as got:
        assert got.status == 200
        assert "switched off" in await got.text()
    async with house.http.get(f"{url}/api/status", headers={"Authorization": "Bearer t"}) as got:
        assert got.status == 404
    await server.close()
