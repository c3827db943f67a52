"""Shows what counts as somebody's id, and that names never do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.identity import Named, mistaken, named


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("telegram", "555000111"),
        ("telegram", "-100123"),
        ("telegram", "chat:-100123"),
        ("discord", "80351110224678912"),
        ("discord", "guild:42"),
        ("discord", "role:7"),
        ("slack", "U024BE7LH"),
        ("slack", "W024BE7LH"),
        ("slack", "T0123"),
        ("slack", "E0123"),
        ("slack", "S0123"),
        ("slack", "chat:C024BE91L"),
        ("web", "ann@example.org"),
        ("", "whatever"),
    ],
)
def test_ids_count(kind, rest):
    assert not mistaken(kind, rest)


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("telegram", "@ann"),
        ("telegram", "ann"),
        ("telegram", "chat:team"),
        ("discord", "Ann"),
        ("discord", "role:Admins"),
        ("discord", "server:42"),
        ("slack", "@ann"),
        ("slack", "ann"),
        ("slack", "#general"),
        ("slack", "group:S0123"),
    ],
)
def test_names_do_not(kind, rest):
    assert "only ids count" in mistaken(kind, rest)


def test_owners_are_people():
    assert "own id" in mistaken("slack", "T0123", person=True)
    assert "own id" in mistaken("discord", "role:7", person=True)
    assert not mistaken("slack", "W024BE7LH", person=True)


@pytest.mark.parametrize(
    ("args", "kind", "person", "seconds"),
    [
        ("<@U024BE7LH|ann> 1h", "slack", "U024BE7LH", 3600),
        ("<@U024BE7LH>", "slack", "U024BE7LH", None),
        ("@U024BE7LH 30min", "slack", "U024BE7LH", 1800),
        ("slack-eu:W024BE7LH", "slack", "W024BE7LH", None),
        ("<@!8035> 2d", "discord", "8035", 172_800),
        ("555000111 1w", "telegram", "555000111", 604_800),
    ],
)
def test_somebody_is_named_by_a_mention_or_an_id(args, kind, person, seconds):
    assert named(args, kind, "slack-eu") == Named(person=person, seconds=seconds)


@pytest.mark.parametrize(
    "args",
    ["", "   ", "@ann", "ann 1h", "U1 1h now", "U024BE7LH soon", "U024BE7LH 0h", "T0123", "<@ann>"],
)
def test_nobody_is_named_by_a_name(args):
    with pytest.raises(UsageError):
        named(args, "slack", "slack")


@given(st.text(), st.sampled_from(["telegram", "discord", "slack", "web"]))
def test_whatever_is_written_it_is_an_id_or_refused(args, kind):
    try:
        found = named(args, kind, "x")
    except UsageError:
        return
    assert not mistaken(kind, found.person, person=True)
