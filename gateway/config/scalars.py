"""What a scalar of the file means: variables put in, then YAML 1.2.

Decides that `off`, `no` and `1:30` are words, that `010` is ten, and that a plain scalar is
resolved again once its variables are in it, a quoted one never. It reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from gateway.config.report import Path, Report
from gateway.config.text import Scalar

Meaning: TypeAlias = None | bool | int | float | str

# `$${` is a literal `${`. A default ends at the first brace.
_VARIABLE = re.compile(
    r"(?P<literal>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<open>\$\{)"
)
# Nobody means a number of a hundred digits, and Python refuses one of five thousand.
_INT = re.compile(r"[-+]?[0-9]{1,100}")
_BASED = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,100}|[0-9]{1,100}(\.[0-9]{0,100})?)([eE][-+]?[0-9]{1,5})?")
_WORDS: Mapping[str, Meaning] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def meaning(scalar: Scalar) -> Meaning:
    """Resolve a scalar as the core schema of YAML 1.2 does; a quoted one is text."""
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def expand(
    scalar: Scalar, path: Path, *, environ: Mapping[str, str], report: Report
) -> Scalar | None:
    """Put the variables in; None when one is missing, which the report then tells."""
    if "${" not in scalar.text:
        return scalar
    told = [_mistake(found, environ) for found in _VARIABLE.finditer(scalar.text)]
    for each in filter(None, told):
        report.add(path, each)
    if any(told):
        return None
    text = _VARIABLE.sub(lambda found: _value(found, environ), scalar.text)
    # A plain scalar cannot begin or end with blanks; one from a variable should not either.
    return replace(scalar, text=text.strip() if scalar.plain else text)


def _mistake(found: re.Match[str], environ: Mapping[str, str]) -> str:
    """Say what is wrong with a variable, or nothing."""
    if found["open"]:
        return "a variable is written ${NAME} or ${NAME:-default}"
    if found["literal"] or found["default"] is not None or found["name"] in environ:
        return ""
    return f"the variable {found['name']} is not set and has no default"


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    """Give what a variable without a mistake stands for; a blank one gives way to its default."""
    if found["literal"]:
        return "${"
    return environ.get(found["name"], "") or found["default"] or ""
