"""What the command line may ask of the gateway that is running. Decides nothing of what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit import COMMAND_LINE
from core.commands import number_in
from core.errors import UsageError
from core.texts import access as said
from core.texts import backlog as aside
from core.texts.names import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.types import Json
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.backlog.backlog import Backlog
    from gateway.control import Asked
    from gateway.program.reloading import Reloading


def orders(doors: Doorkeeper, reloading: Reloading, backlog: Backlog) -> Mapping[str, Asked]:
    """Give what can be asked for, by name."""

    async def pair(wanted: Mapping[str, str]) -> Json:
        found = await doors.approve(wanted.get("code", ""), None, by=COMMAND_LINE)
        return said.paired(f"{found.platform}:{found.person}")

    async def retry(wanted: Mapping[str, str]) -> Json:
        number = number_in(wanted["number"])
        if number is None or not await backlog.answer(await backlog.letter(number)):
            raise UsageError(aside.NO_LETTER.format(number=named(wanted["number"])))
        return aside.TRIED_NOW.format(number=number)

    return {"pair": pair, "reload": reloading.order, "retry": retry}
