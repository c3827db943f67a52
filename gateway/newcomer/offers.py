"""Presets for a first look, as blocks of the configuration file.

Decides which models of a provider go into a mixture, which roles tell one model's answers apart,
and which questions are worth asking the small one. Data and pure functions: what there is on
this machine, `discovery` finds out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.types import Json

Block = dict[str, Json]

MOST_SLOTS = 3
"""Advisors that a preset is given, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One preset that can be tried here.

    `title` says to people what answers. `providers` and `preset` are blocks of the
    configuration file, `starters` are questions that these models can do something with.
    """

    name: str
    title: str
    providers: Mapping[str, Block]
    preset: Block
    starters: tuple[str, ...]


# --- what is known of providers -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A provider whose key may lie in the environment; its models, the best one first.

    `elsewhere` is a variable which says that the key belongs to another address than ours. `api`
    is the wire format.
    """

    name: str
    title: str
    variable: str
    base_url: str
    models: tuple[str, str, str]
    elsewhere: str = ""
    api: str = "chat_completions"


# Names as the price table of genai-prices 0.2.3 had them on 2026-11-21, which a test holds them
# to. Everybody can write other names into a configuration file of their own.
KNOWN = (
    Known(
        name="openrouter",
        title="OpenRouter",
        variable="OPENROUTER_API_KEY",
        base_url="https://openrouter.ai/api/v1",
        models=("anthropic/claude-opus-4.8", "openai/gpt-5.5", "deepseek/deepseek-v4-pro"),
    ),
    Known(
        name="anthropic",
        title="Anthropic",
        variable="ANTHROPIC_API_KEY",
        base_url="https://api.anthropic.com",
        models=("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"),
        elsewhere="ANTHROPIC_BASE_URL",
        api="messages",
    ),
    Known(
        name="openai",
        title="OpenAI",
        variable="OPENAI_API_KEY",
        base_url="https://api.openai.com/v1",
        models=("gpt-5.5", "gpt-5.4", "gpt-5.4-mini"),
        elsewhere="OPENAI_BASE_URL",
    ),
    Known(
        name="gemini",
        title="Google Gemini",
        variable="GEMINI_API_KEY",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        models=("gemini-3.6-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite"),
    ),
    Known(
        name="xai",
        title="xAI",
        variable="XAI_API_KEY",
        base_url="https://api.x.ai/v1",
        models=("grok-4.6", "grok-4.5", "grok-4.3"),
    ),
    Known(
        name="mistral",
        title="Mistral",
        variable="MISTRAL_API_KEY",
        base_url="https://api.mistral.ai/v1",
        models=("mistral-large-latest", "mistral-medium-latest", "mistral-small-latest"),
    ),
    Known(
        name="deepseek",
        title="DeepSeek",
        variable="DEEPSEEK_API_KEY",
        base_url="https://api.deepseek.com/v1",
        models=("deepseek-v4-pro", "deepseek-v4-flash", "deepseek-chat"),
    ),
    Known(
        name="groq",
        title="Groq",
        variable="GROQ_API_KEY",
        base_url="https://api.groq.com/openai/v1",
        models=("openai/gpt-oss-120b", "qwen/qwen3-32b", "llama-3.3-70b-versatile"),
    ),
)

STARTERS = (
    "Should a small team rewrite its old service, or keep repairing it?",
    "We want to move our database on a Friday evening. What could go wrong?",
    "SQLite or PostgreSQL for a web shop with 200 orders a day?",
    "Explain to a ten-year-old why the sky is blue.",
    "What do people most often get wrong about vitamins?",
)

SEEING = ("claude-", "gpt-5", "gemini-", "grok-4")
"""How the names of models begin that are known to take pictures; of others nobody says so here."""

# One model in several slots (self-MoA): only these tell its answers apart.
ROLES = (
    "Give the answer that you would stand by.",
    "Skeptic: look for what is wrong, missing or risky in the obvious answer.",
    "Look for a different angle, or a simpler way, that others would miss.",
)


# --- the small model ------------------------------------------------------------------------

