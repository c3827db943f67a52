"""Attacks what the program is installed from: the locks, the environment, the audit.

Each attack is made in a copy; `tools/locks.py` is what `make check` runs, `tools/audit.sh` what
`make audit` does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-all.lock")
FUZZ = "requirements-fuzz.lock"
NOT_ASKED = 3
"""What the audit ends with where it could look nothing up."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", *LOCKS, FUZZ):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "site").mkdir()
    return tmp_path


def checked(copy: Path) -> str:
    """What the gate says of a copy; blank if it lets it pass."""
    program = [sys.executable, str(ROOT / "tools" / "locks.py"), str(copy), str(copy / "site")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert not done.stderr
    assert bool(done.returncode) == bool(done.stdout)
    return done.stdout


def swap(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def installed(copy: Path, name: str, version: str, *files: str) -> None:
    """Put a package into the environment as pip would leave it."""
    info = copy / "site" / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{each},,\n" for each in files))
    for each in files:
        (copy / "site" / each).write_text("import os")


def test_what_is_here_passes(copy):
    assert checked(copy) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [('"aiohttp>=3.14"', '"aiohttp>=3.13"'), ('"nh3>=0.3",', '"nh3>=0.3",\n  "evil",')],
)
def test_a_dependency_that_changed_after_the_lock_is_found(copy, old, new):
    swap(copy / "pyproject.toml", old, new)
    assert "is not compiled from pyproject.toml as it is" in checked(copy)


def test_a_new_dependency_is_found_though_the_first_line_was_mended(copy):
    swap(copy / "pyproject.toml", '"nh3>=0.3",', '"nh3>=999",')
    header = subprocess.check_output(
        [sys.executable, str(ROOT / "tools" / "lockdigest.py")], cwd=copy, text=True
    )
    for name in LOCKS:
        lock = copy / name
        lock.write_text(header + lock.read_text().partition("\n")[2])
    assert "pyproject.toml wants nh3>=999, and the locks have" in checked(copy)


@pytest.mark.parametrize(("lock", "name"), [*((each, "nh3") for each in LOCKS), (FUZZ, "atheris")])
def test_a_pin_without_a_hash_is_found(copy, lock, name):
    text = (copy / lock).read_text()
    bare = re.sub(rf"(?m)^({name}==.+?) \\\n(?: +--hash=\S+(?: \\)?\n)+", r"\1\n", text)
    assert bare != text
    (copy / lock).write_text(bare)
    assert f"{lock}: {name} has no hash" in checked(copy)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://pypi.example/simple",
        "--extra-index-url https://pypi.example/simple",
        "--find-links https://files.example",
        "--trusted-host pypi.example",
        "evil @ https://files.example/evil.whl",
        "https://files.example/evil.whl",
        "-e git+https://git.example/evil#egg=evil",
        "evil>=1",
    ],
)
def test_an_address_or_a_range_is_found(copy, line):
    with (copy / LOCKS[1]).open("a") as lock:
        lock.write(line + "\n")
    assert "is no pin of a name and a version" in checked(copy)


def test_an_address_behind_a_pin_is_found(copy):
    swap(copy / LOCKS[0], "nh3==", "evil==1 --index-url=https://pypi.example/simple\nnh3==")
    assert "evil has no hash, or more than hashes" in checked(copy)


def test_locks_that_disagree_are_found(copy):
    text = (copy / LOCKS[0]).read_text()
    (copy / LOCKS[0]).write_text(re.sub(r"(?m)^nh3==\S+", "nh3==0.0.1", text))
    assert "nh3 is 0.0.1 in requirements.lock" in checked(copy)


def test_a_wheel_that_runs_at_every_start_is_found(copy):
    """As LiteLLM 1.82.8 did, in March 2026."""
    version = re.search(r"(?m)^certifi==(\S+)", (ROOT / LOCKS[1]).read_text())
    assert version is not None
    installed(copy, "certifi", version[1], "certifi_init.pth")
    assert "certifi_init.pth (of certifi) would run at every start" in checked(copy)


def test_a_file_that_runs_at_every_start_and_belongs_to_nobody_is_found(copy):
    (copy / "site" / "x.pth").write_text("import os; os.system('true')")
    assert "x.pth (of no package) would run" in checked(copy)


def test_a_known_name_is_good_for_its_own_package_alone(copy):
    version = re.search(r"(?m)^certifi==(\S+)", (ROOT / LOCKS[1]).read_text())
    assert version is not None
    installed(copy, "certifi", version[1], "a1_coverage.pth")
    assert "a1_coverage.pth (of certifi) would run" in checked(copy)


def test_code_in_the_file_of_our_own_project_is_found(copy):
    (copy / "site" / "_editable_impl_moa_gateway.pth").write_text("/here\nimport os; os.abort()\n")
    assert "_editable_impl_moa_gateway.pth runs code" in checked(copy)


@pytest.mark.parametrize("name", ["sitecustomize.py", "usercustomize.py"])
def test_a_custom_start_is_found(copy, name):
    (copy / "site" / name).write_text("")
    assert f"{name} runs at every start" in checked(copy)


def test_another_version_than_the_locks_have_is_found(copy):
    installed(copy, "certifi", "0.1")
    installed(copy, "ipython", "9.9")  # somebody's own, which runs where it is called alone
    assert checked(copy).startswith("certifi 0.1 is installed, and the locks have ")
    assert "ipython" not in checked(copy)


# --- the audit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "ended", "status", "told"),
    [
        ("No known vulnerabilities found", 0, 0, ""),
        ("Found 1 known vulnerability in 1 package", 1, 1, ""),
        ("ConnectionError: Max retries exceeded", 1, NOT_ASKED, "nothing was audited"),
        ("", 0, NOT_ASKED, "nothing was audited"),
    ],
)
def test_an_audit_that_could_ask_nobody_says_so_and_fails(tmp_path, words, ended, status, told):
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "pip-audit"
    tool.write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/asked"\necho "{words}"\nexit {ended}\n')
    tool.chmod(0o755)
    program = ["sh", str(ROOT / "tools" / "audit.sh"), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert told in done.stderr
    asked = (tmp_path / "asked").read_text().split()
    assert {"--strict", "--require-hashes", "requirements-all.lock"} <= set(asked)
