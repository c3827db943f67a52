"""Makes the models out of the configuration.

Decides which adapter stands behind which provider and imports only those that are configured. It
starts nothing: what has to run is handed back.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from adapters.llm.breaker import Circuits
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Timeouts
from adapters.llm.wire import Endpoint
from core.ports import Provider
from gateway.config import missing
from gateway.config import providers as shapes

if TYPE_CHECKING:
    import aiohttp

    from adapters.llm.embedded import Embedded
    from core.ports import Model
    from gateway.config import Config

CONNECT = 10.0
"""Seconds for a connection, where the file says nothing."""

PAID = shapes.ChatCompletions | shapes.Responses | shapes.Messages

Service = Callable[[], Awaitable[None]]
"""Something that runs until it is cancelled."""


class ModelState(Protocol):
    """How far a model is, for people. Sizes of the download in bytes, or 0."""

    @property
    def phase(self) -> str:
        """One of fetching, loading, ready, failed."""
        ...

    @property
    def message(self) -> str:
        """The same as a sentence."""
        ...

    @property
    def done(self) -> int:
        """What has arrived."""
        ...

    @property
    def total(self) -> int:
        """What there is to fetch."""
        ...


class LocalModel(Protocol):
    """A model on this machine, as far as people are told of it."""

    @property
    def tiny(self) -> bool:
        """Whether it is the small one that is fetched."""
        ...

    @property
    def state(self) -> ModelState:
        """How far it is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The configured providers, and what has to run for them."""

    providers: dict[str, Provider]
    services: tuple[Service, ...] = ()
    embedded: Mapping[str, LocalModel]
    circuits: dict[str, Circuits] = field(default_factory=dict)

    def take(self, fresh: Models) -> None:
        """Ask these providers from now on instead of those of the same names.

        Those that the file has no more stay: a turn that runs may be asking them.
        """
        self.providers.update(fresh.providers)
        for name in fresh.providers:
            self.circuits.pop(name, None)
        self.circuits.update(fresh.circuits)

    def left_alone(self) -> Mapping[str, float]:
        """Name who failed too often to be asked now, each with the seconds that are left."""
        every = [each.left_alone() for each in self.circuits.values()]
        return {name: left for each in every for name, left in each.items()}


def has_price(config: Config, provider: str) -> bool:
    """Tell whether calls cost something: what runs here is free, unless the operator prices it."""
    priced = {label.partition(":")[0] for label in config.settings.prices}
    return isinstance(config.providers.get(provider), PAID) or provider in priced


def reopen_models(old: Config, new: Config, session: aiohttp.ClientSession) -> Models:
    """Make the providers that are others now; those of this machine wait for a restart.

    Raises:
        ConfigError: a script is not there or not right.
    """
    others = {
        name: shape
        for name, shape in new.providers.items()
        if shape != old.providers.get(name) and not isinstance(shape, shapes.Embedded)
    }
    settings = structs.replace(new.settings, providers=others)
    return open_models(replace(new, settings=settings), session)


def open_models(
    config: Config,
    session: aiohttp.ClientSession,
    changed: Callable[[ModelState], None] | None = None,
) -> Models:
    """Make a model of every configured provider; `changed` hears how far the embedded one is.

    Raises:
        ConfigError: a model's file or script is not there or not right.
    """
    made: dict[str, Provider] = {}
    circuits: dict[str, Circuits] = {}
    services: list[Service] = []
    embedded: dict[str, Embedded] = {}
    secrets = tuple(config.secrets)
    for name, shape in config.providers.items():
        model: Model
        if isinstance(shape, shapes.Embedded):
            embedded[name] = _embedded(shape, config, changed)
            services.append(embedded[name].run)
            model = embedded[name]
        elif isinstance(shape, shapes.Scripted):
            model = _scripted(name, shape)
        else:
            model = _remote(shape, session, secrets)
        options = _options(name, shape)
        if options.circuits is not None:
            circuits[name] = options.circuits
        made[name] = Provider(
            name=name,
            model=compose(model, options=options),
            missing=missing(shape),
            max_parallel=shape.max_parallel,
            small=isinstance(shape, shapes.Embedded) and shape.model_path is None,
            local=not has_price(config, name),
        )
    return Models(
        providers=made,
        services=tuple(services),
        embedded=embedded,
        circuits=circuits,
    )


def _embedded(
    shape: shapes.Embedded, config: Config, changed: Callable[[ModelState], None] | None
) -> Embedded:
    from adapters.llm.embedded import Embedded, EmbeddedOptions

    # Tests and machines with many checkouts share one download.
    folder = os.environ.get("MOA_GATEWAY_MODELS") or config.data_dir / "models"
    options = EmbeddedOptions(
        folder=Path(folder),
        model_path=None if shape.model_path is None else Path(shape.model_path).expanduser(),
        extra_body=shape.extra_body,
    )
    return Embedded(options, changed)


def _scripted(name: str, shape: shapes.Scripted) -> Model:
    from adapters.llm import script
    from adapters.llm.scripted import Scripted

    if shape.script is not None:
        return Scripted(script.load(Path(shape.script).expanduser()))
    return Scripted(script.parse(shape.answers, where=f"providers.{name}.answers"))


def _remote(shape: PAID, session: aiohttp.ClientSession, secrets: tuple[str, ...]) -> Model:
    if isinstance(shape, shapes.Responses):
        from adapters.llm.responses import Responses

        return Responses(session, _endpoint(shape, secrets))
    if isinstance(shape, shapes.Messages):
        from adapters.llm.messages import VERSION, Messages

        return Messages(session, _endpoint(shape, secrets), shape.version or VERSION)
    return ChatCompletions(session, _endpoint(shape, secrets))


def _endpoint(shape: PAID, secrets: tuple[str, ...]) -> Endpoint:
    return Endpoint(
        base_url=shape.base_url,
        api_key=None if shape.api_key is None else shape.api_key.reveal(),
        headers=shape.sent_headers(),
        extra_body=shape.extra_body,
        connect=shape.timeouts.connect or CONNECT,
        unquotable=secrets,
    )


def _options(name: str, shape: shapes.Provider) -> Options:
    usual, wanted = Timeouts(), shape.timeouts
    return Options(
        max_parallel=shape.max_parallel,
        circuits=Circuits(name) if isinstance(shape, PAID) else None,
        timeouts=Timeouts(
            first_token=wanted.first_token or usual.first_token,
            between_tokens=wanted.between_tokens or usual.between_tokens,
            total=wanted.total or usual.total,
        ),
    )
