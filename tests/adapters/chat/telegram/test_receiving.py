"""What people write, press and do in Telegram comes in, once, and is confirmed when stored."""

from __future__ import annotations

from core.errors import StoreFull, UserError
from core.types import Command, Message, Press


async def test_a_private_message_comes_in_with_who_and_where(telegram, chat, inbox):
    ana = telegram.person("Ana")
    dm = telegram.dm(ana)
    message_id = await telegram.say(dm, ana, "What is a monad?")
    (heard,) = await inbox.until(1)
    assert isinstance(heard, Message)
    assert heard.text == "What is a monad?"
    assert heard.author.id == ana.id
    assert heard.direct
    assert heard.reply_to is None
    assert heard.event_id == f"{heard.address.channel}/{message_id}"


async def test_what_cannot_be_stored_stays_with_telegram_and_comes_again(
    telegram, chat, inbox, caplog
):
    ana = telegram.person("Ana")
    inbox.refusals += [StoreFull("The disk is full.")]
    await telegram.say(telegram.dm(ana), ana, "one")
    await inbox.until(1)
    assert [each.text for each in inbox.heard] == ["one"]
    lines = [line for line in caplog.messages if "The disk is full." in line]
    assert len(lines) == 1
