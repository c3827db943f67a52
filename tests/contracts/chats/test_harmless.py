"""No text of a model, a name or a label can ping, unfurl or lead where nobody should go."""

from __future__ import annotations

import pytest

from core.frames import File, Frame
from core.markup import sanitise
from tests.contracts.chats.frames import TURN, answer, button, frames, notice
from tests.contracts.chats.stand import Stand, Where

CALLS = (
    "@everyone @here @{name} {name}",
    "<!channel> <!here> <!everyone> <!subteam^S0123|all>",
    "<@{id}> <@!{id}> <@&{id}> <#{place}> </ask:{id}>",
    "[Ben](tg://user?id={id}) [x](slack://user?id={id}) @{name}, hello",
    "`@everyone` ```\n<!channel> <@{id}>\n```",
    "> @everyone\n- <!here>\n1. <@{id}>\n# @here",
    "| @everyone | <!channel> |\n|---|---|\n| <@{id}> | @{name} |",
    "**@everyone** _<!channel>_ ~~<@{id}>~~ ||@here|| \\@everyone \\<@{id}>",
    "```\n@everyone <!channel> <@{id}>",
    "@\u200beveryone <\u200b!channel> @every\u200done",
)
LINKS = (
    "[run](javascript:alert(1)) [run](JaVaScRiPt:alert(1)) ![x](javascript:x)",
    "[run](data:text/html;base64,eA==) [run](file:///etc/passwd) [x](vbscript:x)",
    "<javascript:alert(1)> javascript:alert(1)",
    "[a]( java\tscript:alert(1)) [b](\x01javascript:alert(1))",
    "[run]: javascript:alert(1)\n\n[run]",
)
SAFE = ("http://", "https://", "mailto:")


def filled(text: str, stand: Stand) -> str:
    ben = stand.ben
    name = getattr(ben, "username", ben.name)
    place = stand.places["group"].id
    return text.format(id=ben.id, name=name, place=place)


@pytest.mark.parametrize("text", CALLS, ids=range(len(CALLS)))
async def test_nobody_is_called_by_what_is_posted_and_edited(stand: Stand, text: str):
    asked = await stand.heard("group")
    words = filled(text, stand)
    for frame in frames(words):
        posted = await stand.post(asked, frame)
        await stand.chat.edit(asked.address, posted, frame)
    grown = await stand.post(asked, answer("Hello", final=False))
    await stand.chat.edit(asked.address, grown, answer(f"Hello {words}", final=False))
    await stand.chat.edit(asked.address, grown, answer(f"Hello {words}", footer=words))
    assert [each.pings for each in stand.shown("group") if each.pings] == []


@pytest.mark.parametrize("text", CALLS, ids=range(len(CALLS)))
async def test_nobody_is_called_by_a_whisper_either(stand: Stand, text: str):
    asked = await stand.heard("group")
    posted = await stand.post(asked, answer("Hello"))
    (label,) = stand.one("group", posted).buttons[:1]
    before = len(stand.inbox.presses)
    async with stand.pressing("group", posted, label):
        await stand.until(lambda: len(stand.inbox.presses) > before)
        words = filled(text, stand)
        await stand.chat.whisper(stand.inbox.presses[-1], notice(words, button("retry", words)))
    assert [each.pings for each in stand.shown("group") if each.pings] == []


async def test_the_one_who_is_named_by_the_program_is_called_and_nobody_else(stand: Stand):
    asked = await stand.heard("group")
    words = filled("<@{id}> @{name} @everyone <!channel>", stand)
    await stand.post(asked, answer(words, mention=asked.author.id))
    (seen,) = stand.shown("group")
    assert len(seen.pings) == 1
    assert seen.pings[0] in {stand.ann.id, getattr(stand.ann, "username", "")}


async def test_no_address_shows_a_preview(stand: Stand, where: Where):
    asked = await stand.heard(where)
    text = "See https://example.org/a and [this](https://example.org/b)."
    for frame in frames(text):
        posted = await stand.post(asked, frame)
        await stand.chat.edit(asked.address, posted, frame)
    assert [each.text for each in stand.shown(where) if each.unfurls] == []


@pytest.mark.parametrize("text", LINKS, ids=range(len(LINKS)))
async def test_a_link_leads_to_the_web_or_nowhere(stand: Stand, text: str):
    asked = await stand.heard("group")
    whole = f"{text} [good](https://example.org/)"
    for frame in frames(whole, sanitise(whole)):
        posted = await stand.post(asked, frame)
        await stand.chat.edit(asked.address, posted, frame)
    links = [link for each in stand.shown("group") for link in each.links]
    assert [link for link in links if not link.lower().startswith(SAFE)] == []
    assert any(link.startswith("https://example.org") for link in links)


async def test_a_file_s_name_calls_nobody(stand: Stand):
    asked = await stand.heard("group")
    name = filled("@everyone <!channel> <@{id}>.py", stand)
    await stand.post(asked, Frame(key="file/0", content=File(turn_id=TURN, name=name, text="x")))
    assert [each.pings for each in stand.shown("group") if each.pings] == []
