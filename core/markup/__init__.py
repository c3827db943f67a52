"""Markdown of models, made fit for chats: sanitise, close while it streams, split.

Platform-neutral and pure. Rendering, and what a mention is, belong to the adapters.
"""

from __future__ import annotations

from core.markup.close import Closer, close
from core.markup.gist import gist
from core.markup.hold import settled
from core.markup.longcode import LongCode, take_out
from core.markup.sanitise import neutralise, sanitise, strip, whole
from core.markup.split import Measure, Splitter, measure_of, split, utf16
from core.markup.stream import Streamed

__all__ = [
    "Closer",
    "LongCode",
    "Measure",
    "Splitter",
    "Streamed",
    "close",
    "gist",
    "measure_of",
    "neutralise",
    "sanitise",
    "settled",
    "split",
    "strip",
    "take_out",
    "utf16",
    "whole",
]
