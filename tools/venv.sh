#!/bin/sh
# Brings a private environment up to date and prints its folder.
#
#   tools/venv.sh run  [PYTHON]    only what the program itself needs (requirements.lock)
#   tools/venv.sh full [PYTHON]    every platform, the tests and the tools (requirements-all.lock)
#
# The default Python lives in .venv, another one in .venv-X.Y. What has been done is
# written down inside the environment, so a second run has nothing to do:
#
#   .moa-home       where it was made, and with what: a copied checkout is rebuilt,
#                   because scripts in an environment carry absolute paths
#   .moa-run        checksum of requirements.lock, once installed
#   .moa-full       checksum of requirements-all.lock (its pins include the other's,
#                   so this one serves `run` as well)
#   .moa-project    checksum of pyproject.toml, once the project itself is installed
#   .moa-compiled   there once the libraries are compiled; of our own files, what has changed is each time
set -u

here=$(cd "$(dirname "$0")/.." && pwd -P) && cd "$here" || exit 2
level=${1:-full}
wanted=${2:-}

say() { echo "moa-gateway: $*" >&2; }
die() { say "$*"; exit 2; }
sum() { cksum <"$1"; }
holds() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
base_of() { "$1" -c 'import sys; print(sys.base_prefix, "%d.%d" % sys.version_info[:2])'; }

# Which folder, and (unless it is in good order already) which interpreter.
python=
venv=.venv
if [ -n "$wanted" ]; then
    python=$(sh tools/python.sh "$wanted") || exit 2
    default=$(sh tools/python.sh 2>/dev/null) || default=$python
    if [ "$(base_of "$python")" != "$(base_of "$default")" ]; then
        venv=.venv-$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fi
fi

good() {
    [ -f "$venv/.moa-home" ] &&
        [ "$(sed -n 1p "$venv/.moa-home")" = "$here" ] &&
        { [ -z "$python" ] || [ "$(sed -n 2p "$venv/.moa-home")" = "$(base_of "$python")" ]; } &&
        "$venv/bin/python" -c 'import pip' >/dev/null 2>&1
}
ready() {
    good && holds "$venv/.moa-project" "$(sum pyproject.toml)" || return 1
    holds "$venv/.moa-full" "$(sum requirements-all.lock)" && return 0
    [ "$level" = run ] && holds "$venv/.moa-run" "$(sum requirements.lock)"
}

# Python keeps what it has compiled, but not where PYTHONDONTWRITEBYTECODE is set (in many containers)
# or nobody may write: each start would compile 1,400 modules then, two thirds of all that it does.
compiled() {
    [ -f "$venv/.moa-compiled" ] || set -- -j 0 "$venv/lib"
    # Libraries bring files along that are no Python of this version; nobody imports them.
    "$venv/bin/python" -m compileall -q "$@" core adapters gateway >/dev/null 2>&1 || :
    touch "$venv/.moa-compiled" 2>/dev/null || :
}

if ready; then
    compiled
    echo "$venv"
    exit 0
fi

# One at a time: two builds in one folder spoil each other. A lock whose owner has
# died is taken over.
lock=$venv.lock
tries=0
until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -rf "$lock"
        continue
    fi
    [ "$tries" -ne 0 ] || say "waiting for another build of $venv"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || die "$lock is still there: remove it if nothing is building $venv"
    sleep 1
done
echo $$ >"$lock/pid"
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$venv/bin/python" "$@" >&2
    else
        # -qq: errors are still shown; hints about search paths and newer pips are not.
        # --no-compile: it would do that on one processor, and uv not at all.
        "$venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check \
            --no-input "$@" >&2
    fi
}

if ! good; then
    [ -n "$python" ] || python=$(sh tools/python.sh) || exit 2
    [ ! -e "$venv" ] || say "$venv is unfinished, was moved, or its Python is gone: making it anew"
    rm -rf "$venv"
    if command -v uv >/dev/null 2>&1; then
        # --seed: the demo fetches its model with pip.
        uv venv --quiet --seed --no-project --python "$python" "$venv" >&2
    else
        "$python" -m venv "$venv" >&2
    fi || die "could not make $venv with $python"
    { echo "$here"; base_of "$python"; } >"$venv/.moa-home"
fi

if ! ready; then
    if [ "$level" = run ]; then file=requirements.lock; else file=requirements-all.lock; fi
    if ! holds "$venv/.moa-full" "$(sum requirements-all.lock)" &&
        ! holds "$venv/.moa-$level" "$(sum $file)"; then
        say "installing $(grep -c '^[A-Za-z0-9].*==' $file) packages of $file into $venv"
        rm -f "$venv/.moa-run" "$venv/.moa-full" "$venv/.moa-compiled"
        # --no-deps: a lock names everything. Left to resolve what is pinned, older pips take
        # the newest release of whatever somebody asks for with an extra, and refuse it.
        install --no-deps --require-hashes -r $file || die "could not install $file into $venv"
        sum $file >"$venv/.moa-$level"
    fi
    install --no-deps --no-build-isolation -e . || die "could not install the project into $venv"
    sum pyproject.toml >"$venv/.moa-project"
fi
compiled
echo "$venv"
