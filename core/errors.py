"""Every failure this project expects.

* GatewayError
  x ConfigError            the operator must change the configuration or the machine
  x UserError              the person must change what they sent; the message is shown to them
    - UnknownPreset
    - PresetUnavailable    a provider that the preset needs is not configured
    - UsageError           a request or a command that cannot be read
    - Overloaded           a queue is full; ask again later
    - TooOften             more than `limits:` lets somebody ask; carries `retry_after`
    - OverBudget           what it may cost is spent; `brief` names the budget
  x ModelError             a model call failed; `kind` says how
    - ModelUnreachable     no connection, or it broke
    - ModelBusy            429, 5xx, overloaded; may carry `retry_after`
    - ModelRefused         400, 401, 403, 404, content filter: asking again is of no use
    - ContextOverflow      the request is longer than the model's window
    - ModelStalled         a deadline passed; `stage` names it
    - ModelBroken          an answer that cannot be read
  x ChatError              a chat platform refused an operation
    - ChatBusy             flood control; carries `retry_after`
      + ChatSpent          not flood control yet: we keep what is left of a rate for finals
    - ChatAway             the platform cannot be reached or is out of order; it comes back
    - ChatUnknown          nobody can tell whether the message was posted
    - MessageGone          the message to edit no longer exists
    - ChatClosed           nothing can be written there any more: kicked, blocked, deleted
    - ChatRefused          the platform does not let the bot in: token, scope, intent
  x FileUnread             a file that came along cannot be read; the text says why, in few words
  x StoreError             the store cannot keep or read what it was given
    - StoreFull            no space left, or read-only
    - StoreDamaged         the file is no database, or a broken one
    - StoreNewer           written by a newer version
    - StoreBusy            another process owns the data
    - TurnTaken            another run of the program goes on with this turn

A vendor's exception never leaves the adapter that met it: it is raised again as one of these.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

FailureKind: TypeAlias = Literal[
    "unreachable", "busy", "refused", "auth", "context", "stalled", "broken", "internal"
]
Stage: TypeAlias = Literal["connect", "first_token", "between_tokens", "total"]


class GatewayError(Exception):
    """Base of every expected failure; its text is fit to be shown."""


class ConfigError(GatewayError):
    """The operator must change the configuration or the machine (exit code 2)."""


class UserError(GatewayError):
    """The person must change what they sent; the text is shown to them."""


class UnknownPreset(UserError):
    """No preset has that name."""


class PresetUnavailable(UserError):
    """A provider that the preset cannot do without is not configured."""


class UsageError(UserError):
    """A request or a command that cannot be read."""


class Overloaded(UserError):
    """Too much is waiting already; ask again later."""


class TooOften(UserError):
    """More than somebody may ask; there is room again in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        """Keep how long it takes."""
        super().__init__(message)
        self.retry_after = retry_after


class OverBudget(UserError):
    """A budget is used up, or the call would go beyond it (MOA-30).

    `brief` is the same in a few words, for a list: "your daily budget is used up".
    """

    def __init__(self, message: str, *, brief: str) -> None:
        """Keep both ways to say it."""
        super().__init__(message)
        self.brief = brief


class ModelError(GatewayError):
    """A model call failed."""

    kind: ClassVar[FailureKind] = "internal"


class ModelUnreachable(ModelError):
    """The provider could not be reached, or the connection broke.

    `connected` is False where there was no connection at all.
    """

    kind: ClassVar[FailureKind] = "unreachable"

    def __init__(self, message: str, *, connected: bool = True) -> None:
        """Keep whether there was a connection."""
        super().__init__(message)
        self.connected = connected


class ModelBusy(ModelError):
    """The provider asks to retry later (429, 5xx, overloaded).

    `retry_after` is in seconds, None where the provider named none.
    """

    kind: ClassVar[FailureKind] = "busy"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the provider's own waiting time, in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class ModelRefused(ModelError):
    """The provider will not answer this request, however often it is asked.

    `status` is the HTTP status, None where there was none.
    """

    kind: ClassVar[FailureKind] = "refused"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the HTTP status, where there was one."""
        super().__init__(message)
        self.status = status


class ModelForbidden(ModelRefused):
    """The key is missing, wrong, or not allowed to use this model (401, 403)."""

    kind: ClassVar[FailureKind] = "auth"


class ContextOverflow(ModelRefused):
    """The request is longer than the model's window."""

    kind: ClassVar[FailureKind] = "context"


class ModelStalled(ModelError):
    """A deadline passed. `stage` says which one."""

    kind: ClassVar[FailureKind] = "stalled"

    def __init__(self, message: str, *, stage: Stage) -> None:
        """Keep which deadline it was."""
        super().__init__(message)
        self.stage: Stage = stage


class ModelBroken(ModelError):
    """The provider's answer cannot be read."""

    kind: ClassVar[FailureKind] = "broken"


class ChatError(GatewayError):
    """A chat platform refused an operation."""


class ChatBusy(ChatError):
    """Flood control: wait `retry_after` seconds, in this chat only."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        """Keep the platform's own waiting time, in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class ChatSpent(ChatBusy):
    """Our own budget for the whole account is spent; nothing was sent.

    `retry_after` is when to look again. Finals never meet it, so it stalls no chat.
    """


class ChatAway(ChatError):
    """The platform cannot be reached, or is out of order; nothing was done. It is worth a wait."""


class ChatUnknown(ChatError):
    """Nobody can tell whether the message was posted; it is never blindly sent again."""


class MessageGone(ChatError):
    """The message to edit no longer exists."""


class ChatClosed(ChatError):
    """Nothing can be written there any more: the bot was kicked or blocked, the place deleted."""


class ChatRefused(ChatError):
    """The platform does not let the bot in (token, scope, intent); the operator must act.

    The text is one line that names what to mend and where.
    """


class FileUnread(GatewayError):
    """A file that came with a question cannot be had or read; asking again is of no use.

    The text goes on a sentence: "x.pdf – not read: it is encrypted".
    """


class StoreError(GatewayError):
    """The store cannot keep or read what it was given."""


class StoreFull(StoreError):
    """There is no space left, or the place is read-only."""


class StoreDamaged(StoreError):
    """The file is no database, or a broken one."""


class StoreNewer(StoreError):
    """The data was written by a newer version of this program."""


class StoreBusy(StoreError):
    """Another process owns the data."""


class TurnTaken(StoreError):
    """Another run of the program has taken the turn up: this one writes and sends nothing more."""
