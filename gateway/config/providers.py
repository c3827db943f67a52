"""The shape of `providers:`: one struct for each way to reach a model, told apart by `api`.

Decides what makes a provider unusable before anything is sent (MOA-7). It opens no
connection.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from gateway.config.shape import Block, Count, Seconds
from gateway.config.values import Secret, Url, Version


class Timeouts(Block, frozen=True, kw_only=True):
    """Seconds; None leaves it to the program."""

    connect: Seconds | None = None
    first_token: Seconds | None = None
    between_tokens: Seconds | None = None
    total: Seconds | None = None


class _Provider(Block, frozen=True, kw_only=True, tag_field="api"):
    max_parallel: Count | None = None
    headers: dict[str, Secret] = {}
    extra_body: dict[str, Any] = {}
    timeouts: Timeouts = Timeouts()

    def sent_headers(self) -> dict[str, str]:
        """Give the extra headers in the clear; a blank one is not sent."""
        return {name: value.reveal() for name, value in self.headers.items() if value}


class ChatCompletions(_Provider, frozen=True, kw_only=True, tag="chat_completions"):
    """OpenAI's Chat Completions, which nearly every server speaks."""

    base_url: Url
    api_key: Secret | None = None


class Responses(_Provider, frozen=True, kw_only=True, tag="responses"):
    """OpenAI's Responses."""

    base_url: Url
    api_key: Secret | None = None


class Messages(_Provider, frozen=True, kw_only=True, tag="messages"):
    """Anthropic's Messages; `version` None is the one that every server knows."""

    base_url: Url
    api_key: Secret | None = None
    version: Version | None = None


class Embedded(_Provider, frozen=True, kw_only=True, tag="embedded"):
    """The small model on this machine, or another GGUF file."""

    model_path: str | None = None


class Scripted(_Provider, frozen=True, kw_only=True, tag="scripted"):
    """Answers by model, written here or in the file `script`; for tests and rehearsals."""

    answers: dict[str, Any] = {}
    script: str | None = None


Provider: TypeAlias = ChatCompletions | Responses | Messages | Embedded | Scripted


def missing(provider: Provider) -> str:
    """Say why a provider cannot be used (MOA-7), or nothing.

    A blank key leaves it unconfigured; where the key is left out, none is sent.
    """
    keyed = ChatCompletions | Responses | Messages
    if isinstance(provider, keyed) and provider.api_key is not None:
        return "" if provider.api_key else "no key"
    return ""
