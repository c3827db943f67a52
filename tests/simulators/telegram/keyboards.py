"""What may stand under a message. Refuses as the platform does, else gives it as it is shown."""

from __future__ import annotations

from typing import Any

from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.state import Wire

MOST_BUTTONS = 100
MOST_IN_ROW = 8
LONGEST_DATA = 64
LONGEST_COPY = 256
DOES = (
    "callback_data",
    "url",
    "copy_text",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "web_app",
    "login_url",
    "pay",
)
OTHERS = ("keyboard", "remove_keyboard", "force_reply")


def keyboard(given: dict[str, Any]) -> Wire | None:
    """Read `reply_markup`; None where nothing stands under the message.

    Beyond eight buttons a row and a hundred in all the platform drops or refuses, depending on
    the client: here it is refused, so that nobody relies on it.
    """
    if not given or any(other in given for other in OTHERS):
        return None
    if "inline_keyboard" not in given:
        raise bad("object expected as reply markup")
    rows = given["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array of Arrays')
    if sum(len(row) for row in rows) > MOST_BUTTONS or any(len(row) > MOST_IN_ROW for row in rows):
        raise bad("reply markup is too long")
    kept = [[_button(each) for each in row] for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> Wire:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: expected an Object")
    if not str(button.get("text", "")).strip():
        raise bad("can't parse inline keyboard button: Button text must be non-empty")
    if sum(name in button for name in DOES) != 1:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_DATA:
        raise bad("BUTTON_DATA_INVALID")
    copied = button.get("copy_text")
    if copied is not None and not 1 <= len(str(copied.get("text", ""))) <= LONGEST_COPY:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(("http://", "https://", "tg://")):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    return dict(button)
