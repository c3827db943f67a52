"""What people in the workspace say, and what they see: the half of it that tests drive.

Everything here is what Slack lets a person do; what it does not is a `ValueError`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulators.base import Changes
from tests.simulators.slack import payloads
from tests.simulators.slack.calls import Backend
from tests.simulators.slack.chat import changed, gone
from tests.simulators.slack.model import (
    BOT_USER,
    ELSEWHERE,
    TEAM,
    Json,
    Person,
    Place,
    Post,
    Workspace,
)
from tests.simulators.slack.shown import Shown, shown
from tests.simulators.slack.surfaces import file
from tests.simulators.slack.typed import escaped, rich


class People:
    """People, places and talk. The simulator gives it a workspace."""

    space: Workspace
    backend: Backend
    changes: Changes
    mention_first: bool

    # --- who and where ----------------------------------------------------------------------

    def person(
        self,
        name: str,
        *,
        bot: bool = False,
        admin: bool = False,
        guest: bool = False,
        stranger: bool = False,
        deleted: bool = False,
    ) -> Person:
        """Make somebody; a `stranger` is of another organisation."""
        person = Person(
            id=self.space.new_id("U"),
            name=name,
            team=ELSEWHERE if stranger else TEAM,
            is_bot=bot,
            is_admin=admin,
            is_guest=guest,
            is_deleted=deleted,
        )
        self.space.people[person.id] = person
        return person

    def dm(self, person: Person) -> Place:
        """Give the direct conversation of the bot with somebody."""
        return self.backend.direct(person.id)

    def group(
        self, name: str, *people: Person, private: bool = False, with_bot: bool = True
    ) -> Place:
        """Make a channel with these people and the bot in it."""
        place = Place(
            id=self.space.new_id("C"),
            name=name,
            kind="group" if private else "channel",
            members={person.id for person in people} | ({BOT_USER} if with_bot else set()),
            shared=any(person.team != TEAM for person in people),
        )
        self.space.places[place.id] = place
        return place

    def mpim(self, *people: Person) -> Place:
        """Make a direct conversation of several people and the bot."""
        place = self.group("-".join(["mpdm", *(person.name for person in people)]), *people)
        place.kind = "mpim"
        return place

    async def invite(
        self, place: Place, person: Person | None = None, *, by: Person | None = None
    ) -> None:
        """Bring somebody in, or the bot; two events tell of it, each to whoever may have it."""
        who = person or self.space.people[BOT_USER]
        place.members.add(who.id)
        self.backend.tell(payloads.came(self.space, place, who, by=by), place)
        self.backend.tell(payloads.joined(self.space, place, who, by=by), place)

    async def kick(self, place: Place, person: Person | None = None) -> None:
        """Send somebody away, or the bot, which is told nothing any more."""
        who = person or self.space.people[BOT_USER]
        place.members.discard(who.id)
        self.backend.tell(payloads.came(self.space, place, who, left=True), place)

    def reactions(self, place: Place, message_id: str) -> Sequence[str]:
        """Name the bot's reactions to a message."""
        post = self.space.find(place, message_id)
        found = post.reactions if post else {}
        return [name for name, users in found.items() if BOT_USER in users]

    # --- messages ---------------------------------------------------------------------------

    async def say(
        self,
        place: Place,
        person: Person,
        text: str,
        *,
        mention: bool = False,
        reply_to: str | None = None,
        thread: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        connect: bool = False,
        ago: float = 0.0,
    ) -> str:
        """Say something; its ts. Replying to a message is writing into its thread.

        `ago` seconds earlier: Slack tells of it again for a day after nobody took it.

        `connect`: as over Slack Connect, where an event tells of a file that it is there and no
        more: files.info has to be asked.
        """
        if person.id not in place.members:
            raise ValueError(f"{person.name} is not in {place.name}")
        said = f"<@{BOT_USER}> {text}".strip() if mention else text
        post = Post(
            ts=self.space.ts(ago=ago),
            place=place,
            user=person.id,
            at=self.space.loop(),
            text=escaped(said),
            blocks=[rich(said)],
            thread_ts=self._thread(place, thread or reply_to),
        )
        post.files = [self._file(name, content) for name, content in files]
        if connect:
            post.files = [_untold(each) for each in post.files]
        self.space.posts.append(post)
        self._announce(post)
        self.changes.tell()
        return post.ts

    def _thread(self, place: Place, ts: str | None) -> str | None:
        if ts is None:
            return None
        root = self.space.find(place, ts)
        if root is None:
            raise ValueError(f"no message {ts} in {place.name}")
        return root.root

    def _file(self, name: str, content: bytes) -> Json:
        ident = self.space.new_id("F")
        kind = payloads.media_type(name)
        kept = {"id": ident, "name": name, "size": len(content), "mimetype": kind}
        self.space.files[ident], self.space.contents[ident] = kept, content
        return file(self.backend, ident)

    def _announce(self, post: Post) -> None:
        """Tell of a message: an event each for the message and for the mention in it."""
        person = self.space.people[post.user]
        events = [payloads.message(self.space, post)]
        if person.is_bot:
            events[0] |= {"bot_id": f"B{person.id[1:]}", "app_id": "A0OTHER01"}
        mentioned = f"<@{BOT_USER}>" in post.text or f"<@{BOT_USER}|" in post.text
        if mentioned and post.place.kind != "im" and BOT_USER in post.place.members:
            events.append(payloads.mention(events[0]))
        for event in reversed(events) if self.mention_first else events:
            self.backend.tell(event, post.place)

    async def edit(self, place: Place, person: Person, ts: str, text: str) -> None:
        """Edit one's own message."""
        post = self._own(place, person, ts)
        before = payloads.plain(self.space, post)
        post.text, post.blocks = escaped(text), [rich(text)]
        post.edited = f"{int(self.space.now())}.000000"
        changed(self.backend, post, before)

    def unfurl(self, place: Place, ts: str) -> None:
        """Let Slack look where the links of a message lead: it tells of the message again."""
        post = self.space.find(place, ts)
        if post is None:
            raise ValueError(f"no message {ts} in {place.name}")
        changed(self.backend, post, payloads.plain(self.space, post))

    async def unsay(self, place: Place, person: Person, ts: str) -> None:
        """Delete one's own message."""
        gone(self.backend, self._own(place, person, ts))

    def _own(self, place: Place, person: Person, ts: str) -> Post:
        post = self.space.find(place, ts)
        if post is None or post.user != person.id:
            raise ValueError(f"{person.name} has no message {ts} in {place.name}")
        return post

    def send(self, event: Json, place: Place | None = None) -> None:
        """Send any event at all, however odd; about a place, it has to be one of the bot's."""
        where = {"channel": place.id, "channel_type": place.kind} if place else {}
        self.backend.tell({"event_ts": self.space.ts(), **where, **event}, place)

    def shown(self, place: Place, *, thread: str | None = None) -> Sequence[Shown]:
        """List the bot's messages as they stand, those whispered to one person, too."""
        return shown(self.space, place, thread)

    def status(self, place: Place, thread: str) -> str:
        """Give the status line under a thread, blank if there is none or it has passed."""
        line = self.space.typing.get((place.id, thread))
        return str(line["status"]) if line and line["until"] > self.space.now() else ""


def _untold(told: Json) -> Json:
    kept = {key: told[key] for key in ("id", "created")}
    return kept | {"mode": "file_access", "file_access": "check_file_info", "user": ""}
