"""Holds the locks against pyproject.toml, and the environment against the locks.

    python tools/locks.py [ROOT [SITE-PACKAGES]]

Prints one line for each thing that is wrong; nothing is installed, resolved or looked up. The
reasons stand in docs/decisions/0050-security-in-the-gate.md.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from lockdigest import header, project
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS: Final = ("requirements.lock", "requirements-all.lock")
FUZZ: Final = "requirements-fuzz.lock"
"""What `make fuzz` installs into a folder of its own: held to pins and hashes alone."""
OWN: Final = "moa-gateway"

# Code that a .pth file holds runs at every start of the interpreter, whatever is imported: that
# is how LiteLLM 1.82.7 stole keys. These are known, and each belongs to who made it.
PTH: Final = {
    "a1_coverage.pth": "coverage",
    "distutils-precedence.pth": "setuptools",
    "_virtualenv.pth": "",  # uv's, for the environment itself
}
EDITABLE: Final = re.compile(r"_?_editable_.*moa[_-]gateway.*\.pth")
CUSTOM: Final = ("sitecustomize.py", "usercustomize.py")

_PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([^\s;\\]+)\s*(?:;[^\\]*)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def main() -> int:
    """Check, and say what is wrong."""
    usual = [".", sysconfig.get_path("purelib")]
    root, site = map(Path, [*sys.argv[1:], *usual[len(sys.argv) - 1 :]])
    problems = [*of_locks(root), *of_environment(root, site)]
    for each in problems:
        print(each)
    return bool(problems)


def of_locks(root: Path) -> Iterator[str]:
    """Find what is wrong with the files themselves."""
    told = project(root)
    pins: dict[str, dict[str, str]] = {}
    for name in LOCKS:
        text = (root / name).read_text(encoding="utf-8")
        if text.partition("\n")[0] != header(told):
            yield f"{name} is not compiled from pyproject.toml as it is: run `make lock`"
        pins[name], wrong = _pinned(name, text)
        yield from wrong
    yield from _pinned(FUZZ, (root / FUZZ).read_text(encoding="utf-8"))[1]
    small, whole = (pins[name] for name in LOCKS)
    for each, version in small.items():
        if whole.get(each) != version:
            yield f"{each} is {version} in {LOCKS[0]} and {whole.get(each)} in {LOCKS[1]}"
    for wanted in _wanted(told):
        pinned = whole.get(canonicalize_name(wanted.name), "")
        if not pinned or not wanted.specifier.contains(pinned, prereleases=True):
            yield f"pyproject.toml wants {wanted}, and the locks have {pinned or 'nothing'}"


def _pinned(name: str, text: str) -> tuple[dict[str, str], list[str]]:
    """Give what a lock pins, and what is wrong with how."""
    pins: dict[str, str] = {}
    wrong: list[str] = []
    for entry in _entries(text):
        match = _PIN.match(entry)
        if match is None:
            wrong.append(f"{name}: {entry.split()[0]} is no pin of a name and a version")
            continue
        pins[canonicalize_name(match[1])] = match[2]
        rest = entry[match.end() :].replace("\\", " ").split()
        if not rest or not all(map(_HASH.fullmatch, rest)):
            wrong.append(f"{name}: {match[1]} has no hash, or more than hashes")
    return pins, wrong


def of_environment(root: Path, site: Path) -> Iterator[str]:
    """Find what is installed in another version than the locks have, and what runs by itself."""
    text = (root / LOCKS[1]).read_text(encoding="utf-8")
    pins = {canonicalize_name(m[1]): m[2] for e in _entries(text) if (m := _PIN.match(e))}
    owners: dict[str, str] = {}
    for each in distributions(path=[str(site)]):
        name = canonicalize_name(each.metadata["Name"])
        owners |= {str(file): name for file in each.files or () if str(file).endswith(".pth")}
        if pins.get(name, each.version) != each.version:  # what somebody tries out is theirs
            yield f"{name} {each.version} is installed, and the locks have {pins.get(name)}"
    for found in sorted(site.glob("*.pth")):
        yield from _of_pth(found, owners.get(found.name, ""))
    for custom in CUSTOM:
        if (site / custom).exists():
            yield f"{custom} runs at every start of the interpreter, and nobody put it there"


def _of_pth(found: Path, owner: str) -> Iterator[str]:
    if EDITABLE.fullmatch(found.name):
        lines = found.read_text(encoding="utf-8").split("\n")
        if any(line.startswith(("import ", "import\t")) for line in lines):
            yield f"{found.name} runs code, where it has to name folders alone"
    elif PTH.get(found.name) != owner:
        whose = f"of {owner}" if owner else "of no package"
        yield f"{found.name} ({whose}) would run at every start of the interpreter"


def _entries(text: str) -> Iterator[str]:
    """Give what a lock names, comments left out; an option (an index, say) is one, too."""
    entry = ""
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace() and entry:
            yield entry
            entry = ""
        entry += line + " "
    if entry:
        yield entry


def _wanted(told: Mapping[str, Any]) -> Iterator[Requirement]:
    of_project = told["project"]
    extras = of_project["optional-dependencies"].values()
    groups = [of_project["dependencies"], *extras, *told["dependency-groups"].values()]
    for each in (one for group in groups for one in group):
        if isinstance(each, str) and (wanted := Requirement(each)).name != OWN:
            yield wanted


if __name__ == "__main__":
    raise SystemExit(main())
