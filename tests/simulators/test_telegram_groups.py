# Shows what groups, files and broken lines are like in the Telegram simulator.

import asyncio

import pytest
import telegram

from tests.simulators.base import Fault
from tests.simulators.telegram import File, FileKind
from tests.simulators.test_telegram import Bot, running


@pytest.mark.parametrize(("passes", "seen"), [(True, 4), (False, 3)])
async def test_privacy_mode_lets_commands_and_replies_through(passes, seen):
    async with running(mentions_pass=passes) as (people, bot):
        ann = people.person("Ann")
        group = people.group("Team", ann)
        ours = await bot.api.send_message(int(group.id), "Hello")
        await people.say(group, ann, "nobody meant")
        await people.say(group, ann, "/ask@other_bot what")
        await people.command(group, ann, "ask", "what")
        await people.say(group, ann, "/ask what")
        await people.say(group, ann, "a reply", reply_to=str(ours.message_id))
        await people.say(group, ann, "what do you say?", mention=True)
        messages = await bot.messages()
        assert len(messages) == seen
        assert messages[0].text == f"/ask@{people.world.bot.username} what"
        assert messages[0].entities[0].type == "bot_command"
        assert messages[2].reply_to_message is not None
        assert messages[2].reply_to_message.from_user is not None
        assert messages[2].reply_to_message.from_user.is_bot
        assert (await bot.api.get_me()).can_read_all_group_messages is False


async def test_an_admin_bot_reads_everything():
    async with running() as (people, bot):
        ann = people.person("Ann")
        group = people.group("Team", ann)
        people.make_admin(group, people.world.bot)
        await people.say(group, ann, "nobody meant")
        assert [each.text for each in await bot.messages()] == ["nobody meant"]
        admins = await bot.api.get_chat_administrators(int(group.id))
        assert {each.user.id for each in admins} == {int(ann.id), int(people.world.bot.id)}
        member = await bot.api.get_chat_member(int(group.id), int(ann.id))
        assert member.status == "administrator"


async def test_a_group_that_is_upgraded_says_where_it_went():
    async with running(privacy=False) as (people, bot):
        ann = people.person("Ann")
        old = people.group("Team", ann, basic=True)
        new = await people.migrate(old)
        left, entered = await bot.messages()
        assert (left.chat.id, left.migrate_to_chat_id) == (int(old.id), int(new.id))
        assert (entered.chat.id, entered.migrate_from_chat_id) == (int(new.id), int(old.id))
        with pytest.raises(telegram.error.ChatMigrated) as caught:
            await bot.api.send_message(int(old.id), "Hello")
        assert caught.value.new_chat_id == int(new.id)
        await bot.api.send_message(int(new.id), "Hello")


async def test_a_bot_that_is_thrown_out_is_told_so():
    async with running() as (people, bot):
        ann = people.person("Ann")
        group, chat = people.group("Team", ann), people.dm(ann)
        await people.say(chat, ann, "hi")
        await bot.updates()
        await people.kick(group, ann)
        await people.block(ann)
        kicked, blocked = await bot.updates()
        assert kicked.my_chat_member is not None
        assert kicked.my_chat_member.new_chat_member.status == "kicked"
        assert blocked.my_chat_member is not None
        with pytest.raises(telegram.error.Forbidden, match="kicked from the supergroup"):
            await bot.api.send_message(int(group.id), "Hello")
        with pytest.raises(telegram.error.Forbidden, match="blocked by the user"):
            await bot.api.send_message(int(chat.id), "Hello")
        await people.unblock(ann)
        await bot.api.send_message(int(chat.id), "Hello")


async def test_files_go_both_ways():
    async with running() as (people, bot):
        ann = people.person("Ann")
        chat = people.dm(ann)
        kinds: tuple[FileKind, ...] = ("photo", "voice", "audio", "video", "document")
        files = [File(name=f"a.{kind}", content=kind.encode(), kind=kind) for kind in kinds]
        await people.say(chat, ann, "look", files=files)
        messages = await bot.messages()
        assert [each.caption for each in messages] == ["look", None, None, None, None]
        assert len({each.media_group_id for each in messages}) == 1
        for message, kind in zip(messages, kinds, strict=True):
            carried = message.effective_attachment
            one = carried[-1] if isinstance(carried, tuple) else carried
            assert isinstance(
                one,
                telegram.PhotoSize
                | telegram.Voice
                | telegram.Audio
                | telegram.Video
                | telegram.Document,
            )
            fetched = await (await one.get_file()).download_as_bytearray()
            assert bytes(fetched) == kind.encode()
        await bot.api.send_document(int(chat.id), b"print()", "Code", filename="answer.py")
        (shown,) = people.shown(chat)
        assert (shown.text, shown.files) == ("Code", ("answer.py",))
        assert shown.attached[0].content == b"print()"
        await people.say(chat, ann, "", files=[("a.png", b"png"), ("a.txt", b"text")])
        picture, text = await bot.messages()
        assert picture.photo
        assert text.document is not None
        assert (text.document.file_name, text.document.mime_type) == ("a.txt", "text/plain")
        with pytest.raises(telegram.error.BadRequest, match="non-empty"):
            await bot.api.send_document(int(chat.id), b"", filename="empty.py")


