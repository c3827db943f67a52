"""The embedded model: fetched once, run in a child process, asked like any other provider.

Decides when the child is started again, which of its caches a call uses, and what a model this
small needs that nobody asked for (a low temperature, short answers). It never decides how it is
fetched (`embedded_fetch`), set up (`embedded_server`) or spoken to (`chat_completions`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import aiohttp

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.embedded_child import Child, running
from adapters.llm.embedded_fetch import SMOLLM2, Weights, fetch
from adapters.llm.wire import Endpoint
from core.calls import Chunk, ModelCall
from core.errors import ConfigError, ModelUnreachable
from core.types import Json

PARALLEL = 4
"""Calls that the child answers at once: the aggregator's cache, and three for references."""

STEADY = 60.0
"""Seconds that a child has to live for its next death to count as the first."""
LONGEST_PAUSE = 30.0

Phase: TypeAlias = Literal["fetching", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How far the model is, for people. `done` and `total` are bytes of the download, or 0."""

    phase: Phase
    message: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedOptions:
    """`folder` keeps the fetched file; a `model_path` is used as it is and fetches nothing.

    `patience` is how long a call waits for the model to be ready, and `loading` how long the
    model may take to load, in seconds. `python` runs pip and the child.
    """

    folder: Path
    model_path: Path | None = None
    extra_body: Mapping[str, Json] = field(default_factory=dict)
    weights: Weights = SMOLLM2
    patience: float = 60.0
    loading: float = 120.0
    python: str = sys.executable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Serving:
    """A child that answers, and how it is spoken to."""

    child: Child
    codec: ChatCompletions


class Embedded:
    """A model on this machine: a `core.ports.Model` as long as somebody keeps `run` running."""

    def __init__(
        self, options: EmbeddedOptions, changed: Callable[[Readiness], None] | None = None
    ) -> None:
        """Check what can be checked at once; `changed` is told every step, and must be quick.

        Raises:
            ConfigError: there is no file at `model_path`.
        """
        if options.model_path is not None and not options.model_path.is_file():
            raise ConfigError(f"model_path: there is no file {options.model_path}.")
        self._options = options
        self._changed = changed
        self._state = Readiness(phase="loading", message="The model is not started yet.")
        self._turned = asyncio.Event()  # a new one for every state
        self._wanted = asyncio.Event()
        self._serving: _Serving | None = None

    @property
    def tiny(self) -> bool:
        """Whether it is the small model that is fetched, and not a file of the operator's."""
        return self._options.model_path is None

    @property
    def state(self) -> Readiness:
        """How far it is now."""
        return self._state

    async def run(self) -> None:
        """Fetch the model, start it, start it again when it dies; until cancelled."""
        pause = 0.0
        try:
            while True:
                try:
                    lived = await self._serve(await self._locate())
                except (ConfigError, ModelUnreachable) as error:
                    await self._until_wanted(str(error))
                    continue
                pause = 0.0 if lived > STEADY else min(2 * pause + 0.1, LONGEST_PAUSE)
                await asyncio.sleep(pause)
        finally:
            self._now("failed", "It is stopped.")

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Wait until the model is ready, within bounds, and ask it."""
        serving = await self._ready()
        chunks = serving.codec.stream(fit(call, tiny=self.tiny))
        try:
            async for chunk in chunks:
                yield chunk
        except ModelUnreachable:
            await self._noticed(serving)
            raise
        finally:
            await chunks.aclose()

    # --- the life of the child ----------------------------------------------------------------

    async def _locate(self) -> Path:
        options = self._options
        if options.model_path is not None:
            return options.model_path
        self._now("loading", "Looking for the model's file.")
        began = time.monotonic()

        def arrived(done: int, total: int) -> None:
            size = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            text = f"Fetching a small model: {size}, {time.monotonic() - began:.0f} s."
            self._now("fetching", text, done=done, total=total)

        return await fetch(options.weights, options.folder, arrived, python=options.python)

    async def _serve(self, model: Path) -> float:
        """Run the child until it dies; give the seconds that it lived."""
        self._now("loading", f"Loading {model.name}.")
        options = self._options
        async with running(model, python=options.python, within=options.loading) as child:
            # llama.cpp closes idle connections, and a call that meets a closed one would fail.
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
                endpoint = Endpoint(
                    base_url=f"{child.address}/v1",
                    api_key=child.key,
                    extra_body=options.extra_body,
                )
                codec = ChatCompletions(session, endpoint)
                self._serving = _Serving(child=child, codec=codec)
                self._now("ready", f"{model.name} is ready.")
                began = time.monotonic()
                try:
                    await child.ended()
                finally:
                    self._serving = None
                self._now("loading", "The model's process died; it is started again.")
        return time.monotonic() - began

    async def _until_wanted(self, message: str) -> None:
        self._wanted.clear()
        self._now("failed", message)
        await self._wanted.wait()

    def _now(self, phase: Phase, message: str, *, done: int = 0, total: int = 0) -> None:
        self._state = Readiness(phase=phase, message=message, done=done, total=total)
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()
        if self._changed is not None:
            self._changed(self._state)

    # --- what a call waits for ----------------------------------------------------------------

    async def _ready(self) -> _Serving:
        """Wait for the child. A call that meets a failure asks for one new attempt.

        Raises:
            ModelUnreachable: it is not ready in time, or the new attempt failed too.
        """
        self._wanted.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.patience):
                while self._serving is None:
                    await self._turned.wait()
                    if self._state.phase == "failed":
                        break
        if self._serving is None:
            raise ModelUnreachable(f"The model on this machine is not ready: {self._state.message}")
        return self._serving

    async def _noticed(self, gone: _Serving) -> None:
        """Wait until the death of the child is known here, so that the next call waits too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while self._serving is gone:
                    await self._turned.wait()


# --- what a call becomes ------------------------------------------------------------------------

TEMPERATURE, TOP_P = 0.2, 0.9
"""Anything livelier, and any repeat penalty, turns a model of 135 M parameters to nonsense."""
REFERENCE_TOKENS, ANSWER_TOKENS = 48, 256
"""Caps for the small model: what it says after a few sentences repeats itself."""

ABOUT_TOOLS = frozenset({"tool_choice", "parallel_tool_calls"})


def fit(call: ModelCall, *, tiny: bool) -> ModelCall:
    """Give a call its own cache and, for the small model, the manners it needs.

    One cache is the aggregator's and three are the references', so nobody's prompt pushes
    another's out. What the call says wins, except that a reference's cap is a bound. The small
    model's chat template has no place for tools: they are left out.
    """
    own_cache = (call.position - 1) % (PARALLEL - 1) + 1 if call.position else 0
    slot = replace(call.slot, extra_body={**call.slot.extra_body, "id_slot": own_cache})
    if not tiny:
        return replace(call, slot=slot, extra={"cache_prompt": True, **call.extra})
    asked = {name: value for name, value in call.extra.items() if name not in ABOUT_TOOLS}
    cap = ANSWER_TOKENS if call.max_tokens is None else call.max_tokens
    return replace(
        call,
        slot=slot,
        tools=(),
        extra={"cache_prompt": True, "top_p": TOP_P, **asked},
        temperature=TEMPERATURE if call.temperature is None else call.temperature,
        max_tokens=min(REFERENCE_TOKENS, cap) if call.position else cap,
    )
