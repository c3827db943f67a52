"""Where endpoints of one wire format differ: by model name as data, the rest learned from a 400.

Decides what is left out or renamed for a model. A quirk is learned from one refusal and holds
until the program ends; nothing that the provider accepts is ever changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from core.types import Json

Quirk: TypeAlias = Literal[
    "no_stream", "no_stream_options", "max_completion_tokens", "max_tokens", "no_temperature",
    "no_encrypted", "no_store", "no_system", "no_developer", "turns",
    "reasoning_back", "reasoning_due", "no_reasoning_back",
    "opt_in_cache", "no_cache_control",
    "adaptive_thinking", "budget_thinking", "no_effort", "cap_4096", "cap_8192", "cap_16384",
]  # fmt: skip
Quirks: TypeAlias = frozenset[Quirk]

# A family is told by the last part of the model's name: vendor prefixes come and go.
# Documented by the vendors; what is not known here is learned.
FAMILIES: tuple[tuple[re.Pattern[str], Quirks], ...] = (
    (re.compile(r"o1-(mini|preview)"), frozenset({"no_system"})),
    (re.compile(r"o\d"), frozenset({"max_completion_tokens", "no_temperature"})),
    (re.compile(r"gpt-([5-9]|\d\d)"), frozenset({"max_completion_tokens"})),
    (re.compile(r"gpt-[34]|chatgpt-|gpt-5(\.\d)?-chat"), frozenset({"no_encrypted"})),
    (re.compile(r"(.*\.)?claude"), frozenset({"opt_in_cache"})),  # at OpenRouter, at Bedrock
    # Claude has no sampling any more since Opus 4.7, wherever it is served.
    (re.compile(r"claude-(opus-4[-.][7-9]|opus-[5-9]|fable)"), frozenset({"no_temperature"})),
    # The chat templates of Gemma 1 to 3: no system prompt, and turns or an exception.
    (re.compile(r"gemma(-?[123]n?\b|-\d+b|:)"), frozenset({"no_system", "turns"})),
    (re.compile(r"(open-)?mi[sx]tral|(mini|magi|dev|code?)stral|pixtral"), frozenset({"turns"})),
    (re.compile(r"sonar\b"), frozenset({"turns"})),
    # They go on thinking between a call and its result, and want to see what they thought.
    (re.compile(r"deepseek"), frozenset({"reasoning_back", "no_developer"})),
    (re.compile(r"kimi-k|glm-|mimo-"), frozenset({"reasoning_back"})),
)
VENDORS = re.compile(r"^([a-z-]+\.)+")
"""What Bedrock puts before a name: "us.anthropic."."""

LONGEST_REFUSAL = 4_000
"""Characters that are looked through."""
UNLOVED = r"unsupported|not support|only the default|deprecated|not permitted|only be set to"
REFUSES = r"unsupported|not support|unknown|unrecogni|not permitted|not allowed|unexpected|instead"
THOUGHTS = r"reasoning_(content|details)\b|property '\S*reasoning'"
SYSTEM = r"'system'|system (role|message|instruction|prompt)|developer instruction"
# field that was sent · what the refusal must name · what it must say of it · what it teaches
LESSONS: tuple[tuple[str, str, str, Quirk], ...] = (
    ("stream_options", r"stream_options", "", "no_stream_options"),
    ("max_tokens", r"max_completion_tokens", REFUSES, "max_completion_tokens"),
    ("max_completion_tokens", r"max_completion_tokens", REFUSES, "max_tokens"),
    ("temperature", r"temperature", UNLOVED, "no_temperature"),
    ("top_p", r"top_p", UNLOVED, "no_temperature"),
    ("messages", r"reasoning_content", r"must be passed back|missing", "reasoning_due"),
    ("messages", THOUGHTS, REFUSES, "no_reasoning_back"),
    ("messages", r"\bdeveloper\b", rf"{REFUSES}|not one of|invalid", "no_developer"),
    ("messages", SYSTEM, r"not support|unsupported|not enabled|not allowed", "no_system"),
    ("include", r"encrypted.?content|\binclude\b|items are not persisted", "", "no_encrypted"),
    ("store", r"\bstore\b", REFUSES, "no_store"),
    ("messages", r"cache_control", REFUSES, "no_cache_control"),
    ("thinking", r"thinking\.type\.adaptive", r"\buse\b", "adaptive_thinking"),
    ("thinking", r"adaptive", r"not support|unsupported", "budget_thinking"),
    ("output_config", r"effort", REFUSES, "no_effort"),
    ("max_tokens", r"max_tokens\b.*\b4096\b", r"maximum|<=|at most", "cap_4096"),
    ("max_tokens", r"max_tokens\b.*\b8192\b", r"maximum|<=|at most", "cap_8192"),
    ("max_tokens", r"max_tokens\b.*\b16384\b", r"maximum|<=|at most", "cap_16384"),
    ("stream", r"\bstream(ing|ed)?\b", "", "no_stream"),
)


def of_family(model: str) -> Quirks:
    """Give what is known of a model before it was ever asked."""
    name = VENDORS.sub("", model.rpartition("/")[2].lower())
    found: frozenset[Quirk] = frozenset()
    for pattern, quirks in FAMILIES:
        if pattern.match(name):
            found |= quirks
    return found


def cap_field(quirks: Quirks) -> Literal["max_tokens", "max_completion_tokens"]:
    """Name the field that caps the answer; what was learned wins over the family."""
    if "max_completion_tokens" in quirks and "max_tokens" not in quirks:
        return "max_completion_tokens"
    return "max_tokens"


def wishes(extra: Mapping[str, Json], quirks: Quirks) -> Mapping[str, Json]:
    """Give a program's own fields, without that which a model refuses as it does a temperature."""
    if "no_temperature" not in quirks:
        return extra
    return {name: value for name, value in extra.items() if name != "top_p"}


def learn(refusal: str, sent: frozenset[str], quirks: Quirks) -> Quirk | None:
    """Tell from a refusal's words which quirk it teaches; None where it is about something else.

    `sent` are the fields of the request that was refused: only they can be at fault.
    """
    text = refusal[:LONGEST_REFUSAL].lower()
    if "input" in sent:  # what Responses calls the conversation
        sent |= {"messages"}
    for field, name, verdict, quirk in LESSONS:
        fits = re.search(name, text) and re.search(verdict, text)
        if field in sent and quirk not in quirks and fits:
            return quirk
    return None
