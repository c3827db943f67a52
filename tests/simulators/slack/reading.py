"""The methods that read: who I am, what was said, who and where somebody is."""

from __future__ import annotations

import base64

from tests.simulators.slack import shapes
from tests.simulators.slack.blocks import Refused
from tests.simulators.slack.calls import Args, Backend, method
from tests.simulators.slack.model import BOT, BOT_USER, TEAM, Json, Place, Post

HISTORY = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def _by_kind(names: dict[str, str], backend: Backend, args: Args) -> tuple[str, ...]:
    place = backend.space.places.get(args.text("channel"))
    return (names[place.kind if place else "channel"],)


@method("auth.test", per_minute=600)
def auth_test(backend: Backend, args: Args) -> Json:
    """Tell whose token it is."""
    return {
        "ok": True,
        "url": "https://moa.slack.com/",
        "team": "Moa Works",
        "user": "moa",
        **({} if backend.nameless else {"team_id": TEAM}),
        **({"enterprise_id": backend.space.enterprise} if backend.space.enterprise else {}),
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


def _member(backend: Backend, args: Args) -> Place:
    place = backend.space.places.get(args.need("channel"))
    if place is None or (place.kind != "channel" and BOT_USER not in place.members):
        raise Refused("channel_not_found")
    if BOT_USER not in place.members:
        raise Refused("not_in_channel")
    return place


@method(
    "conversations.replies",
    per_minute=50,
    by=lambda backend, args: _by_kind(HISTORY, backend, args),
)
def replies(backend: Backend, args: Args) -> Json:
    """List a thread: its root, or the tombstone of it, then its replies, oldest first."""
    place = _member(backend, args)
    ts = args.need("ts")
    root = next(iter(backend.space.stones(place, thread=ts)), backend.space.find(place, ts))
    if root is None:
        raise Refused("thread_not_found")
    stones = backend.space.stones(place, thread=root.root)
    posts = [*stones, *backend.space.within(place, thread=root.root)]
    return _page(backend, args, posts, most=1000)


@method(
    "conversations.history",
    per_minute=50,
    by=lambda backend, args: _by_kind(HISTORY, backend, args),
)
def history(backend: Backend, args: Args) -> Json:
    """List what was said and tombstones, without replies in threads, newest first."""
    place = _member(backend, args)
    said = [post for post in backend.space.within(place) if not post.thread_ts]
    posts = sorted([*said, *backend.space.stones(place)], key=lambda post: post.ts, reverse=True)
    return _page(backend, args, posts, most=999)


def _page(backend: Backend, args: Args, posts: list[Post], *, most: int) -> Json:
    limit = args.number("limit", 100 if most < 1000 else 1000)
    if not 1 <= limit <= most:
        raise Refused("invalid_limit")
    seen = [post for post in posts if not post.whispered_to and _spanned(post.ts, args)]
    at = _cursor(args.text("cursor"))
    page, more = seen[at : at + limit], len(seen) > at + limit
    data = args.flag("include_all_metadata")
    answer: Json = {
        "ok": True,
        "messages": [shapes.message(backend.space, post, metadata=data) for post in page],
        "has_more": more,
    }
    if more:
        token = base64.b64encode(f"next_ts:{at + limit}".encode()).decode()
        answer["response_metadata"] = {"next_cursor": token}
    return answer


def _spanned(ts: str, args: Args) -> bool:
    """Tell whether it is between `oldest` and `latest`; their edges only with `inclusive`."""
    oldest, latest = args.text("oldest", "0"), args.text("latest")
    if args.flag("inclusive") and ts in {oldest, latest}:
        return True
    try:
        return float(oldest) < float(ts) and (not latest or float(ts) < float(latest))
    except ValueError:
        raise Refused("invalid_ts_oldest") from None


def _cursor(text: str) -> int:
    try:
        return int(base64.b64decode(text).decode().removeprefix("next_ts:")) if text else 0
    except ValueError:
        raise Refused("invalid_cursor") from None


@method("conversations.info", per_minute=50, by=lambda backend, args: _by_kind(READ, backend, args))
def info(backend: Backend, args: Args) -> Json:
    """Describe a conversation."""
    place = backend.space.places.get(args.need("channel"))
    if place is None or (place.kind != "channel" and BOT_USER not in place.members):
        raise Refused("channel_not_found")
    return {"ok": True, "channel": shapes.channel(place)}


@method("conversations.open", "im:write", "mpim:write", per_minute=50)
def open_direct(backend: Backend, args: Args) -> Json:
    """Open a direct conversation with somebody."""
    users = args.need("users").split(",")
    if not all(user in backend.space.people for user in users):
        raise Refused("user_not_found")
    if len(users) > 1:
        raise Refused("not_enough_users")
    return {"ok": True, "channel": {"id": backend.direct(users[0]).id}}


@method("users.info", "users:read", per_minute=100)
def user(backend: Backend, args: Args) -> Json:
    """Describe a person."""
    person = backend.space.people.get(args.need("user"))
    if person is None:
        raise Refused("user_not_found")
    return {"ok": True, "user": shapes.user(person)}


@method("users.list", "users:read", per_minute=20)
def people(backend: Backend, args: Args) -> Json:
    """List the people of the workspace, page by page."""
    most, first = int(args.text("limit", "0")), int(args.text("cursor", "0"))
    if not 0 < most < 1000:
        raise Refused("limit_required")
    everybody = list(backend.space.people.values())
    after = first + most
    more = str(after) if after < len(everybody) else ""
    return {
        "ok": True,
        "members": [shapes.user(each) for each in everybody[first:after]],
        "response_metadata": {"next_cursor": more},
    }


@method("usergroups.users.list", "usergroups:read", per_minute=20)
def group_members(backend: Backend, args: Args) -> Json:
    """List the people of a user group; those who are deactivated only if they are asked for."""
    group = backend.space.usergroups.get(args.need("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    gone = {each.id for each in backend.space.people.values() if each.is_deleted}
    return {"ok": True, "users": [each for each in group if each not in gone]}


@method("bots.info", "users:read", per_minute=50)
def bot(backend: Backend, args: Args) -> Json:
    """Describe the bot."""
    if args.text("bot", BOT) != BOT:
        raise Refused("bot_not_found")
    return {"ok": True, "bot": shapes.profile() | {"user_id": BOT_USER}}


@method("team.info", "team:read", per_minute=50)
def team(backend: Backend, args: Args) -> Json:
    """Describe the workspace."""
    body = {"id": TEAM, "name": "Moa Works", "domain": "moa", "email_domain": ""}
    return {"ok": True, "team": body}
