"""What is said in a chat that the bot was brought into: who it is, or whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.retention import FOREVER, Term, term_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What an introduction is made of: how things really are there.

    `me` is the bot's name as people write it, `ask`, `choose` and `privacy` are commands as they
    have to be written there. `hears`: it gets what is not addressed to it. `threads`: it goes on
    by itself in threads that began with it. `everything`: it answers whatever is said.
    `models` counts those that are asked, `vendors` are who offers them. `kept` is how long what
    was asked is kept. `partly`: not everybody there is let in.
    """

    me: str
    ask: str
    choose: str
    privacy: str
    preset: str
    models: int
    vendors: Sequence[str]
    hears: bool = True
    threads: bool = False
    everything: bool = False
    kept: Term = FOREVER
    partly: bool = False


def introduction(of: Introduction) -> str:
    """Introduce the bot."""
    return "\n".join([_who(of), _how(of), _models(of), _keeps(of), _more(of)])


def _who(of: Introduction) -> str:
    only = " For now I answer only those whom my operator has let in." if of.partly else ""
    return f"Hello, I am {of.me or 'here'}: an AI, and no person.{only}"


def _how(of: Introduction) -> str:
    if of.everything and of.hears:
        return "I answer whatever is said here, unless it is said to somebody else."
    if not of.hears and "@" in of.ask:
        return (
            f"Ask me with {of.ask} QUESTION or by replying to me: other messages, even mentions of "
            "me, may not reach me here."
        )
    goes_on = " In a thread that began with me, just write." if of.threads and of.hears else ""
    return f"Ask me by mentioning me, by replying to me, or with {of.ask} QUESTION.{goes_on}"


def _models(of: Introduction) -> str:
    models = "1 model" if of.models == 1 else f"{of.models} models"
    others = "" if of.models == 1 else "; one of them writes the answer from what all advise"
    return f"Each question goes to {models} of {_listed(of.vendors)} (preset {of.preset}){others}."


def _keeps(of: Introduction) -> str:
    until = "only until it is answered"
    if of.kept != 0:
        until = term_text(of.kept) if of.kept is FOREVER else f"for {term_text(of.kept)}"
    if of.everything and of.hears:
        return f"I keep what is said here, and my answers, {until}."
    return (
        f"I keep questions that are put to me, and my answers, {until}. What is not said to me I "
        "neither keep nor pass on."
    )


def _more(of: Introduction) -> str:
    return (
        f"{of.choose}: which models answer here. {of.privacy}: what is kept, and how to erase it."
    )


def _listed(names: Sequence[str]) -> str:
    *others, last = names or ["nobody"]
    return f"{', '.join(others)} and {last}" if others else last


def farewell(subject: str, contact: str) -> str:
    """Say in one line that the bot leaves, and who could let it in; `contact` may be blank."""
    asked = f"please ask {contact}" if contact else "please ask whoever runs me"
    return f'I may not be used in this chat, so I leave. To have me here, {asked}: "{subject}"'
