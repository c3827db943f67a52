"""How an answer may end, whatever its format.

Decides what an end without an answer is called, and the reason that is told of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import ModelBroken, ModelRefused, ModelUnreachable
from core.types import Finish, ToolCall


def require_answer(*, cut: bool, begun: bool) -> None:
    """Refuse an answer that is none.

    Raises:
        ModelUnreachable: it was `cut`: it broke off before its end.
        ModelBroken: it has not even `begun`.
    """
    if cut:
        raise ModelUnreachable("The answer broke off before its end")
    if not begun:
        raise ModelBroken("The provider answered without an answer")


def finish_told(
    reason: Finish, calls: Sequence[ToolCall], *, spoke: bool, refused: bool = False
) -> Finish:
    """Give the reason of an end: a plain one behind tool calls is theirs.

    `refused`: what it says stands where the format has a model's refusals.

    Raises:
        ModelRefused: the provider's filter let nothing through.
    """
    if reason == "content_filter" and not spoke:
        raise ModelRefused("The provider's content filter let no answer through")
    if refused and not calls:
        return "refusal"
    return "tool_calls" if calls and reason == "stop" else reason
