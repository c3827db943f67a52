#!/bin/sh
# Prints the interpreter to build an environment with, as an absolute path.
#
#   tools/python.sh           python3 if it is new enough, else the newest that is
#   tools/python.sh NAME      that one, by name or path, or a plain sentence and exit 2
#
# A name on PATH is no proof: version managers put stand-ins there that cannot run.
# So every candidate has to run something before it is believed.
set -u

say() { echo "moa-gateway: $*" >&2; }
runs() { command -v "$1" >/dev/null 2>&1 && "$1" -c pass >/dev/null 2>&1 </dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }
# uv makes environments without the interpreter's own venv module.
makes_environments() {
    command -v uv >/dev/null 2>&1 || "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}
# The base, because an activated environment may be the very one that is made anew.
path_of() { "$1" -c 'import sys; print(getattr(sys, "_base_executable", "") or sys.executable)'; }

wanted=${1:-}
if [ -n "$wanted" ]; then
    if ! runs "$wanted"; then
        say "PYTHON=$wanted is not a Python that runs here"
        exit 2
    fi
    if ! new_enough "$wanted"; then
        say "PYTHON=$wanted is $("$wanted" -V 2>&1); Python 3.11 or newer is needed"
        exit 2
    fi
    if ! makes_environments "$wanted"; then
        say "PYTHON=$wanted cannot make environments: install its venv module" \
            "(on Debian: apt-get install python3-venv), or uv"
        exit 2
    fi
    path_of "$wanted"
    exit 0
fi

for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if runs "$candidate" && new_enough "$candidate" && makes_environments "$candidate"; then
        path_of "$candidate"
        exit 0
    fi
done
say "no Python 3.11 or newer with its venv module was found" \
    "(on Debian: apt-get install python3 python3-venv); or name one: make PYTHON=/path/to/python3"
exit 2
