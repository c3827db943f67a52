"""What every store knows of pairing codes, and of who changed what."""

from __future__ import annotations

from dataclasses import replace

from core.access import grants_scope
from core.audit import Change
from core.pairing import MOST_OPEN, TRIES, Pairing
from core.storage import Store

CODE = Pairing(platform="slack", person="U1", channel="D1", digest="one", expires=1000)
SCOPE = grants_scope("slack")


async def test_a_code_lets_its_person_in_once_and_says_who_did_it(store: Store):
    assert await store.offer(CODE, at=0)
    assert await store.redeem("one", "slack", by="slack:U9", at=5) == CODE
    assert await store.redeem("one", "slack", by="slack:U9", at=6) is None
    assert await store.settings(SCOPE) == {"allow:U1": "direct ever"}
    assert await store.audited(last=10) == [
        Change(scope=SCOPE, key="allow:U1", value="direct ever", by="slack:U9", at=5)
    ]


async def test_a_command_that_is_done_again_finds_the_code_that_it_took(store: Store):
    await store.offer(CODE, at=0)
    await store.offer(replace(CODE, person="U2", digest="two"), at=0)
    assert await store.redeem("one", "slack", by="slack:U9", at=5, once="e1") == CODE
    for _ in range(TRIES):  # and counts as no wrong one
        assert await store.redeem("one", "slack", by="slack:U9", at=6, once="e1") == CODE
    assert len(await store.audited(last=10)) == 1
    assert await store.redeem("one", "slack", by="slack:U9", at=7, once="e2") is None
    assert await store.redeem("two", "slack", by="slack:U9", at=7) is not None
    assert await store.redeem("two", "slack", by="slack:U9", at=8) is None


async def test_a_code_is_good_for_a_while_and_on_its_own_account_alone(store: Store):
    await store.offer(CODE, at=0)
    assert await store.redeem("one", "discord", by="x", at=1) is None
    assert await store.redeem("one", "slack", by="x", at=1000) is None
    assert await store.redeem("one", None, by="command line", at=999) == CODE


async def test_a_new_code_of_the_same_person_makes_the_old_one_void(store: Store):
    await store.offer(CODE, at=0)
    await store.offer(replace(CODE, digest="two"), at=1)
    assert await store.redeem("one", None, by="x", at=2) is None
    assert await store.redeem("two", None, by="x", at=2) is not None


async def test_wrong_codes_make_void_what_is_open_there(store: Store):
    await store.offer(CODE, at=0)
    await store.offer(replace(CODE, platform="telegram", digest="other"), at=0)
    for _ in range(TRIES):
        assert await store.redeem("wrong", "slack", by="x", at=1) is None
    assert await store.redeem("one", "slack", by="x", at=1) is None
    assert await store.redeem("other", None, by="x", at=1) is not None
    assert await store.offer(replace(CODE, digest="two"), at=2)
    assert await store.redeem("two", "slack", by="x", at=3) is not None


async def test_strangers_cannot_open_any_number_of_codes(store: Store):
    for n in range(MOST_OPEN):
        assert await store.offer(replace(CODE, person=f"U{n}", digest=f"d{n}"), at=0)
    late = replace(CODE, person="U99", digest="late", expires=5000)
    assert not await store.offer(late, at=1)
    assert await store.offer(replace(CODE, digest="again", expires=3000), at=1)  # U1's own
    assert await store.offer(replace(late, platform="telegram", digest="there"), at=1)
    assert await store.offer(late, at=1000)


async def test_the_log_has_settings_and_whatever_else_was_done_in_order(store: Store):
    await store.set("session:slack/C1", "preset", "review", by="U1", at=1)
    seen = Change(scope="session:slack/D1", key="dm_view", value="", by="web:ann", at=2)
    await store.audit(seen)
    await store.set("session:slack/C1", "preset", None, by="U2", at=3)
    assert [(each.key, each.value, each.by) for each in await store.audited(last=10)] == [
        ("preset", "review", "U1"),
        ("dm_view", "", "web:ann"),
        ("preset", None, "U2"),
    ]
    assert [each.at for each in await store.audited(last=1)] == [3]
    assert [each.at for each in await store.audited(last=10, since=2)] == [2, 3]
    assert await store.forget_audit(before=3) == 2
    assert [each.at for each in await store.audited(last=10)] == [3]
