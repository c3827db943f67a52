"""What every store knows of how far accounts have listened."""

from __future__ import annotations

from core.storage import Gap, Store


async def test_how_far_an_account_has_listened_is_kept_and_replaced(store: Store):
    assert await store.gap("discord") is None
    await store.note_gap("discord", Gap(since=(1 << 62) + 1, filled=False))
    await store.note_gap("other", Gap(since=5, filled=True))
    assert await store.gap("discord") == Gap(since=(1 << 62) + 1, filled=False)
    await store.note_gap("discord", Gap(since=7, filled=True))
    assert await store.gap("discord") == Gap(since=7, filled=True)
    assert await store.gap("other") == Gap(since=5, filled=True)
