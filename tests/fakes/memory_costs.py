"""The part of the store in memory that sums up what was spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from core.outcomes import CallReport
from core.records import SUMMARY, Cost, ModelCost, Spent, StoredTurn, Whose


class MemoryCosts:
    """Fulfils `core.storage.Costs`."""

    _turns: dict[str, StoredTurn]

    def _whole(self, turn: StoredTurn) -> StoredTurn:
        raise NotImplementedError

    async def costs(self, whose: Whose, *, since: int, until: int) -> Sequence[Cost]:
        found: dict[tuple[str, str, str, str], Cost] = {}
        for turn in self._between(since, until):
            start = turn.start
            place = start.place
            key = (place.platform, start.asker, place.session, start.preset.name)
            if _fits(key, whose):
                found[key] = _added(found.get(key), turn, key)
        return [found[key] for key in sorted(found)]

    async def costs_of_models(self, *, since: int, until: int) -> Sequence[ModelCost]:
        found: dict[str, ModelCost] = {}
        for turn in self._between(since, until):
            tried = [call for _, advice in turn.advice for call in advice.tried]
            for call in (*_known(turn), *tried):
                cost = found.get(call.label, ModelCost(label=call.label))
                usage = replace(call.usage, cache_write=0, reasoning=0, estimated=False)
                found[call.label] = replace(
                    cost,
                    calls=cost.calls + 1,
                    usage=cost.usage + usage,
                    dollars=cost.dollars + (call.dollars or 0),
                    priced=cost.priced and call.dollars is not None,
                )
        return [found[label] for label in sorted(found)]

    def _between(self, since: int, until: int) -> Iterator[StoredTurn]:
        for turn in self._turns.values():
            if since <= turn.start.started < until:
                yield self._whole(turn)


def _fits(key: tuple[str, str, str, str], whose: Whose) -> bool:
    platform, asker, place, preset = key
    return (
        whose.platform in {"", platform}
        and whose.asker in {"", asker}
        and (whose.channel in {"", place} or place.startswith(f"{whose.channel}/"))
        and whose.preset in {"", preset}
    )


def _added(cost: Cost | None, turn: StoredTurn, key: tuple[str, str, str, str]) -> Cost:
    platform, asker, place, preset = key
    whose = Whose(platform=platform, asker=asker, channel=place, preset=preset)
    known = cost or Cost(whose=whose, spent=Spent(dollars=Decimal(0), turns=0))
    end, calls = turn.end, _known(turn)
    unknown = [call.usage for call in calls if call.dollars is None]
    if end is not None and end.priced:
        unknown = []
    dollars = sum((call.dollars or Decimal(0) for call in calls), Decimal(0))
    return replace(
        known,
        spent=Spent(
            dollars=known.spent.dollars + (dollars if end is None else end.dollars),
            turns=known.spent.turns + (end is not None and not _is_summary(turn)),
            priced=known.spent.priced and (end is None or end.priced),
        ),
        unpriced=known.unpriced + sum(each.input + each.output for each in unknown),
    )


def _is_summary(turn: StoredTurn) -> bool:
    return turn.start.origin == SUMMARY


def _known(turn: StoredTurn) -> list[CallReport]:
    return [*(each.call for _, each in turn.advice if each.call is not None), *turn.calls]
