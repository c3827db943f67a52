"""Messages of a platform → HTML: its own entities, Markdown and blocks, drawn in our look.

Decides how what was sent looks; adds no word to it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.chat.web.markdown import blocks as markdown_blocks
from tests.simulators.discord.world import V2, Said
from tests.simulators.slack.model import BOT_USER, Post
from tests.simulators.slack.shown import seen
from tests.simulators.telegram.state import Sent
from tests.transcripts.stages import Stage

Json: TypeAlias = Mapping[str, Any]

_SUBTEXT = re.compile(r"^-# (.*)$", re.MULTILINE)
_BREAK = "  \n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message: who wrote it, its HTML, and rows of buttons below it."""

    author: str
    body: str
    bot: bool = True
    rows: Sequence[Sequence[str]] = ()
    quiet: str = ""
    classes: str = ""


def markdown(text: str) -> str:
    """Draw Markdown as both platforms that read it do: a line break is one."""
    kept = re.sub(r"(?<=\S)\n(?=\S)(?![-*|>`#]|\d+\.)", _BREAK, text)
    return "".join(markdown_blocks(kept))


# --- Telegram: a text, and entities counted in UTF-16 units ----------------------------------

_TAGS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<em>", "</em>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ('<blockquote class="folds">', "</blockquote>"),
}


def styled(text: str, entities: Sequence[Json]) -> str:
    """Draw a text with its entities."""
    opening: dict[int, str] = {}
    closing: dict[int, str] = {}
    for each in sorted(entities, key=lambda each: (each["offset"], -each["length"])):
        first, last = _TAGS.get(str(each["type"]), ("", ""))
        start, end = each["offset"], each["offset"] + each["length"]
        opening[start] = opening.get(start, "") + first
        closing[end] = last + closing.get(end, "")
    drawn, at = [], 0
    for letter in text:
        drawn.append(closing.get(at, "") + opening.get(at, "") + html.escape(letter))
        at += len(letter.encode("utf-16-le")) // 2
    whole = "".join([*drawn, closing.get(at, "")])
    # A block ends its line by itself.
    whole = re.sub(r"\n{1,2}(<blockquote|<pre)", r"\1", whole)
    return re.sub(r"(</blockquote>|</pre>)\n{1,2}", r"\1", whole)


def telegram(stage: Stage) -> Iterable[Bubble]:
    """Draw the private chat."""
    chat = stage.sim.chat(stage.places["dm"])
    for sent in chat.messages.values():
        yield _telegram(sent)


def _telegram(sent: Sent) -> Bubble:
    return Bubble(
        author=sent.sender.name,
        bot=sent.sender.bot,
        body=f'<div class="lines">{styled(sent.text, sent.entities)}</div>',
        rows=[[str(button["text"]) for button in row] for row in sent.buttons],
        quiet="".join(sent.reactions),
    )


# --- Discord: Markdown of its own, or components ---------------------------------------------


def discord(stage: Stage) -> Iterable[Bubble]:
    """Draw the channel."""
    channel = stage.sim.world.channels[stage.places["group"].id]
    for said in channel.messages.values():
        yield _discord(said, stage)


def _discord(said: Said, stage: Stage) -> Bubble:
    rows = [
        [str(button["label"]) for button in row["components"]] for row in _rows(said.components)
    ]
    reactions = "".join(said.reactions)
    if said.flags & V2:
        (card,) = said.components
        texts = [each["content"] for each in card["components"] if each["type"] == 10]  # noqa: PLR2004 - a text
        body = "".join(f"<div>{_subtexts(text)}</div>" for text in texts)
        inner = f"{body}{buttons(rows)}"
        colour = f"#{card['accent_color']:06x}"
        return Bubble(
            author=said.author.name,
            body=f'<div class="card" style="--accent: {colour}">{inner}</div>',
        )
    named = said.content.replace(f"<@{stage.sim.world.bot.id}>", "@MoA")
    return Bubble(
        author=said.author.name,
        bot=said.author.bot,
        body=_subtexts(named),
        rows=rows,
        quiet=reactions,
    )


def _rows(components: Sequence[Json]) -> Iterable[Json]:
    for each in components:
        if each["type"] == 1:
            yield each
        yield from _rows(each.get("components", ()) if each["type"] != 1 else ())


def _subtexts(text: str) -> str:
    """Draw Discord's Markdown: it has small lines, too."""
    drawn = [
        f'<div class="small">{markdown(part)}</div>' if index % 2 else mentioned(markdown(part))
        for index, part in enumerate(_SUBTEXT.split(text))
    ]
    return "".join(drawn)


def mentioned(drawn: str) -> str:
    """Mark a mention."""
    return drawn.replace("@MoA", '<span class="mention">@MoA</span>')


# --- Slack: a stream of Markdown with a plan, then blocks ------------------------------------

_SIGNS = {"complete": "✓", "error": "✗", "in_progress": "…", "pending": "…"}


def slack(stage: Stage) -> Iterable[Bubble]:
    """Draw the thread."""
    for post in stage.sim.space.within(stage.places["group"]):
        yield _slack(post, stage)


def _slack(post: Post, stage: Stage) -> Bubble:
    if not post.bot:
        text = html.escape(html.unescape(post.text.replace(f"<@{BOT_USER}>", "@MoA")))
        author = stage.sim.space.people[post.user].name
        return Bubble(author=author, bot=False, body=f"<p>{mentioned(text)}</p>")
    shown = seen(post)
    tasks = "".join(
        f'<div class="task {each.status}"><b>{_SIGNS[each.status]}</b><div>'
        f"{html.escape(each.title)}<small>{html.escape(each.output)}</small></div></div>"
        for each in shown.tasks
    )
    plan = f'<div class="plan"><div class="title">{html.escape(shown.plan)}</div>{tasks}</div>'
    text = markdown(post.stream.text) if post.stream else ""
    drawn = "".join(_BLOCKS.get(each["type"], _nothing)(each) for each in shown.blocks)
    return Bubble(author="MoA", body=f"{plan if tasks else ''}{text}{drawn}", classes="reply")


def _container(block: Json) -> str:
    """Draw what is folded: its title alone."""
    return f'<div class="folded">▸ {html.escape(block["title"]["text"])}</div>'


def _context(block: Json) -> str:
    texts = "".join(html.escape(each["text"]) for each in block["elements"])
    return f'<p class="small">{texts}</p>'


def _actions(block: Json) -> str:
    return buttons([[each["text"]["text"] for each in block["elements"]]])


def _section(block: Json) -> str:
    return f"<p>{html.escape(block['text']['text'])}</p>"


def _nothing(_block: Json) -> str:
    return ""


_BLOCKS: Mapping[str, Callable[[Json], str]] = {
    "container": _container,
    "context": _context,
    "actions": _actions,
    "section": _section,
}


def buttons(rows: Iterable[Sequence[str]]) -> str:
    """Draw rows of buttons."""
    return "".join(
        '<div class="row">'
        + "".join(f"<span>{html.escape(label)}</span>" for label in row)
        + "</div>"
        for row in rows
    )


DRAWN: Mapping[str, Callable[[Stage], Iterable[Bubble]]] = {
    "telegram": telegram,
    "discord": discord,
    "slack": slack,
}
