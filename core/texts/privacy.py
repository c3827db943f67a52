"""What people are told of what is kept of them, and of its going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.erasure import Counts
from core.retention import Terms, term_text

NOTHING: Final = "There is nothing of yours here that could be forgotten."
NOTHING_AT_ALL: Final = "There is nothing here that could be forgotten."
NOT_YOUR_BUTTON: Final = "This button is for the person who asked to be forgotten."
UNFINISHED: Final = (
    "Something could not be stored, so not all of it is gone. Try again in a minute."
)
HOW: Final = "Say {0}forget for what is yours in this conversation, {0}forget all for all of it."
PRIVATE: Final = (
    "That is a private conversation, which stays hidden from admins unless the file says "
    "privacy: {admins_see_dms: true}; each look at one is noted then. The person gets all of "
    "theirs with: moa-gateway people export PLATFORM:ID"
)
HOW_IT_GOES: Final = (
    "How it goes: every night I delete what is older than that. {0}forget deletes what is yours "
    "here and answers that repeat it, {0}forget all (admins) the whole conversation. What stands "
    "in the chat itself, and what those above have received, is not in my hands."
)
_KINDS: Final = {
    "exchanges": ("question with its answer", "questions with their answers"),
    "quoting": ("exchange of others that repeats them", "exchanges of others that repeat them"),
    "messages": ("other message", "other messages"),
    "traces": ("trace", "traces"),
    "files": ("file", "files"),
    "votes": ("vote", "votes"),
    "facts": ("pinned fact", "pinned facts"),
    "settings": ("setting", "settings"),
    "copies": ("copy of the data", "copies of the data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Who gets the text: a provider, where it is reached, and its models that are asked.

    `host` is "" for a model on the machine of the gateway itself. `spare`: only if others fail.
    """

    name: str
    host: str
    models: tuple[str, ...]
    spare: bool = False


def counted(counts: Counts) -> str:
    """Say how much something was: "3 questions with their answers, 1 trace"."""
    said = [
        f"{number:,} {_KINDS[kind][number != 1]}"
        for kind, number in counts.figures.items()
        if kind in _KINDS
    ]
    return ", ".join(said)


def ask_back(counts: Counts, *, everything: bool) -> str:
    """Say what would go, before it goes."""
    what = "this whole conversation, of everybody in it" if everything else "what is yours here"
    return (
        f"This deletes {what}: {counted(counts)}. Nobody can bring it back. What it cost "
        "stays as figures, and what stands in the chat itself you delete there."
    )


def gone(counts: Counts) -> str:
    """Say what went."""
    return f"Deleted: {counted(counts)}." if counts else NOTHING


def about(
    terms: Terms, preset: str, vendors: Sequence[Vendor], *, traced: bool, contact: str, prefix: str
) -> str:
    """Say what is kept here, who gets it, and how it goes."""
    lines = [
        "What I keep of this conversation:",
        f"– questions, answers, advice and results of tools: {term_text(terms.messages)}",
        f"– files that you attach: {term_text(terms.files)}",
        "– what members pinned with /memory: until somebody removes it",
        f"– traces (files with everything that models were shown): {_traces(terms, traced=traced)}",
        f"– who changed which setting: {term_text(terms.audit)}",
        "– what it cost, who asked and when, without a word of it: as long as the bot runs",
        "Messages that are not for me are not kept, and not logged.",
        "",
        f"Who gets the text of a question here, with what was said before (preset {preset}):",
        *map(_vendor, vendors),
        "",
        f"Who operates me: {contact or 'my operator has left no address'}.",
        "",
        HOW_IT_GOES.format(prefix),
    ]
    return "\n".join(lines)


def _traces(terms: Terms, *, traced: bool) -> str:
    return term_text(terms.traces) if traced else "none are written"


def _vendor(vendor: Vendor) -> str:
    where = f" ({vendor.host})" if vendor.host else ", on the gateway's own machine"
    spare = ", only if others fail" if vendor.spare else ""
    return f"– {vendor.name}{where}: {', '.join(vendor.models)}{spare}"