async def test_stickers_polls_and_long_texts_arrive_as_the_apps_send_them():
    async with running() as (people, bot):
        ann = people.person("Ann")
        chat = people.dm(ann)
        await people.sticker(chat, ann, "😍")
        await people.poll(chat, ann, "Tea?", "yes", "no")
        await people.say(chat, ann, "👍" * 5000)
        sticker, poll, *long = await bot.messages()
        assert sticker.sticker is not None
        assert sticker.sticker.emoji == "😍"
        assert poll.poll is not None
        assert [each.text for each in poll.poll.options] == ["yes", "no"]
        assert [len(each.text or "") for each in long] == [2048, 2048, 904]


@pytest.mark.parametrize(
    ("text", "rings"),
    [
        ("Ask @{ben}, he knows.", True),
        ("Ask @\u200b{ben}, he knows.", False),
        ("Ask `@{ben}`", False),
        ("mail x@{ben}", False),
        ("@{ben}_too", False),
        ("[Ben](tg://user?id={id})", True),
        ("@nobody_at_all", False),
    ],
)
async def test_whom_a_text_would_ring_is_known(text, rings):
    async with running() as (people, bot):
        ben = people.person("Ben")
        group = people.group("Team", people.person("Ann"), ben)
        written = text.format(ben=ben.username, id=ben.id)
        for mark in "._":
            escaped = written.replace(mark, f"\\{mark}")
            written = written if "`" in written else escaped
        await bot.api.send_message(int(group.id), written, parse_mode="MarkdownV2")
        (shown,) = people.shown(group)
        assert bool(shown.pings) is rings
        assert set(shown.pings) <= {ben.username}


async def test_lines_break_and_the_server_goes_away_and_comes_back():
    async with running() as (people, bot):
        ann = people.person("Ann")
        await people.say(people.dm(ann), ann, "hi")
        await people.go_away()
        with pytest.raises(telegram.error.NetworkError):
            await bot.updates()
        await people.come_back()
        assert len(await bot.updates()) == 1
        people.revoke()
        with pytest.raises(telegram.error.InvalidToken):
            await bot.updates()


async def test_a_line_that_is_cut_while_it_is_held_loses_nothing():
    async with running() as (people, bot), asyncio.TaskGroup() as tasks:
        ann = people.person("Ann")
        poll = tasks.create_task(_lost(bot))
        await people.until(lambda: people.updates.waiting)
        people.drop_connections()
        await poll
        await people.until(lambda: not people.updates.waiting)
        await people.say(people.dm(ann), ann, "hi")
        assert [each.text for each in await bot.messages()] == ["hi"]


async def _lost(bot: Bot) -> None:
    with pytest.raises(telegram.error.NetworkError):
        await bot.updates(seconds=20)


async def test_an_answer_may_come_late_though_all_was_done():
    async with running() as (people, bot), asyncio.TaskGroup() as tasks:
        ann = people.person("Ann")
        chat = people.dm(ann)
        await people.say(chat, ann, "hi")
        people.faults.plan("sendMessage", Fault(kind="delay", seconds=0.2))
        late = tasks.create_task(bot.api.send_message(int(chat.id), "Hello"))
        await people.until(lambda: people.shown(chat))
        assert not late.done()


async def test_other_bots_gestures_and_leaving():
    async with running(privacy=False) as (people, bot):
        ann, robot = people.person("Ann"), people.person("Robot", bot=True)
        group = people.group("Team", ann, robot)
        number = await people.say(group, robot, "beep")
        (message,) = await bot.messages()
        assert message.from_user is not None
        assert message.from_user.is_bot
        await message.set_reaction("👀")
        assert people.reactions(group, number) == ["👀"]
        await message.reply_chat_action("typing")
        assert [action for _, action in people.doing(group)] == ["typing"]
        assert (await bot.api.get_chat(int(group.id))).title == "Team"
        await bot.api.leave_chat(int(group.id))
        with pytest.raises(telegram.error.Forbidden):
            await bot.api.send_message(int(group.id), "Hello")
        assert not people.shown(group)
