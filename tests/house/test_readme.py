"""What the documents say is so: links, files, commands, targets, configurations, the example."""

import ast
import asyncio
import json
import os
import re
import sys
from pathlib import Path
from textwrap import dedent
from urllib.parse import parse_qs, urlsplit

import click
import pytest
import yaml
from click.testing import CliRunner

from core.menu import MENU
from gateway import config as configuration
from gateway.cli.root import root
from tests.gateway.harness import running_gateway
from tests.simulators.discord.world import PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "bench").glob("*.md"),
    ]
)
PLATFORMS = ("telegram", "discord", "slack")
PLACES = "core|adapters|gateway|tests|tools|bench|docs|\\.ci"

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def fenced(document: Path, language: str) -> list[str]:
    """Give the code blocks of one language."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(document: Path) -> str:
    """Give the text without its code blocks."""
    text = document.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def code(document: Path) -> list[str]:
    """Give every line of code: in blocks, and between backticks."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [*"\n".join(blocks).splitlines(), *re.findall(r"`([^`\n]+)`", prose(document))]


# --- links and files ------------------------------------------------------------------------


@every_document
def test_what_a_document_links_to_is_there(document):
    linked = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", prose(document))
    places = [place for pair in linked for place in pair if place]
    broken = [
        place
        for place in places
        if not re.match(r"https?:|mailto:|#", place)
        and not (document.parent / place.partition("#")[0]).exists()
    ]
    assert broken == []


@every_document
def test_the_files_that_a_document_names_are_there(document):
    named = {
        place
        for text in re.findall(r"`([^`\n]+)`", prose(document))
        for place in re.findall(rf"(?:^|\s)((?:{PLACES})/[\w./*-]*)", text)
    }
    assert [place for place in sorted(named) if not list(ROOT.glob(place.rstrip("/")))] == []


def test_every_picture_says_what_it_shows():
    pictures = re.findall(r"<img [^>]*>", README.read_text(encoding="utf-8"))
    assert pictures
    assert all(re.search(r'alt="[^"]{40,}"', picture) for picture in pictures)


# --- commands and targets -------------------------------------------------------------------


def command_at(words: list[str]) -> tuple[click.Command, list[str]]:
    """Walk down the commands as far as the words lead; give what is left of them."""
    command: click.Command = root
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def leaves(group: click.Group, *names: str) -> list[str]:
    """List the commands as they are typed."""
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += leaves(command, *names, name)
        else:
            found.append(" ".join((*names, name)))
    return found


@every_document
def test_every_command_line_that_a_document_shows_would_be_understood(document):
    for line in code(document):
        shown = re.match(r"(?:\w+=\S+ )*(?:\S*/)?moa-gateway ([^#]*)", line)
        if shown is None:
            continue
        words = shown[1].split()
        command, rest = command_at(words)
        assert not isinstance(command, click.Group), f"there is no such command: {line}"
        options = {name for each in command.params for name in each.opts}
        unknown = [word for word in rest if word.startswith("-") and word not in options]
        assert not unknown, f"no such option: {line}"


def test_the_readme_has_every_command_and_each_of_them_has_help():
    text = README.read_text(encoding="utf-8")
    for name in leaves(root):
        assert f"| `moa-gateway {name}` |" in text
        told = CliRunner().invoke(root, [*name.split(), "--help"])
        assert told.exit_code == 0
        assert told.output.startswith("Usage:")


@every_document
def test_every_target_of_make_that_a_document_names_is_there(document):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    named = {name for text in code(document) for name in re.findall(r"^make ([a-z]+)", text)}
    assert named <= targets


# --- messages -------------------------------------------------------------------------------


def told() -> str:
    """Give every text that the program may show, as far as it is written in the source."""
    texts: list[str] = []
    for name in ("core", "adapters", "gateway"):
        texts += (path.read_text(encoding="utf-8") for path in (ROOT / name).rglob("*.html"))
        for path in (ROOT / name).rglob("*.py"):
            texts += literals(path.read_text(encoding="utf-8"))
    return "\n".join(texts)


def literals(source: str) -> list[str]:
    constants = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [node.value for node in constants if isinstance(node.value, str)]


def still_told(message: str, known: str) -> bool:
    pieces = [
        piece.strip() for piece in re.split(r"telegram:\d+|\b[A-Z_]{8,}\b|[…':()\[\]]|\d+", message)
    ]
    return any(len(piece) > 8 and piece in known for piece in pieces)


def test_the_messages_that_the_readme_explains_are_still_told():
    rows = re.findall(r"^\|[^|]+\| `([^`]+)` \|", prose(README), re.MULTILINE)
    said = re.findall(r"It answers\s+`([^`]+)`", prose(README))
    known = told()
    assert (len(rows) > 15, len(said)) == (True, len(PLATFORMS))
    assert [each for each in (*rows, *said) if not still_told(each, known)] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_messages_that_a_platforms_page_explains_are_still_told(platform):
    text = prose(ROOT / "docs" / "how-to" / f"{platform}.md")
    _, _, below = text.partition("## When something is wrong")
    rows = re.findall(r"^\| (?:[\w ]+: )?`([^`]+)`", below, re.MULTILINE)
    known = told()
    assert len(rows) > 8
    assert [each for each in rows if not still_told(each, known)] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platforms_page_says_that_files_are_read_where_they_are(platform):
    parity = yaml.safe_load((ROOT / "adapters/chat/PARITY.yaml").read_text(encoding="utf-8"))
    assert parity["capabilities"]["files read"][platform] == "done"
    text = " ".join(prose(ROOT / "docs" / "how-to" / f"{platform}.md").split())
    assert "words of PDFs and texts to all of them" in text
    assert "not read yet" not in text


# --- configurations -------------------------------------------------------------------------


MINIMAL = ROOT / "tests" / "gateway" / "minimal.yaml"
ENVIRON = {
    **{f"{name}_API_KEY": "k" for name in ("OPENAI", "ANTHROPIC", "OPENROUTER", "GEMINI")},
    **{f"{name}_API_KEY": "k" for name in ("DEEPSEEK", "MISTRAL", "GROQ", "TOGETHER")},
    "AWS_BEARER_TOKEN_BEDROCK": "k",
    "TELEGRAM_BOT_TOKEN": "7:t",
    "DISCORD_BOT_TOKEN": "d",
    **{f"SLACK_{name}": name for name in ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET")},
    **{f"SLACK_EU_{name}": f"EU_{name}" for name in ("BOT_TOKEN", "APP_TOKEN")},
}


def configurations(document: Path) -> list[str]:
    """Give the configurations in a document; what has no models stands beside the README's."""
    found = []
    text = document.read_text(encoding="utf-8")
    for each in re.findall(r"^( *)```yaml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        shown = dedent(each[1])
        if not re.search(r"^moa:", shown, re.MULTILINE):
            both = yaml.safe_load(MINIMAL.read_text(encoding="utf-8")) | yaml.safe_load(shown)
            shown = yaml.safe_dump(both, sort_keys=False)
        found.append(shown)
    return found


def test_the_configuration_of_the_readme_is_the_one_that_is_tested():
    (shown,) = fenced(README, "yaml")
    assert shown == MINIMAL.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("document", "text"),
    [
        pytest.param(path, text, id=f"{path.stem}-{number}")
        for path in DOCUMENTS
        for number, text in enumerate(configurations(path))
    ],
)
def test_every_configuration_in_the_documents_is_accepted(document, text):
    config = configuration.parse(text, document.name, ENVIRON)
    assert config.warnings == ()
    assert not config.unavailable(config.catalogue.get(config.catalogue.default))


# --- messengers -----------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_set_up_has_at_most_six_steps_and_ends_in_what_is_seen_then(platform):
    text = README.read_text(encoding="utf-8")
    (set_up,) = re.findall(rf"^### {platform.title()}\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    steps, _, seen = set_up.partition("**You should now see**")
    assert 3 <= len(re.findall(r"^\d\. ", steps, re.MULTILINE)) <= 6
    assert f"docs/images/{platform}.png" in seen
    assert f"docs/how-to/{platform}.md" in seen
    for name in (platform, f"{platform}-dark"):
        assert (ROOT / "docs" / "images" / f"{name}.png").stat().st_size <= 150_000


def test_the_links_that_make_the_slack_app_hold_its_manifest():
    manifest = yaml.safe_load((ROOT / "slack-manifest.yaml").read_text(encoding="utf-8"))
    for document in (README, ROOT / "docs" / "how-to" / "slack.md"):
        text = document.read_text(encoding="utf-8")
        (link,) = re.findall(r"^\[slack-app\]: (\S+)$", text, re.MULTILINE)
        assert json.loads(parse_qs(urlsplit(link).query)["manifest_json"][0]) == manifest


def test_the_discord_invitation_asks_for_what_the_page_explains():
    needed = ("view", "send", "history", "send_in_threads", "threads", "files", "reactions")
    wanted = sum(PERMISSIONS[each] for each in needed)
    for document in (README, ROOT / "docs" / "how-to" / "discord.md"):
        (asked,) = re.findall(r"&permissions=(\d+)", document.read_text(encoding="utf-8"))
        assert int(asked) == wanted


def test_the_readme_has_every_command_of_the_chats():
    text = README.read_text(encoding="utf-8")
    assert [each.name for each in MENU if f"`/{each.name}" not in text] == []


# --- the example for programs ---------------------------------------------------------------

SCRIPTED = """
    providers:
      fake: {api: scripted, answers: {a: "Take SQLite.", big: "SQLite is enough."}}
    moa:
      presets:
        review:
          reference_models: [{provider: fake, model: a}]
          aggregator: {provider: fake, model: big}
          fanout: user_turn
"""


async def test_the_example_with_openais_client_runs_as_it_stands(tmp_path):
    (example,) = fenced(README, "python")
    async with running_gateway(SCRIPTED, tmp_path) as gateway:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", example.replace("http://127.0.0.1:8080", gateway.url)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "MOA_GATEWAY_TOKEN": gateway.token},
        )
        said, _ = await child.communicate()
    answer, _, rest = said.decode().partition("\n")
    assert child.returncode == 0
    assert answer == "SQLite is enough."
    assert "fake:a" in rest
    assert "seconds" in rest
