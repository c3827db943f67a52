"""The rules of the house that no linter knows. Lists of exceptions only ever shrink."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "adapters", "gateway")
LONGEST_FILE = 300

# The edges where anything at all may go wrong and life has to go on, and how many such
# handlers each has. A site that goes away must leave this list; a new one needs a reason
# that a reviewer believes.
BLIND_EDGES: dict[str, int] = {
    "adapters/files/pdf_child.py": 1,  # whatever a broken PDF leads to, its child says so and ends
    "adapters/tools/session.py": 1,  # whatever a stranger or its library did, its tools are gone
    "core/references.py": 1,  # a reference's failure is its own, whatever it is
    "core/synthesis.py": 1,  # so is that of whoever condenses the advice
    "gateway/commands/acts.py": 1,  # a command is always answered, whatever broke
    "gateway/delivery/asides.py": 1,  # a whisper is best effort: nothing may wait or break by it
    "gateway/turn/advice_cache.py": 1,  # whoever waits for this advice has to be told
    "gateway/turn/exchange.py": 1,  # what broke is told to whoever asked
    "gateway/backlog/backlog.py": 1,
    "gateway/inbox/finishing.py": 1,  # whoever waits for what came in has to be told
    "gateway/lanes/line.py": 1,  # a note is best effort, as a whisper is
    "gateway/http/errors.py": 1,  # the HTTP middleware: an answer of status 500, not a torn line
    "gateway/lanes/sessions.py": 1,  # a lane outlives the turn that broke in it
    "gateway/supervise.py": 1,  # what it watches is started again, whatever stopped it
    "gateway/turn/turns.py": 1,  # a turn ends and is paid for, whatever broke in it
}


def sources() -> list[Path]:
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def dotted(node: ast.expr) -> str:
    """Write `a.b(c).d` as text, as far as it is made of names."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=func):
            return f"{dotted(func)}()"
        case _:
            return ""


every_source = pytest.mark.parametrize("path", sources(), ids=names(sources()))


