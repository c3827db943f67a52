"""Markdown as models write it → what Discord shows. Pure; never cuts, never raises.

Discord's own dialect has no tables, pictures, rules, task boxes, deep headings or HTML, and reads
some plain text as markup. So the text is parsed, and written again from its tree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from adapters.chat.discord.inert import escape, escape_lines, inert

_DEEPEST: Final = 3
_RULE: Final = "─" * 12
_BOX: Final = re.compile(r"\[([ xX])\](?=\s)")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+.#-]{1,30}")
_LINKABLE: Final = ("http://", "https://")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(text: str, *, aligned: bool = True) -> str:
    """Write Markdown for Discord; nothing in it mentions anybody.

    Without `aligned` tables take no more room than they took in the text.
    """
    tokens = _parser().parse(text)
    for token in tokens:
        token.meta["aligned"] = aligned
    return inert(_blocks(SyntaxTreeNode(tokens).children))


def render_line(text: str) -> str:
    """Write Markdown as one line without blocks, for a list of sentences."""
    tokens = _parser().parseInline(" ".join(text.split()))
    return inert(_inline(SyntaxTreeNode(tokens).children))


# --- blocks ---------------------------------------------------------------------------------


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "\n\n".join(written for node in nodes if (written := _block(node)))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "heading":
            return _heading(node)
        case "fence" | "code_block":
            return _code(node.content, node.info if node.type == "fence" else "")
        case "blockquote":
            return "\n".join(f"> {line}" for line in _quoted(node).split("\n"))
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "hr":
            return _RULE
        case "table":
            return _table(node)
        case _:
            return escape_lines(_inline(node.children)) if node.children else escape(_raw(node))


def _raw(node: SyntaxTreeNode) -> str:
    return "" if node.is_root or node.is_nested else node.content


def _heading(node: SyntaxTreeNode) -> str:
    text = _inline(node.children).replace("\n", " ").strip()
    depth = int(node.tag[1:])
    if not text:
        return ""
    return f"{'#' * depth} {text}" if depth <= _DEEPEST else f"**{text.replace('**', '')}**"


def _quoted(node: SyntaxTreeNode) -> str:
    """Write what a quote holds; Discord has no quotes in quotes, so those are one with it."""
    inner = [_quoted(each) if each.type == "blockquote" else _block(each) for each in node.children]
    return "\n\n".join(each for each in inner if each)


def _code(text: str, info: str) -> str:
    """Fence it; Discord knows no longer fences, so one inside is broken up invisibly."""
    found = _LANGUAGE.match(info.strip())
    body = re.sub("``(?=`)", "``\u200b", text.rstrip("\n"))
    return f"```{found[0] if found else ''}\n{body}\n```"


def _list(node: SyntaxTreeNode) -> str:
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    lines: list[str] = []
    for item in node.children:
        marker = "- " if number is None else f"{number}. "
        lines.append(_item(item, marker))
        number = None if number is None else number + 1
    return "\n".join(lines)


def _item(item: SyntaxTreeNode, marker: str) -> str:
    """Write an item; what stands in it is indented, except code, which is shown as it is."""
    first, *rest = [written for node in item.children if (written := _block(node))] or [""]
    box = _BOX.match(first)
    if box:
        first = ("☐" if box[1] == " " else "☑") + first[box.end() :]
    if first.startswith("```"):
        return "\n".join([marker.rstrip(), first, *rest])
    indent = " " * len(marker)
    blocks = [marker + first.replace("\n", f"\n{indent}")]
    blocks += [
        each if each.startswith("```") else indent + each.replace("\n", f"\n{indent}")
        for each in rest
    ]
    return "\n".join(blocks)


# --- tables ---------------------------------------------------------------------------------


def _table(node: SyntaxTreeNode) -> str:
    """Write a table as text in which nothing is markup."""
    rows = [
        [_plain(cell.children) for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    lines = _aligned(rows) if node.meta["aligned"] else [" │ ".join(row) for row in rows]
    return _code("\n".join(line.rstrip() for line in lines), "")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return lines


def _width(text: str) -> int:
    """Count the columns that a text takes in a fixed-width font."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _plain(nodes: Sequence[SyntaxTreeNode]) -> str:
    """Give the words alone; an address that is not its own text stands behind it."""
    return "".join(map(_words, nodes))


def _words(node: SyntaxTreeNode) -> str:
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    if node.type == "link":
        text, href = _plain(node.children), str(node.attrs.get("href", ""))
        return text if href in {text, f"mailto:{text}"} else f"{text} ({href})"
    return _plain(node.children) if node.children and node.type != "image" else _raw(node)


# --- inline ---------------------------------------------------------------------------------


def _inline(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "".join(_span(node) for node in nodes)


def _span(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return escape(node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return _code_span(node.content)
        case "strong" | "em" | "s":
            return _wrapped(node)
        case "link":
            auto = node.markup == "autolink"
            text = ("", "") if auto else (_inline(node.children), _plain(node.children))
            return _link(*text, node.attrs.get("href"))
        case "image":
            words = node.content or "image"
            return _link(escape(words), words, node.attrs.get("src"))
        case _:
            return _inline(node.children) if node.children else escape(_raw(node))


def _wrapped(node: SyntaxTreeNode) -> str:
    inner = _inline(node.children)
    around = any(each.type == "strong" for each in node.children)
    mark = {"strong": "**", "s": "~~"}.get(node.type, "_" if around else "*")
    return f"{mark}{inner}{mark}" if inner.strip() else inner


def _code_span(text: str) -> str:
    if "`" not in text:
        return f"`{text}`"
    return "`` " + re.sub("`(?=`)", "`\u200b", text) + " ``"


def _link(text: str, words: str, target: object) -> str:
    """Write a link; only http and https can be linked, and never under another address's name."""
    href = str(target or "")
    if not href.lower().startswith(_LINKABLE):
        shown = href.removeprefix("mailto:")
        return text if not href or shown == words else f"{text} ({escape(shown)})".strip()
    safe = href.replace("(", "%28").replace(")", "%29").replace(">", "%3E")
    if "://" in words or not words.strip():
        return f"{text} <{safe}>".strip()
    return f"[{text.replace('[', '(').replace(']', ')')}](<{safe}>)"
