"""Shows which words are a command, and that everything longer is a question."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Asked, Words, asked, choice, misread, names_person, read
from core.menu import ALIASES, MENU, entry
from core.presets import DEFAULT, OFF, RESERVED, Catalogue, Preset, Slot

BIG = Slot(provider="p", model="big")
CATALOGUE = Catalogue(
    presets={name: Preset(name=name, aggregator=BIG) for name in ("review", "quick", "two words")},
    default="review",
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stop", Words(name="stop")),
        ("  Stop! ", Words(name="stop")),
        ("help", Words(name="help")),
        ("cost.", Words(name="cost")),
        ("retry", Words(name="retry")),
        ("Retry all", Words(name="retry", args="all")),
        ("moa", Words(name="moa")),
        ("MOA review", Words(name="moa", args="review")),
        ("preset quick", Words(name="moa", args="quick")),
        ("moa moa/quick", Words(name="moa", args="moa/quick")),
        ("moa revew", Words(name="moa", args="revew")),
        ("moa review thread", Words(name="moa", args="review thread")),
        ("moa review Channel", Words(name="moa", args="review Channel")),
        ("moa two words", Words(name="moa", args="two words")),
        ("moa two words me", Words(name="moa", args="two words me")),
        ("moa off", Words(name="moa", args="off")),
        ("moa default", Words(name="moa", args="default")),
        ("ask preset:quick Why\nnot?", Words(name="ask", args="preset:quick Why\nnot?")),
        ("Ask preset:nobody Why?", Words(name="ask", args="preset:nobody Why?")),
        ("ask preset:", Words(name="ask", args="preset:")),
        ('ask preset:"two words" Why?', Words(name="ask", args='preset:"two words" Why?')),
    ],
)
def test_a_text_that_fits_whole_is_a_command(text, words):
    assert read(text, CATALOGUE) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stop the war",
        "stop?",
        "help me",
        "cost of living",
        "moa is a bird",
        "moa review this text",
        "moa: what is it?",
        "moas",
        "preset values of a form",
        "retry\nthis",
        "retry all of it",
        "retry all.",
        "stop all",
        "Moa review, please",
        "/stop",
        "ask why",
        "ask",
        "ask: preset:quick why?",
        "start",
        "moa.",
        "cost of preset:quick",
    ],
)
def test_anything_longer_is_a_question(text):
    assert read(text, CATALOGUE) is None


@given(st.text())
def test_any_text_can_be_read(text):
    words = read(text, CATALOGUE)
    assert words is None or words.name in {entry.name for entry in MENU}
    asked(text)


NAMES = st.sampled_from([*(each.name for each in MENU), *ALIASES])


@given(NAMES, st.text(min_size=1))
def test_what_follows_a_word_and_does_not_fit_makes_a_question_of_it(name, rest):
    words = read(f"{name} {rest}", CATALOGUE)
    known = entry(name)
    assert known is not None
    if words is None or not rest.strip():
        return
    if known.name == "moa":
        preset, _ = choice(words.args, CATALOGUE)
        assert CATALOGUE.find(preset) is not None or len(words.args.split()) <= 2
    elif known.name == "ask":
        assert words.args.lower().startswith("preset:")
    else:
        assert re.fullmatch(known.words or "", words.args, re.IGNORECASE | re.DOTALL)


@given(NAMES, st.sampled_from([" the war", " me why", " is it?", ", please", " a b c d"]))
def test_a_word_with_a_sentence_behind_it_is_a_question(name, rest):
    assert read(name + rest, CATALOGUE) is None


@given(st.sampled_from(sorted(CATALOGUE.presets)), st.sampled_from(["here", "thread", "me"]))
def test_a_choice_is_a_name_and_perhaps_where_it_holds(name, scope):
    assert choice(f" {name}  ", CATALOGUE) == (name, "here")
    assert choice(f"{name} {scope}", CATALOGUE) == (name, scope)


@pytest.mark.parametrize("word", sorted(RESERVED - {OFF, DEFAULT}))
def test_moa_2_a_word_that_is_reserved_names_no_preset_and_only_looks(word):
    presets = {word: Preset(name=word, aggregator=BIG)}
    named = Catalogue(presets=presets, default=word)
    name, scope = choice(word.upper(), named)
    assert name == ""
    assert scope == (word if word in {"thread", "channel", "me"} else "here")
    assert choice(f"moa/{word} me", named) == (f"moa/{word}", "me")
    assert read(f"moa {word}", CATALOGUE) == Words(name="moa", args=word)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ("Why?", Asked(text="Why?")),
        ("preset:quick Why\nnot?", Asked(text="Why\nnot?", preset="quick")),
        ('preset:"two words" Why?', Asked(text="Why?", preset="two words")),
        ("Preset:quick", Asked(text="", preset="quick")),
        ("preset:", Asked(text="")),
        ("preset: Why?", Asked(text="")),
        ("which preset:quick is it?", Asked(text="which preset:quick is it?")),
        ("  ", Asked(text="")),
    ],
)
def test_a_question_may_name_its_preset(args, wanted):
    assert asked(args) == wanted


@pytest.mark.parametrize("text", ["allow <@U024BE7LH>", "deny <@!8035> 1h", "Allow <@U1|ann> 30m"])
def test_whom_a_command_names_is_told_by_the_mention_itself(text):
    assert names_person(text)


@pytest.mark.parametrize(
    "text", ["allow @ann", "ask <@U1> this", "allow me to ask <@U1>", "<@U1> allow", "allow", ""]
)
def test_a_question_with_a_mention_in_it_names_nobody(text):
    assert not names_person(text)


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("allow <@U024BE7LH> 1h", "allow", "<@U024BE7LH> 1h"),
        ("deny 555000111", "deny", "555000111"),
        ("pair K7MP-2QXW", "pair", "K7MP-2QXW"),
        ("pair k7mp2qxw", "pair", "k7mp2qxw"),
    ],
)
def test_words_let_in_and_shut_out(text, name, args):
    assert read(text, CATALOGUE) == Words(name=name, args=args)


@pytest.mark.parametrize(
    "text", ["allow us to go on", "deny everything", "allow html5 here", "pair programming helps?"]
)
def test_a_question_lets_nobody_in(text):
    assert read(text, CATALOGUE) is None


@pytest.mark.parametrize(
    ("name", "args"),
    [("undo", "now please"), ("new", "game"), ("compact", "all"), ("retry", "maybe")],
)
def test_what_changes_something_is_not_done_where_anything_else_follows_its_name(name, args):
    assert misread(name, args).startswith("Nothing was done")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("undo", ""),
        ("undo", " ! "),
        ("retry", "ALL"),
        ("stop", "it now"),
        ("ask", "me"),
        ("x", "y"),
    ],
)
def test_other_commands_are_left_to_whoever_obeys_them(name, args):
    assert not misread(name, args)