@pytest.mark.parametrize(
    "path",
    [path for path in sources() if path.is_relative_to(ROOT / "core")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_core_imports_only_the_standard_library(path):
    foreign = {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names - {"core"}
    assert not foreign


def imported(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "core")
    return found


@every_source
def test_a_file_says_what_it_decides_and_stays_short(path):
    assert ast.get_docstring(tree(path)), "a module begins with what it decides"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def blind(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler swallows anything at all. One that ends in `raise` does not."""
    match handler.body[-1]:
        case ast.Raise(exc=None):
            return False
        case _:
            pass
    caught = handler.type
    if caught is None:
        return True
    types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(dotted(each).split(".")[-1] in {"Exception", "BaseException"} for each in types)


def test_only_the_named_edges_catch_everything():
    found = Counter(
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and blind(node)
    )
    assert dict(found) == BLIND_EDGES


def groups_in(module: ast.Module) -> set[str]:
    """Find the names that a file gives to task groups: by `as`, or by annotation."""
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.withitem(context_expr=ast.Call(func=made), optional_vars=ast.expr() as name):
                if dotted(made).endswith("TaskGroup"):
                    found.add(dotted(name))
            case ast.arg(arg=arg, annotation=ast.expr() as kind):
                if dotted(kind).endswith("TaskGroup"):
                    found.add(arg)
            case _:
                pass
    return found


def loose_tasks(module: ast.Module) -> list[int]:
    """Find the lines that bear a task outside a task group.

    An attribute that holds a task group goes by a name that ends in `group`: the rule is
    checked by reading.
    """
    groups = groups_in(module)
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and loose(*dotted(node.func).rpartition("."), groups)
    ]


def loose(owner: str, _dot: str, function: str, groups: set[str]) -> bool:
    if function in {"gather", "ensure_future", "run_coroutine_threadsafe"}:
        return True
    if function == "Task":
        return owner in {"", "asyncio"}
    in_group = owner in groups or owner.lower().endswith("group")
    return function == "create_task" and not in_group


@every_source
def test_tasks_are_born_in_task_groups(path):
    assert loose_tasks(tree(path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "async with asyncio.TaskGroup() as root: root.create_task(work())",
        "def start(lanes: asyncio.TaskGroup): lanes.create_task(work())",
        "self._lane_group.create_task(work())",
    ],
)
def test_a_task_group_is_known_when_seen(code):
    assert loose_tasks(ast.parse(code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "asyncio.create_task(work())",
        "asyncio.get_running_loop().create_task(work())",
        "asyncio.gather(work())",
        "gather(work())",
        "asyncio.Task(work())",
        "def start(loop): loop.create_task(work())",
    ],
)
def test_a_loose_task_is_known_when_seen(code):
    assert loose_tasks(ast.parse(code)) == [1]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_top_level_names_are_ours_alone(name):
    owners = set(packages_distributions().get(name, ()))
    # An editable install lists no files, so it may own the name without being named.
    assert owners <= {"moa-gateway"}
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / name / "__init__.py"


# --- lock files -----------------------------------------------------------------------

LOCKS = ("requirements.lock", "requirements-all.lock")


def entries(lock: str) -> list[str]:
    """Read the requirements of a lock, one string for each, hashes included."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def pins(lock: str) -> dict[str, tuple[Requirement, ...]]:
    found: dict[str, tuple[Requirement, ...]] = {}
    for entry in entries(lock):
        requirement = Requirement(entry.split("--hash")[0])
        name = canonicalize_name(requirement.name)
        found[name] = (*found.get(name, ()), requirement)
    return found


def versions(requirements: tuple[Requirement, ...]) -> set[str]:
    return {str(each.specifier) for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_get_packages_from(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(
        r"^\s*(-i|-f|--(extra-)?index|--find-links|--trusted-host)", text, re.MULTILINE
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_of_a_lock_is_pinned_and_hashed(lock):
    for entry in entries(lock):
        assert re.match(r"[A-Za-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_the_big_lock_has_every_pin_of_the_small_one():
    small, big = pins(LOCKS[0]), pins(LOCKS[1])
    assert {name: versions(big.get(name, ())) for name in small} == {
        name: versions(each) for name, each in small.items()
    }


def declared() -> list[tuple[str, Requirement]]:
    """Everything pyproject.toml asks for, with the lock that has to answer."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    small = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    big = []
    for table in (project["dependency-groups"], project["project"]["optional-dependencies"]):
        big += [each for group in table.values() for each in group]
    asked = [(LOCKS[0], each) for each in small] + [(LOCKS[1], each) for each in small + big]
    return [(lock, Requirement(each)) for lock, each in asked if isinstance(each, str)]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_as_new_as_the_project_file(lock):
    locked = pins(lock)
    stale = [
        str(wanted)
        for where, wanted in declared()
        if where == lock and canonicalize_name(wanted.name) != "moa-gateway"
        if not any(
            wanted.specifier.contains(pin.version)
            for each in locked.get(canonicalize_name(wanted.name), ())
            for pin in each.specifier
        )
    ]
    assert not stale, "run `make lock`"


# --- what is in the repository ---------------------------------------------------------


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git, or not a checkout: nothing says which files belong")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_tracked_file_knows_where_this_checkout_lies():
    here = str(ROOT).encode()
    # A short place (/app, /src) is a word that may well stand in a file by right.
    if len(ROOT.parts) <= 2:
        pytest.skip("the checkout's path is too short to be told from other text")
    # Followed by a letter or a hyphen it is another, longer name.
    place = re.compile(re.escape(here) + rb"(?![\w-])")
    knowing = [str(path.relative_to(ROOT)) for path in tracked() if place.search(path.read_bytes())]
    assert not knowing


def test_scripts_that_are_run_by_name_can_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
