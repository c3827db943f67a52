"""One question on one platform, asked of the real gateway; what stands in the chat afterwards.

Decides what is asked and what the scripted models say. How it looks is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import Stage, Where, opened

QUESTION = "SQLite or PostgreSQL for a web shop with 200 orders a day?"

WHERE: dict[str, Where] = {"telegram": "dm", "discord": "group", "slack": "group"}
"""In which kind of place each picture is taken."""

ADVICE_SQLITE = (
    "SQLite is enough. 200 orders are a write every seven minutes, and one file on a local disk "
    "carries a thousand times that. A backup is a copy of the file."
)
ADVICE_POSTGRESQL = (
    "PostgreSQL is the safer start, because a second writer always comes. The day a warehouse "
    "tool joins you want row locks, and migrations without downtime."
)
ANSWER = """\
For 200 orders a day, **start with SQLite** and keep the door to PostgreSQL open.

The advisors disagree, and both have a point. Load is no argument: what decides is \
*who else writes*. As long as one process on one machine does, a single file is less to run \
and less to break. Move on the day a second machine has to write, not before:

- take order numbers from the database, not from `MAX(id) + 1`
- keep to SQL that both of them understand
- set this once:

```sql
PRAGMA journal_mode = WAL;
```
"""

MODELS: dict[str, dict[str, Any]] = {
    "openai": {
        "gpt-5.5": {
            "text": ADVICE_SQLITE,
            "first": 1.1,
            "between": 0.01,
            "dollars": 0.0042,
            "usage": {"input": 96, "output": 388},
        },
    },
    "openrouter": {
        "deepseek-v4-pro": {
            "text": ADVICE_POSTGRESQL,
            "first": 1.7,
            "between": 0.01,
            "dollars": 0.0011,
            "usage": {"input": 112, "output": 240},
        },
        "qwen3-max": {"error": "refused"},
    },
    "anthropic": {
        "claude-opus-4.8": {
            "text": ANSWER,
            "first": 0.6,
            "between": 0.02,
            "chunk": 14,
            "dollars": 0.0103,
            "usage": {"input": 2140, "cache_read": 1240, "output": 312},
        },
    },
}


def configuration(stage: Stage) -> str:
    """Write the configuration: that of the README, with models that a script plays."""
    advisors = [
        {"provider": "openai", "model": "gpt-5.5"},
        {"provider": "openrouter", "model": "deepseek-v4-pro", "role": "skeptic"},
        {"provider": "openrouter", "model": "qwen3-max"},
    ]
    review = {
        "reference_models": advisors,
        "aggregator": {"provider": "anthropic", "model": "claude-opus-4.8"},
        "fanout": "user_turn",
    }
    whole = {
        "platforms": yaml.safe_load(stage.sim.config()),
        "providers": {
            name: {"api": "scripted", "answers": answers} for name, answers in MODELS.items()
        },
        "moa": {"presets": {"review": review}},
        "defaults": {"cost": "footer"},
        "access": {"allow": [f"{stage.platform}:{person.id}" for person in (stage.ann, stage.ben)]},
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


@asynccontextmanager
async def asked(platform: str, folder: Path) -> AsyncIterator[Stage]:
    """Ask, and wait until nothing more is to come."""
    where = WHERE[platform]
    async with opened(platform) as stage:
        async with running_gateway(configuration(stage), folder):
            await stage.ask(QUESTION, where=where)
            await stage.answered("start with SQLite", where=where)
            await stage.panel_reads("2 of 3 advisors answered", where=where)
            await stage.panel_reads("refused the request", where=where)
        yield stage
