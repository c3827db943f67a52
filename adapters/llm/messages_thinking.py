"""How a Claude model is told how hard to think: what of it depends on the model, as data.

Decides `thinking` and `output_config.effort` for a wish such as "high". A model that takes
another form than its name suggests says so in a refusal, and `quirks` remembers that.
"""

from __future__ import annotations

import re

from adapters.llm.encoding import Fields
from adapters.llm.quirks import Quirks

ADAPTIVE = (4, 6)
"""From here on a model decides itself how long to think; before, it is given a budget."""

LEAST = 1024
"""The smallest budget, in tokens. It has to be below the cap of the whole answer."""

SHARES = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.9, "max": 0.95}
"""What part of an answer's cap may be thought away."""

EFFORTS = {"minimal": "low"}
"""Words of others for what Anthropic calls otherwise."""

CAP = 32_000
"""`max_tokens` where nobody set one: this format does not take a request without it."""

SMALLER: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"claude-3-7"), CAP),
    (re.compile(r"claude-3-5"), 8_192),
    (re.compile(r"claude-(3|2|instant)\b"), 4_096),
)
"""Models that answer at most so much."""

CAPS: tuple[tuple[str, int], ...] = (
    ("cap_4096", 4_096),
    ("cap_8192", 8_192),
    ("cap_16384", 16_384),
)
"""What a refusal can teach."""

NAMED = re.compile(r"claude-[a-z]+-(?P<major>\d{1,2})(-(?P<minor>\d{1,2}))?(?!\d)")
NUMBERED = re.compile(r"claude-(?P<major>\d)(-(?P<minor>\d))?(?!\d)")


def default_cap(model: str, quirks: Quirks) -> int:
    """Give the cap of an answer for which nobody set one."""
    learned = [cap for quirk, cap in CAPS if quirk in quirks]
    name = _plain(model)
    known = next((cap for pattern, cap in SMALLER if pattern.search(name)), CAP)
    return min([*learned, known])


def thinking(model: str, effort: str, cap: int, quirks: Quirks) -> Fields:
    """Give the fields that ask for so much thinking: none where it cannot be asked for."""
    adaptive = _adaptive(model, quirks)
    if effort == "none":
        return {"thinking": {"type": "disabled"}} if adaptive else {}
    if adaptive:
        asked: Fields = {"thinking": {"type": "adaptive"}}
        if "no_effort" not in quirks:
            asked["output_config"] = {"effort": EFFORTS.get(effort, effort)}
        return asked
    budget = max(LEAST, int(cap * SHARES.get(effort, SHARES["medium"])))
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget < cap else {}


def _adaptive(model: str, quirks: Quirks) -> bool:
    if {"adaptive_thinking", "budget_thinking"} & quirks:
        return "adaptive_thinking" in quirks
    found = NAMED.search(_plain(model)) or NUMBERED.search(_plain(model))
    if found is None:
        return False
    return (int(found["major"]), int(found["minor"] or 0)) >= ADAPTIVE


def _plain(model: str) -> str:
    return model.lower().replace(".", "-")
