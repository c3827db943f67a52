"""Shows how pairing codes look, and what is read as one."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from core.pairing import ALPHABET, LENGTH, digest, new_code, read_code


def test_a_code_has_eight_signs_none_of_which_looks_like_another():
    code = new_code(secrets.choice)
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set("01OILU") & set(ALPHABET)
    assert new_code(secrets.choice) != code


@given(st.text(alphabet=ALPHABET, min_size=LENGTH, max_size=LENGTH))
def test_a_code_is_read_however_it_is_spaced(code):
    assert read_code(code) == code
    assert read_code(f" {code[:4].lower()}-{code[4:]} ") == code
    assert code not in digest(code)
    assert digest(code) == digest(code)


@given(st.text())
def test_what_is_no_code_is_none(text):
    code = read_code(text)
    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET))
    assert read_code("K7MP2QX") is None
    assert read_code("K7MP2QX0") is None
