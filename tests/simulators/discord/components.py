"""What Discord refuses in the components of a message, old rows and Components V2. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.simulators.discord.errors import Broken, members, text, wrong

ROW, BUTTON, SELECT, SECTION, TEXT, THUMBNAIL, GALLERY = 1, 2, 3, 9, 10, 11, 12
FILE, SEPARATOR, CONTAINER = 13, 14, 17
SELECTS = {3, 5, 6, 7, 8}
INSIDE = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR}
MOST, MOST_TEXT, MOST_BYTES, LINK, PREMIUM = 40, 4000, 10_170, 5, 6

Component = dict[str, Any]


def check(given: object, *, v2: bool) -> list[Component]:
    """Refuse components that are wrong, else give them with their numbers."""
    listed = members(given, "components", MOST if v2 else 5)
    allowed = INSIDE | {CONTAINER} if v2 else {ROW}
    for place, each in enumerate(listed):
        _one(each, f"components.{place}", allowed)
    whole = list(walk(listed))
    if v2 and len(whole) > MOST:
        words = f"The total number of components must be {MOST} or fewer."
        raise wrong("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", words)
    _texts([each["content"] for each in whole if each["type"] == TEXT])
    ids = [each["custom_id"] for each in whole if "custom_id" in each]
    if len(ids) != len(set(ids)):
        words = "Component custom id cannot be duplicated"
        raise wrong("components", "COMPONENT_CUSTOM_ID_DUPLICATED", words)
    for number, each in enumerate(whole, 1):
        each.setdefault("id", number)
    return listed


def _texts(contents: Sequence[str]) -> None:
    """4000 characters; bytes are limited, too, which Discord tells nobody (api-docs #8554)."""
    if sum(map(len, contents)) > MOST_TEXT:
        words = f"Components displayable text size exceeds maximum size of {MOST_TEXT}"
        raise wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", words)
    if sum(len(each.encode()) + 12 for each in contents) > MOST_BYTES:
        raise Broken


def walk(listed: Sequence[Component]) -> Iterator[Component]:
    """Every component, parents first."""
    for each in listed:
        yield each
        yield from walk(each.get("components") or ())
        if isinstance(each.get("accessory"), dict):
            yield each["accessory"]


def _one(each: object, path: str, allowed: set[int]) -> None:
    if not isinstance(each, dict):
        raise wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    kind = each.get("type")
    if kind not in allowed:
        words = f"Value must be one of {{{', '.join(map(str, sorted(allowed)))}}}."
        raise wrong(f"{path}.type", "BASE_TYPE_CHOICES", words)
    if kind == CONTAINER:
        _children(each, path, MOST, INSIDE)
    elif kind == TEXT:
        text(each.get("content"), f"{path}.content", MOST_TEXT, least=1)
    elif kind in {FILE, THUMBNAIL}:
        _media(each, path, "file" if kind == FILE else "media")
    elif kind in SELECTS:
        _select(each, path)
    elif kind in BUILT:
        BUILT[kind](each, path)


def _children(each: Component, path: str, most: int, allowed: set[int]) -> None:
    listed = members(each.get("components"), f"{path}.components", most, least=1)
    for place, child in enumerate(listed):
        _one(child, f"{path}.components.{place}", allowed)


def _row(each: Component, path: str) -> None:
    _children(each, path, 5, {BUTTON} | SELECTS)
    inside = each["components"]
    if len(inside) > 1 and any(child["type"] in SELECTS for child in inside):
        words = "A select has to be alone in its row."
        raise wrong(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words)


def _section(each: Component, path: str) -> None:
    _children(each, path, 3, {TEXT})
    if "accessory" not in each:
        raise wrong(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
    _one(each["accessory"], f"{path}.accessory", {BUTTON, THUMBNAIL})


def _button(each: Component, path: str) -> None:
    style = each.get("style")
    if style not in {1, 2, 3, 4, LINK, PREMIUM}:
        raise wrong(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of (1 to 6).")
    if style == LINK:
        text(each.get("url"), f"{path}.url", 512, least=1)
        if "custom_id" in each:
            words = "A custom id and url cannot both be specified"
            raise wrong(path, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", words)
    elif style != PREMIUM:
        _custom_id(each, path)
    if each.get("label") is not None:
        text(each["label"], f"{path}.label", 80)
    if not each.get("label") and not each.get("emoji") and style != PREMIUM:
        words = "A label or emoji must be specified"
        raise wrong(path, "BUTTON_COMPONENT_INVALID_LABEL", words)


def _custom_id(each: Component, path: str) -> None:
    if not each.get("custom_id"):
        raise wrong(f"{path}.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
    text(each["custom_id"], f"{path}.custom_id", 100, least=1)


def _select(each: Component, path: str) -> None:
    _custom_id(each, path)
    if each.get("placeholder") is not None:
        text(each["placeholder"], f"{path}.placeholder", 150)
    if each["type"] != SELECT:
        return
    options = members(each.get("options"), f"{path}.options", 25, least=1)
    for place, option in enumerate(options):
        at = f"{path}.options.{place}"
        for name in ("label", "value"):
            text(option.get(name), f"{at}.{name}", 100, least=1)
        if option.get("description") is not None:
            text(option["description"], f"{at}.description", 100)
    values = [option["value"] for option in options]
    if len(values) != len(set(values)):
        words = "The specified option value is already used"
        raise wrong(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", words)
    if not 0 <= each.get("min_values", 1) <= each.get("max_values", 1) <= len(options):
        raise wrong(f"{path}.max_values", "NUMBER_TYPE_MAX", "Must fit the options.")


def _gallery(each: Component, path: str) -> None:
    items = members(each.get("items"), f"{path}.items", 10, least=1)
    for place, item in enumerate(items):
        _media(item, f"{path}.items.{place}", "media")


def _media(each: Component, path: str, name: str) -> None:
    url = (each.get(name) or {}).get("url")
    text(url, f"{path}.{name}.url", 2048, least=1)
    schemes = ("attachment://",) if name == "file" else ("attachment://", "http://", "https://")
    if not str(url).startswith(schemes):
        words = "Scheme must be one of ('attachment', 'http', 'https')."
        raise wrong(f"{path}.{name}.url", "URL_TYPE_INVALID_SCHEME", words)


BUILT = {ROW: _row, SECTION: _section, BUTTON: _button, GALLERY: _gallery}