# What a model of 135 M parameters does decently, by trial. Long instructions make it repeat
# itself, so roles are a few words.
SMALL_STARTERS = (
    "Is it better to work in an office or at home?",
    "Why do people like music?",
    "Why is it good to take a break at work?",
    "What is photosynthesis, in one sentence?",
    "What does a heart do?",
    (
        "Make this shorter: We would like to inform you that the meeting which was planned for "
        "Monday has been moved to Tuesday."
    ),
)
SMALL_ROLES = ("Be brief and precise.", "Give one example.", "Use very simple words.")
SMALL_NOTICE = (
    "A very small model (135 million parameters, English only) answers here, on your own machine, "
    "so that you can see how it works without a key. It is often wrong: judge the mixture by "
    "bigger models."
)
SMALL_MODEL = "smollm2-135m"
SMALL_PROVIDER = "local"
SMALL_ANSWER = 96
"""Tokens; on two old cores the whole turn stays below ten seconds."""


def settings(offers: Sequence[Offer]) -> Block:
    """Put offers into one configuration file's `providers` and `moa`; the first is the default."""
    providers: Block = {}
    for offer in offers:
        providers |= offer.providers
    presets: Block = {offer.name: offer.preset for offer in offers}
    return {"providers": providers, "moa": {"default_preset": offers[0].name, "presets": presets}}


# --- what an offer is made of ---------------------------------------------------------------


def usable(known: Known, environ: Mapping[str, str]) -> bool:
    """Tell whether there is a key that is meant for this provider."""
    key = environ.get(known.variable, "").strip()
    return bool(key) and not environ.get(known.elsewhere, "").strip()


def _provider(known: Known) -> dict[str, Block]:
    # The name of the variable and not its value: what is shown or copied holds no secret.
    key = f"${{{known.variable}:-}}"
    block: Block = {"api": known.api, "base_url": known.base_url, "api_key": key}
    return {known.name: block}


def keyed(known: Known) -> Offer:
    """Offer one provider's models."""
    return Offer(
        name=known.name,
        title=f"{known.title}, with the key in {known.variable}",
        providers=_provider(known),
        preset=_mixture([_slot(known.name, model) for model in known.models]),
        starters=STARTERS,
    )


def mixed(several: Sequence[Known]) -> Offer:
    """Offer the best model of each of several providers: what a mixture is for."""
    chosen = several[:MOST_SLOTS]
    providers: dict[str, Block] = {}
    for known in chosen:
        providers |= _provider(known)
    names = " + ".join(known.title for known in chosen)
    return Offer(
        name="mixed",
        title=f"{names}, with your keys",
        providers=providers,
        preset=_mixture([_slot(known.name, known.models[0]) for known in chosen]),
        starters=STARTERS,
    )


def served(name: str, title: str, port: int, models: Sequence[str]) -> Offer:
    """Offer what a server on this machine lists."""
    block: Block = {"api": "chat_completions", "base_url": f"http://127.0.0.1:{port}/v1"}
    return Offer(
        name=name,
        title=f"{title} on this machine: {', '.join(models[:MOST_SLOTS])}",
        providers={name: block},
        preset=_mixture([_slot(name, model) for model in models[:MOST_SLOTS]]),
        starters=STARTERS,
    )


def small() -> Offer:
    """Offer the embedded model, which is always there."""
    slot = _slot(SMALL_PROVIDER, SMALL_MODEL)
    advisor: Block = {**slot, "context_window": 1024}
    return Offer(
        name="small",
        title="A very small model on this machine, good for a first look and for nothing else",
        providers={SMALL_PROVIDER: {"api": "embedded"}},
        preset={
            "reference_models": [{**advisor, "role": role} for role in SMALL_ROLES],
            "aggregator": {**slot, "context_window": 2048, "max_tokens": SMALL_ANSWER},
            "fanout": "user_turn",
            # They share one process and end together: none of them is ever left behind.
            "quorum": "all",
        },
        starters=SMALL_STARTERS,
    )


def _slot(provider: str, model: str) -> Block:
    sees = {"vision": True} if model.rpartition("/")[2].startswith(SEEING) else {}
    return {"provider": provider, "model": model, **sees}


def _mixture(slots: Sequence[Block]) -> Block:
    """Let every slot advise and the first one answer; a lone one advises in several roles."""
    alone = len(slots) == 1
    advisors = [{**slots[0], "role": role} for role in ROLES] if alone else list(slots)
    return {"reference_models": advisors, "aggregator": slots[0], "fanout": "user_turn"}
