"""Who changed what, as `moa-gateway audit` prints it. Decides the words; reads only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from core.audit import Change
    from core.types import Json


def as_text(changes: Sequence[Change], zone: tzinfo) -> Iterator[str]:
    """Give a line for each change, oldest first."""
    if not changes:
        yield "Nobody has changed anything yet."
    for each in changes:
        at = datetime.fromtimestamp(each.at / 1000, UTC).astimezone(zone)
        became = "taken back" if each.value is None else each.value
        line = f"{at:%Y-%m-%d %H:%M:%S}  {_who(each)}  {each.scope}  {each.key}: {became}"
        yield "".join(sign if sign.isprintable() else "?" for sign in line)


def as_json(changes: Sequence[Change]) -> Json:
    """Give the same for programs; times are ISO 8601, in UTC."""
    return [
        {
            "at": datetime.fromtimestamp(each.at / 1000, UTC).isoformat(timespec="milliseconds"),
            "by": _who(each),
            "scope": each.scope,
            "key": each.key,
            "value": each.value,
        }
        for each in changes
    ]


def _who(change: Change) -> str:
    """Name whoever did it with the account, also where only the id on that account was kept."""
    kind, _, rest = change.scope.partition(":")
    if ":" in change.by or " " in change.by or kind not in {"session", "user", "access"}:
        return change.by or "the program"
    account = rest.partition(":")[0].partition("/")[0]
    return f"{account}:{change.by}" if change.by else "the program"
