"""Shows that what is decided on one account holds on that one alone, and only for its time."""

from __future__ import annotations

from core.access import PAIRED, Grant
from core.storage import Settings
from gateway.access.grants import Grants
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore


async def kept(*rows: tuple[str, str, str]) -> Settings:
    store = MemoryStore()
    for scope, key, value in rows:
        await store.set(scope, key, value, by="slack:U9", at=1)
    return store


async def test_a_decision_on_one_account_says_nothing_of_another():
    grants = Grants(FakeClock())
    grants.put("slack", "U1", Grant(decision="allow"))
    assert grants.of("slack", "U1", direct=False) == "allow"
    assert grants.of("slack-eu", "U1", direct=False) is None
    assert grants.of("slack", "U2", direct=False) is None


async def test_what_is_kept_is_read_for_each_account_and_what_has_run_out_is_not():
    clock = FakeClock()
    grants = Grants(clock)
    now = grants.now
    store = await kept(
        ("access:slack", "allow:U1", "ever"),
        ("access:slack", "deny:U1", str(now + 1_000)),
        ("access:slack", "allow:U2", "direct ever"),
        ("access:slack", "deny:U3", str(now - 1)),
        ("access:slack", "odd", "ever"),
        ("access:slack", "allow:U4", "soon"),
        ("access:slack-eu", "allow:U5", "ever"),
    )
    await grants.load(store, ["slack"])
    assert grants.of("slack", "U1", direct=True) == "deny"
    assert grants.of("slack", "U2", direct=True) == "allow"
    assert grants.of("slack", "U2", direct=False) is None
    assert grants.of("slack", "U5", direct=True) is None
    assert [each.partition(" until ")[0] for each in grants.told()] == [
        "access in chat: allow slack:U1",
        "access in chat: deny slack:U1",
        "access in chat: allow slack:U2 in private",
    ]
    clock.advance(1)
    assert grants.of("slack", "U1", direct=True) == "allow"


async def test_what_is_taken_back_is_forgotten():
    grants = Grants(FakeClock())
    grants.put("slack", "U1", PAIRED)
    assert grants.drop("slack", "U1", "allow")
    assert not grants.drop("slack", "U1", "allow")
    assert list(grants.told()) == []
