"""What is said of money: what is used up, what is left, when it starts anew (MOA-30).

Amounts come written.
"""

from __future__ import annotations

from datetime import datetime


def whose(scope: str, period: str, name: str) -> str:
    """Name a budget to whoever spends; `name` is the preset's or the key's."""
    match scope:
        case "user":
            return f"your {period} budget"
        case "channel":
            return f"the {period} budget of this channel"
        case "preset":
            return f"the {period} budget of the preset {name}"
        case "key":
            return f"the {period} budget of the key {name}"
        case _:
            return f"the {period} budget of this gateway"


def anew(end: datetime) -> str:
    """Say when it starts anew, by the clocks of its zone."""
    return f"It starts anew on {end:%A} {end.day} {end:%B} at {end:%H:%M} ({end.tzinfo})."


def left(name: str, rest: str, whole: str, when: str) -> str:
    """Say what is left: "Your daily budget: $0.38 of $2.00 left. It starts anew on …"."""
    return f"{_capital(name)}: {rest} of {whole} left. {when}"


def nearly(name: str, spent: str, whole: str, percent: str, when: str) -> str:
    """Say that most of it is used; `percent` is empty where nothing may be spent."""
    share = f"{percent} % of " if percent else ""
    return f"{share}{name} is used ({spent} of {whole}). {when}"


def used_up(name: str) -> str:
    """Say briefly that nothing is left."""
    return f"{name} is used up"


def no_room(name: str) -> str:
    """Say briefly that all that is left is reserved."""
    return f"{name} has no room left"


def refused(brief: str, spent: str, whole: str, reserved: str, when: str) -> str:
    """Refuse a question; `reserved` is empty where nothing is."""
    under_way = f", and {reserved} reserved for answers under way" if reserved else ""
    return f"{_capital(brief)}: {spent} of {whole}{under_way}. {when}"


def skipped(brief: str) -> str:
    """Say why no advisors were asked."""
    return f"advisors skipped: {brief}"


def too_much(spent: str, most: str) -> str:
    """Say that one question has reached what one may cost."""
    return (
        f"To go on would cost more than one question may: {spent} of {most} are spent. "
        "Ask for less, or ask somebody who runs this to raise it (budgets.turn)."
    )


def most_for_one(most: str) -> str:
    """Say briefly what one question may cost."""
    return f"one question may cost {most}"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
