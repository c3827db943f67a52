"""What goes out to a messenger, told by kinds: for a test that has to have seen all of them.

Everybody in it means it ill: what they are called, what they ask, what models advise and answer,
what a tool is given and a provider complains of has an address and calls people.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests import harmless_calls
from tests.gateway.messenger_scene import Models
from tests.harmless_calls import SUPPRESS_EMBEDS, Params
from tests.simulators.base import Request
from tests.simulators.provider import Reply
from tests.transcripts.stages import Stage, Where, opened

ADDRESS = "https://evil.example/?q=secret"
EVIL = "evil.example"
QUIET = ("unfurl_links", "unfurl_media")
CROWD = "@everyone @here <!channel> <!here> <!subteam^S123|all>"
SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"

UPLOADS = {
    "telegram": "sendDocument",
    "discord": "create_message",
    "slack": "files.completeUploadExternal",
}


def _telegram(method: str, params: Params) -> bool:
    if method not in {"sendMessage", "editMessageText"}:
        return True
    return bool(json.loads(params["link_preview_options"]) == {"is_disabled": True})


def _discord(method: str, params: Params) -> bool:
    form = params.get("data", {}) if method == "callback" else params
    if not {"content", "components"} & set(form):
        return True
    allowed = form["allowed_mentions"]
    return (
        bool(form["flags"] & SUPPRESS_EMBEDS) and allowed["parse"] == [] and "roles" not in allowed
    )


def _slack(method: str, params: Params) -> bool:
    if method not in {"chat.postMessage", "chat.update", "chat.postEphemeral", "respond"}:
        return True
    return all(str(params[each]).lower() in {"false", "0"} for each in QUIET)


OFF: Final = {"telegram": _telegram, "discord": _discord, "slack": _slack}
"""Whether a call that takes a switch has it off: said once more, in other words than the rule."""


@dataclass(slots=True)
class Talk:
    """A messenger's people and its log. `seen` are the kinds that went out, each with its calls."""

    stage: Stage
    models: Models
    eve: Any
    seen: dict[str, list[Request]] = field(default_factory=dict)
    _from: int = 0

    @property
    def bait(self) -> str:
        """What whoever means it ill writes everywhere."""
        return f"{ADDRESS} {CROWD} {self.stage.name_of(self.stage.ben)}"

    def says(self, text: str, **more: Any) -> None:
        """Let the aggregator say that from now on."""
        self.models.replies["big"] = Reply(text=text, size=400, **more)

    def calls(self) -> list[Request]:
        """Give all that the bot has sent so far."""
        return list(self.stage.sim.requests.entries)

    def methods(self) -> set[str]:
        """Name the calls that it has made."""
        return {each.method for each in self.calls()}

    async def sees(
        self, kind: str, words: str, *, but: str = "", method: str = "", evil: bool = False
    ) -> None:
        """Wait until a call goes out with these words, and without `but`; it is of this kind.

        `evil`: what others wrote stands in it. `method` is the name of the call, or what it has.
        """

        def found() -> list[Request]:
            return [
                each
                for each in self.calls()[self._from :]
                if method in each.method
                and words in (text := written(each))
                and not (but and but in text)
                and (EVIL in text or not evil)
            ]

        try:
            await self.stage.until(found)
        except AssertionError as error:
            raise AssertionError(f"{kind} ({words!r}) never went out: {str(error)[:200]}") from None
        self.seen.setdefault(kind, []).extend(found())

    async def sends(self, kind: str, name: str, where: Where) -> None:
        """Wait until a file is there that is called so; what brought it is of this kind."""
        await self.stage.until(
            lambda: any(name in each for one in self.stage.seen(where) for each in one.files)
        )
        new = self.calls()[self._from :]
        method = UPLOADS[self.stage.platform]
        self.seen[kind] = [each for each in new if each.method == method]

    def _shown(self) -> list[Any]:
        places = [*self.stage.places.values()]
        if self.stage.platform == "discord":
            places += [each for place in places for each in self.stage.sim.threads(place)]
        return [each for place in places for each in self.stage.sim.shown(place)]

    def called(self) -> set[str]:
        """Give whom the messenger itself would have told that they were mentioned."""
        return {each for shown in self._shown() for each in shown.pings}

    def anew(self) -> None:
        """Look at what goes out from here on."""
        self._from = len(self.calls())

    def configured(self) -> str:
        """Let everybody in, with a server of tools; Eve decides."""
        whole: dict[str, Any] = yaml.safe_load(self.stage.configured({}))
        whole["providers"] = {"p": {"api": "chat_completions", "base_url": self.models.base_url}}
        whole["budgets"]["unpriced"] = 1
        whole["defaults"] = {"introduce": True}
        admins = [f"{self.stage.platform}:{self.eve.id}"]
        whole["access"] |= {"chat_admins": False, "admins": admins}
        whole["tools"] = {"servers": {"files": {"command": [sys.executable, str(SERVER)]}}}
        return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


def written(call: Request) -> str:
    """Give every text in a call."""
    return "\n".join(text for _, text in harmless_calls.texts(call.params))


def wanting(text: str) -> Reply:
    """Let a model want to say something by its tool."""
    function = {"name": "files__say", "arguments": json.dumps({"text": text})}
    call = {"id": "call_1", "type": "function", "function": function}
    return Reply(text="", tool_calls=(call,))


@asynccontextmanager
async def talking(messenger: str) -> AsyncIterator[Talk]:
    """Open a messenger, and models that say what they should not."""
    async with opened(messenger) as stage, Models() as models:
        evil = f"{ADDRESS} @everyone <!channel>"
        stage.ann = stage.sim.person(f"Ann {evil}")
        stage.places["dm"] = stage.sim.dm(stage.ann)
        talk = Talk(stage, models, stage.sim.person(f"Eve {evil}"))
        for name, words in (("a", "Take"), ("b", "Walk")):
            models.replies[name] = Reply(text=f"{words} {talk.bait} there.")
        yield talk
