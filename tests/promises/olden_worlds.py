"""What stands in the chats of a simulator, as JSON, and put back into a new one.

Of each platform: people by name with their place, and the messages of these places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from tests.simulators.discord import seen, world
from tests.simulators.slack import model
from tests.simulators.telegram import state

Json = dict[str, Any]
Known = Mapping[str, tuple[Any, Any]]
"""People and their places, by name."""


class Kept(Protocol):
    """One platform's."""

    def keep(self, sim: Any, known: Known) -> Json: ...

    def restore(self, sim: Any, kept: Json) -> Known: ...


class Telegram:
    """Messages with their buttons; the numbers that are given away already."""

    FIELDS = ("id", "date", "text", "entities", "markup", "thread", "reply_to", "extra")

    def keep(self, sim: Any, known: Known) -> Json:
        chats = []
        for who, where in known.values():
            chat = sim.chat(where)
            said = [
                {name: getattr(each, name) for name in self.FIELDS} | {"bot": each.sender.bot}
                for each in chat.messages.values()
            ]
            chats.append({"who": asdict(who), "kind": chat.kind, "id": chat.id, "said": said})
        counters = [[key, value] for key, value in sim.world.counters.items()]
        serials = {"serial": sim.world.serial, "update": sim.updates._next}
        return {"chats": chats, "counters": counters, **serials}

    def restore(self, sim: Any, kept: Json) -> Known:
        found = {}
        sim.world.counters = dict(kept["counters"])
        sim.world.serial, sim.updates._next = kept["serial"], kept["update"]
        for each in kept["chats"]:
            who = state.Person(**each["who"])
            sim.world.people[int(who.id)] = who
            members = {int(one.id): one for one in (who, sim.world.bot)}
            chat = state.Chat(id=each["id"], kind=each["kind"], title=who.name, members=members)
            sim.world.chats[chat.id] = chat
            for said in each["said"]:
                sender = sim.world.bot if said.pop("bot") else who
                sim.world.put(chat, state.Sent(sender=sender, at=0.0, **said))
            found[who.name] = (who, chat.place)
        return found


class Discord:
    """Private channels only."""

    FIELDS = ("id", "content", "type", "flags", "components", "embeds", "referred_id", "nonce")

    def keep(self, sim: Any, known: Known) -> Json:
        chats = []
        for who, where in known.values():
            channel = sim.world.channels[where.id]
            said = [
                {name: getattr(each, name) for name in self.FIELDS} | {"bot": each.author.bot}
                for each in channel.messages.values()
            ]
            chats.append({"who": asdict(who), "id": channel.id, "said": said})
        return {"chats": chats}

    def restore(self, sim: Any, kept: Json) -> Known:
        found = {}
        for each in kept["chats"]:
            who = world.User(**each["who"])
            sim.world.users[who.id] = who
            channel = world.Channel(each["id"], world.DM, people=[who])
            sim.world.channels[channel.id] = channel
            for said in each["said"]:
                author = sim.world.bot if said.pop("bot") else who
                one = world.Said(channel=channel, author=author, at=0.0, **said)
                channel.messages[one.id], channel.last_id = one, one.id
            person = seen.Person(id=who.id, name=who.name)
            found[who.name] = (person, seen.Place(id=channel.id, name=who.name))
        return found


class Slack:
    """Direct conversations; streams as they stood."""

    FIELDS = ("ts", "user", "text", "blocks", "markdown", "thread_ts", "bot", "metadata")

    def keep(self, sim: Any, known: Known) -> Json:
        chats = []
        for who, where in known.values():
            said = [
                {name: getattr(each, name) for name in self.FIELDS}
                | {"stream": asdict(each.stream) if each.stream else None}
                for each in sim.space.within(where)
            ]
            place = {"id": where.id, "name": where.name, "members": sorted(where.members)}
            chats.append({"who": asdict(who), "place": place, "said": said})
        return {"chats": chats, "counts": sim.space.counts}

    def restore(self, sim: Any, kept: Json) -> Known:
        found = {}
        sim.space.counts = dict(kept["counts"])
        for each in kept["chats"]:
            who = model.Person(**each["who"])
            sim.space.people[who.id] = who
            members = set(each["place"].pop("members"))
            place = model.Place(kind="im", members=members, **each["place"])
            sim.space.places[place.id] = place
            for said in each["said"]:
                stream = said.pop("stream")
                post = model.Post(place=place, at=0.0, **said)
                post.stream = _stream(stream) if stream else None
                sim.space.posts.append(post)
            found[who.name] = (who, place)
        return found


def _stream(kept: Json) -> model.Stream:
    tasks = {key: model.Task(**each) for key, each in kept.pop("tasks").items()}
    return model.Stream(tasks=tasks, **kept)


WORLDS: Mapping[str, Kept] = {"telegram": Telegram(), "discord": Discord(), "slack": Slack()}
