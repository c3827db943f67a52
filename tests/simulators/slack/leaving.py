"""How the bot leaves a conversation: docs.slack.dev/reference/methods/conversations.leave."""

from __future__ import annotations

from tests.simulators.slack.blocks import Refused
from tests.simulators.slack.calls import Args, Backend, method
from tests.simulators.slack.model import BOT_USER, Json

GENERAL = "general"
"""The channel that nobody can leave."""
_SCOPES = {
    "channel": ("channels:manage", "channels:write"),
    "group": ("groups:write",),
    "mpim": ("mpim:write",),
    "im": ("im:write",),
}


def _needed(backend: Backend, args: Args) -> tuple[str, ...]:
    place = backend.space.places.get(args.text("channel"))
    return _SCOPES[place.kind if place else "channel"]


@method("conversations.leave", per_minute=50, by=_needed)
def leave(backend: Backend, args: Args) -> Json:
    """Take the bot out of a channel; where it is not, that is no error, and yet not ok."""
    place = backend.space.places.get(args.need("channel"))
    if place is None or (place.kind != "channel" and BOT_USER not in place.members):
        raise Refused("channel_not_found")
    if place.kind == "im":
        raise Refused("method_not_supported_for_channel_type")
    if place.archived:
        raise Refused("is_archived")
    if BOT_USER not in place.members:
        return {"ok": False, "not_in_channel": True}
    if place.name == GENERAL:
        raise Refused("cant_leave_general")
    if place.members == {BOT_USER}:
        raise Refused("last_member")
    place.members.discard(BOT_USER)
    backend.changes.tell()
    return {"ok": True}
