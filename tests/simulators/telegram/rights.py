"""Where the bot may write, and which message or topic is meant. Refuses as the platform does."""

from __future__ import annotations

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.refusal import Refusal, bad
from tests.simulators.telegram.state import Chat, Sent, World

GENERAL = 1
"""The topic of a forum that has no number when one writes to it."""


def chat_of(world: World, call: Call) -> Chat:
    """Give the chat of a request that the bot may take part in."""
    number = call.needed("chat_id")
    chat = world.chats.get(number)
    if chat is None and number in world.people:
        raise Refusal(403, "bot can't initiate conversation with a user")
    if chat is None:
        raise bad("chat not found")
    if chat.moved_to is not None:
        raise Refusal(
            400,
            "group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=chat.moved_to,
        )
    if chat.kicked:
        raise Refusal(403, f"bot was kicked from the {chat.kind} chat")
    if chat.left:
        raise Refusal(403, f"bot is not a member of the {chat.kind} chat")
    if chat.blocked:
        raise Refusal(403, "bot was blocked by the user")
    if not chat.started:
        raise Refusal(403, "bot can't initiate conversation with a user")
    return chat


def thread_of(chat: Chat, call: Call, reply: Sent | None = None) -> int | None:
    """Give the topic that is written to: the one named, else the one replied in."""
    thread = call.number("message_thread_id")
    if not thread:
        return thread_in(chat, reply)
    known = thread in chat.topics
    if chat.kind == "supergroup" and not chat.forum:
        known = any(thread in {each.thread, each.id} for each in chat.messages.values())
    if not known:
        raise bad("message thread not found")
    if thread in chat.closed:
        raise bad("TOPIC_CLOSED")
    return thread


def thread_in(chat: Chat, replied: Sent | None) -> int | None:
    """Give the thread of what replies to `replied`.

    In a supergroup it is named after the message that it began with, in the General topic of a
    forum, too, though nothing can be sent there by that name.
    """
    if replied is None:
        return None
    return replied.thread or (replied.id if chat.kind == "supergroup" else None)


def reply_of(chat: Chat, call: Call) -> Sent | None:
    """Give the message that is replied to."""
    given = call.mapping("reply_parameters")
    number = given.get("message_id", call.number("reply_to_message_id"))
    if number is None:
        return None
    found = chat.messages.get(int(number))
    lenient = given.get("allow_sending_without_reply") or call.truth("allow_sending_without_reply")
    if found is None and not lenient:
        raise bad("message to be replied not found")
    return found


def own_message(world: World, chat: Chat, call: Call, action: str) -> Sent:
    """Give the message that is to be changed, which the bot has sent."""
    number = call.number("message_id")
    if number is None:
        raise bad("message identifier is not specified")
    found = chat.messages.get(number)
    if found is None:
        raise bad(f"message to {action} not found")
    if found.sender.id != world.bot.id:
        raise bad(f"message can't be {action}ed")
    return found
