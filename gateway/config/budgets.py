"""Makes the budgets of the core out of what the file says. Decides nothing."""

from __future__ import annotations

from core import budget
from gateway.config.model import Allowance, Settings


def budgets_of(settings: Settings) -> budget.Budgets:
    """Give what may be spent; a key that says nothing of its own has what every key has."""
    said = settings.budgets
    return budget.Budgets(
        allowances={
            "total": _allowance(said.total),
            "user": _allowance(said.user),
            "channel": _allowance(said.channel),
            "preset": _allowance(said.preset),
            "key": _allowance(said.key),
        },
        keys={name: _allowance(key.budgets) for name, key in settings.http.keys.items()},
        turn=said.turn,
        refuse=said.on_exceeded == "refuse",
        unpriced=said.unpriced,
    )


def _allowance(said: Allowance) -> budget.Allowance:
    return budget.Allowance(daily=said.daily, monthly=said.monthly)
