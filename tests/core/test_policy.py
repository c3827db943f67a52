"""Shows when the bot speaks, in every situation there is, and who may change what others asked."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from core.policy import (
    TABLE,
    Listen,
    Situation,
    Threads,
    Where,
    Who,
    depends_on_owner,
    first_row,
    situation,
    verdict,
    who_is,
)
from core.types import Address, Author, Message

ANN = Author(id="555", name="Ann", circles=("guild:42", "role:7"))
GROUP = Address(platform="discord", channel="c1")
SAID = Message(
    event_id="e", address=GROUP, author=ANN, text="Hi", at=1, direct=False, addressed=False
)
YES_NO = (True, False)
LET_IN = {"member", "named bot"}

EVERYTHING = [
    (
        Situation(
            who=who,
            where=where,
            addressed=addressed,
            to_others=others,
            listen=listen,
            threads=threads,
            quiet=quiet,
        ),
        owned,
    )
    for who, where, addressed, others, listen, threads, quiet, owned in product(
        get_args(Who),
        get_args(Where),
        YES_NO,
        YES_NO,
        get_args(Listen),
        get_args(Threads),
        YES_NO,
        YES_NO,
    )
]


def every(fits):
    """Give each situation for which this is true, and its verdict; there has to be one."""
    found = [
        (here, owned, verdict(here, owned=owned)) for here, owned in EVERYTHING if fits(here, owned)
    ]
    assert found
    return found


def spoken_to(here: Situation) -> bool:
    return here.addressed or here.where == "direct"


def test_itself_and_bots_that_nobody_named_leave_no_trace():
    for _, _, said in every(lambda here, _: here.who in {"itself", "bot"}):
        assert said == "ignore"


def test_nobody_is_answered_or_kept_who_is_not_let_in():
    for here, _, said in every(lambda here, _: here.who in {"denied", "stranger", "guest"}):
        assert said == ("refuse" if spoken_to(here) else "ignore")


def test_who_is_let_in_is_never_turned_away():
    for _, _, said in every(lambda here, _: here.who in LET_IN):
        assert said != "refuse"


def test_whoever_is_let_in_and_speaks_to_it_is_answered_whatever_is_set():
    for _, _, said in every(lambda here, _: here.who in LET_IN and spoken_to(here)):
        assert said == "answer"


def test_what_does_not_address_it_outside_of_its_own_threads_is_never_kept():
    for _, _, said in every(
        lambda here, owned: (
            not spoken_to(here)
            and here.listen == "mention"
            and not (here.where == "thread" and owned)
        )
    ):
        assert said == "ignore"


def test_what_is_said_to_others_is_answered_nowhere_even_where_it_listens_to_all():
    for _, _, said in every(lambda here, _: here.to_others and not spoken_to(here)):
        assert said in {"ignore", "observe"}


def test_in_its_own_thread_what_is_said_to_others_is_context_and_the_rest_is_answered():
    for here, _, said in every(
        lambda here, owned: (
            (here.who, here.where, here.threads, here.quiet) == ("member", "thread", "owned", False)
            and owned
            and not here.addressed
        )
    ):
        assert said == ("observe" if here.to_others else "answer")


def test_whose_thread_it_is_matters_in_threads_alone_and_not_where_only_mentions_count():
    for here, _, _ in every(lambda here, _: depends_on_owner(here)):
        assert (here.where, here.threads) == ("thread", "owned")
        assert not spoken_to(here)


def test_quiet_means_that_it_has_to_be_addressed():
    for _, _, said in every(lambda here, _: here.quiet and not spoken_to(here)):
        assert said == "ignore"


def test_a_bot_that_was_let_in_has_to_address_it_every_time():
    for here, _, said in every(lambda here, _: here.who == "named bot"):
        assert said == ("answer" if spoken_to(here) else "ignore")


def test_to_listen_to_all_only_adds_answers():
    for here, owned, said in every(lambda here, _: here.listen == "mention"):
        more = verdict(replace(here, listen="all"), owned=owned)
        assert more == said or (said == "ignore" and more == "answer")
        if here.who == "member" and not here.to_others and not here.quiet:
            assert more == "answer"


def test_every_row_of_the_table_decides_something():
    assert {first_row(here, owned=owned) for here, owned in EVERYTHING} == set(TABLE)


# --- a message as a situation -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "role", "who"),
    [
        ({}, "member", "member"),
        ({}, "chat_admin", "member"),
        ({}, "admin", "member"),
        ({}, "owner", "member"),
        ({}, "guest", "guest"),
        ({}, "stranger", "stranger"),
        ({}, "denied", "denied"),
        ({"is_bot": True}, "bot", "bot"),
        ({"is_bot": True}, "denied", "bot"),
        ({"is_bot": True}, "member", "named bot"),
        ({"is_self": True}, "member", "itself"),
        ({"is_self": True, "is_bot": True}, "owner", "itself"),
    ],
)
def test_who_somebody_is_to_the_table(author, role, who):
    assert who_is(replace(ANN, **author), role) == who


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"direct": True}, "direct"),
        ({"direct": True, "address": replace(GROUP, thread="t1")}, "direct"),
        ({}, "room"),
        ({"address": replace(GROUP, thread="t1")}, "thread"),
    ],
)
def test_where_something_was_said(said, where):
    assert situation(replace(SAID, **said), "member").where == where
