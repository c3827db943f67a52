"""What a configuration amounts to, in lines for `config check`.

Decides the words only: what is unavailable and why is the configuration's own to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

from core.budget import Allowance
from core.presets import RESERVED, Preset, ReferenceSlot, Slot
from core.wording import dollars_text
from gateway.config.access import LISTS
from gateway.config.load import Config
from gateway.config.model import Settings
from gateway.config.providers import missing


def describe(config: Config) -> list[str]:
    """Say each preset, what cannot be used, and the warnings."""
    lines: list[str] = []
    for preset in config.catalogue.presets.values():
        lines += _preset(preset, config)
    for name, provider in config.providers.items():
        if reason := missing(provider):
            lines.append(f"provider {name}: unavailable ({reason})")
    for name, server in config.settings.tools.servers.items():
        place = server.command[0] if server.command else urlsplit(server.url or "").netloc
        lines.append(f"tool server {name}: {place.rpartition('@')[2]}, approve: {server.approve}")
    lines += _budgets(config)
    lines += _access(config.settings)
    lines += [f"warning: {each}" for each in config.warnings]
    return lines


def _preset(preset: Preset, config: Config) -> Iterator[str]:
    default = " (default)" if preset.name == config.catalogue.default else ""
    reason = config.unavailable(preset)
    yield f"preset {preset.name}{default}: " + (f"unavailable ({reason})" if reason else "ready")
    if preset.name in RESERVED:
        yield f"  its name is also a word of /moa: choose it as moa/{preset.name}"
    numbers = count(1)  # as the panel and the block have them: of those that are asked
    for slot in preset.references:
        number = next(numbers) if slot.enabled else "off"
        yield f"  reference {number}: {slot.label}{_aside(slot, config)}"
    yield from _answering(preset, config)
    if preset.auto and preset.enabled:
        yield "  auto: plain questions are answered without the references"
    if preset.privacy_filter is not None:
        yield f"  privacy_filter: {preset.privacy_filter}"
    yield f"  {_cadence(preset)}{_condensing(preset)}"


def _aside(slot: ReferenceSlot, config: Config) -> str:
    """Say what is special about a reference."""
    words = [f"role {slot.role}"] if slot.role else []
    if slot.provider.lower() == "moa":
        words.append("skipped: a preset cannot advise another")
    elif reason := missing(config.providers[slot.provider]):
        words.append(f"skipped: {reason}")
    return f" ({', '.join([*words, *_else(slot)])})" if words or slot.fallbacks else ""


def _else(slot: Slot) -> Iterator[str]:
    """Say who is asked where a slot fails or has no key, in order."""
    if slot.fallbacks:
        yield "else " + ", ".join(each.label for each in slot.fallbacks)


def _answers(slot: Slot, config: Config, *words: str) -> str:
    """Say who answers, and what is special about that one."""
    reason = missing(config.providers[slot.provider]) if slot.fallbacks else None
    said = [*words, *([f"skipped: {reason}"] if reason else []), *_else(slot)]
    return slot.label + (f" ({', '.join(said)})" if said else "")


def _answering(preset: Preset, config: Config) -> Iterator[str]:
    """Say who answers, and who condenses the advice for that one (MOA-39)."""
    condensing = preset.synthesizer
    if condensing is None:
        yield f"  aggregator: {_answers(preset.aggregator, config)}"
        return
    reason = missing(config.providers[condensing.provider])
    without = f"skipped: {reason}; the advice goes on as it is" if reason else "privately"
    if preset.enabled:
        yield f"  aggregator: {condensing.label} (condenses the advice, {without})"
    acting = _answers(preset.aggregator, config, "answers and uses the tools")
    yield f"  acting model: {acting}"


def _cadence(preset: Preset) -> str:
    """Say how often the references are asked, and what that costs at most (MOA-23)."""
    if not preset.enabled:
        who = "acting model" if preset.synthesizer else "aggregator"
        return f"references: off, the {who} answers alone"
    asked = sum(slot.enabled and slot.provider.lower() != "moa" for slot in preset.references)
    rounds = preset.max_iterations
    if preset.fanout.mode == "user_turn":
        return f"user_turn: {_calls(asked)} for each message"
    if preset.fanout.mode == "every_n":
        times = -(-rounds // preset.fanout.n)
        often = f"every_n:{preset.fanout.n}: asks again at every {preset.fanout.n} tool rounds"
        return f"{often}, up to {_calls(asked * times)} for each message"
    return (
        f"per_iteration: asks again after every tool round, up to {_calls(asked * rounds)} "
        f"for each message; fanout: user_turn makes it {asked}"
    )


def _condensing(preset: Preset) -> str:
    condenses = preset.synthesizer is not None and preset.enabled
    return "; each time one call more condenses the advice" if condenses else ""


def _calls(count: int) -> str:
    return f"{count} reference call" + ("" if count == 1 else "s")


def _budgets(config: Config) -> Iterator[str]:
    """Say each budget, and what becomes of a question when one is used up (MOA-30)."""
    budgets = config.budgets
    keys = ((f"key {name}", each) for name, each in budgets.keys.items())
    limits = [each for each in (*budgets.allowances.items(), *keys) if each[1].limits]
    yield from (f"budget {whose}: {_amounts(allowance)}" for whose, allowance in limits)
    if budgets.turn is not None:
        yield f"budget turn: {dollars_text(budgets.turn)} for one question"
    if limits:
        then = "no new question is taken" if budgets.refuse else "the aggregator answers alone"
        yield f"where a budget is used up: {then}"


def _access(settings: Settings) -> Iterator[str]:
    """Say who is let in by the file, and how often they may ask."""
    said, limits = settings.access, settings.limits
    for key in LISTS:
        if named := getattr(said, key):
            yield f"access {key}: {', '.join(named)}"
    words = ["everybody, for it is public"] if said.public else []
    words += ["guests, too"] if said.guests else []
    words += [] if said.chat_admins else ["no platform's admins administer anything"]
    if words:
        yield f"access: {'; '.join(words)}"
    rates = {"one person": limits.user, "one chat": limits.channel}
    yield from (f"limit for {whose}: {rate}" for whose, rate in rates.items() if rate is not None)
    if limits.running is not None:
        yield f"limit for one person: {limits.running} at once"


def _amounts(allowance: Allowance) -> str:
    said = (("a day", allowance.daily), ("a month", allowance.monthly))
    return ", ".join(f"{dollars_text(each)} {when}" for when, each in said if each is not None)
