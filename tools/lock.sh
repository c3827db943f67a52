#!/bin/sh
# Compiles the lock files from pyproject.toml, and that of `make fuzz`: `tools/lock.sh [uv pip compile options]`,
# for instance --upgrade, or --upgrade-package NAME. Without options, pins that still fit
# stay as they are.
#
# The files name packages, versions and hashes and no index, so that they install from
# whichever index (or mirror, or folder of wheels) the reader's own pip is set to.
set -eu
cd "$(dirname "$0")/.."

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=.venv-lock/bin/uv
    if ! "$uv" --version >/dev/null 2>&1; then
        python=$(sh tools/python.sh "${PYTHON:-}")
        rm -rf .venv-lock
        "$python" -m venv .venv-lock
        .venv-lock/bin/python -m pip install -qq --disable-pip-version-check uv
    fi
fi

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --group build "$@" --output-file requirements.lock
compile pyproject.toml --all-extras --group dev --constraints requirements.lock "$@" \
    --output-file requirements-all.lock
compile tests/fuzz/requirements.in "$@" --output-file requirements-fuzz.lock

# What they were compiled from stands in their first line: `make check` holds it against
# pyproject.toml.
header=$("$(sh tools/python.sh "${PYTHON:-}")" tools/lockdigest.py)
for file in requirements.lock requirements-all.lock; do
    { echo "$header"; cat "$file"; } >"$file.new"
    mv "$file.new" "$file"
done
