"""A bot of the real client libraries: what slack-bolt and slack-sdk make of the simulator.

It notes what reaches it and, with an `answer`, streams that to whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.messages.chunk import PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from tests.simulators.slack.model import Json
from tests.simulators.slack.simulator import SlackSimulator

BUTTONS: Sequence[Json] = (
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": {"type": "plain_text", "text": "👍"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "👎"}, "value": "down"},
            }
        ],
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "retry",
                "text": {"type": "plain_text", "text": "Retry"},
                "value": "retry:1:",
            },
            {
                "type": "static_select",
                "action_id": "pick",
                "placeholder": {"type": "plain_text", "text": "Preset"},
                "options": [
                    {"text": {"type": "plain_text", "text": name}, "value": name}
                    for name in ("review", "quick")
                ],
            },
        ],
    },
)


@dataclass(slots=True)
class Heard:
    """What reached the bot, in its order."""

    events: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)


def client(slack: SlackSimulator, token: str = "") -> AsyncWebClient:
    """Make a real client of the simulator."""
    return AsyncWebClient(token or slack.bot_token, base_url=slack.api_base)


def bot(slack: SlackSimulator, heard: Heard, *, answer: str = "") -> AsyncApp:
    """Make a real application; questions are what is not from a bot."""
    app = AsyncApp(client=client(slack), signing_secret=slack.signing_secret)

    @app.event({"type": "app_mention"})
    async def mention(event: Json) -> None:
        heard.events.append(event)
        slack.changes.tell()

    @app.event({"type": "message"})
    async def message(event: Json, client: AsyncWebClient) -> None:
        heard.events.append(event)
        slack.changes.tell()
        if answer and "subtype" not in event:
            await reply(client, event, answer)

    @app.event({"type": "agent_session_stopped"})
    async def stopped(event: Json) -> None:
        heard.events.append(event)
        slack.changes.tell()

    @app.event({"type": "app_home_opened"})
    async def home(event: Json, client: AsyncWebClient) -> None:
        text = {"type": "mrkdwn", "text": "*My preset*"}
        blocks = [{"type": "section", "text": text}, BUTTONS[1]]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.action(re.compile(".*"))
    async def pressed(ack: AsyncAck, body: Json, respond: Any) -> None:
        heard.actions.append(body)
        await ack()
        if "response_url" in body:
            await respond(f"you pressed {body['actions'][0]['action_id']}")

    @app.command("/moa")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.commands.append(body)
        await ack(f"you said {body['text']}")

    return app


async def reply(client: AsyncWebClient, event: Json, answer: str) -> None:
    """Answer as agents do: a plan with a task, text, buttons."""
    stream = await client.chat_stream(
        channel=event["channel"],
        thread_ts=event.get("thread_ts") or event["ts"],
        recipient_team_id=event["team"],
        recipient_user_id=event["user"],
        task_display_mode="plan",
        buffer_size=8,
    )
    plan = PlanUpdateChunk(title="Asking 1 advisor")
    await stream.append(chunks=[plan, TaskUpdateChunk(id="1", title="Ada", status="in_progress")])
    done = TaskUpdateChunk(id="1", title="Ada", status="complete", output="Yes.")
    await stream.append(chunks=[done], markdown_text=answer[:5])
    await stream.append(markdown_text=answer[5:])
    await stream.stop(blocks=list(BUTTONS), session_status="active")


@asynccontextmanager
async def connected(slack: SlackSimulator, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect an application in Socket Mode."""
    before = len(slack.sockets.links)
    handler = AsyncSocketModeHandler(
        app, slack.app_token, web_client=client(slack, slack.app_token), ping_interval=0.2
    )
    try:
        await handler.connect_async()
        await slack.connected(before + 1)
        yield handler
    finally:
        await handler.close_async()
