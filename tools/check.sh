#!/bin/sh
# Every static check, one after the other; all of them run, whatever the first one says.
#
#   tools/check.sh VENV
set -u
cd "$(dirname "$0")/.." || exit 2
bin=$1/bin
failed=

# Folders come into being one by one; a tool that is given a missing one gives up.
code=
for folder in core adapters gateway; do [ -d "$folder" ] && code="$code $folder"; done
typed=$code
for folder in tests bench; do [ -d "$folder" ] && typed="$typed $folder"; done

check() {
    name=$1
    shift
    # Quiet when all is well: a wall of praise hides the one line that matters.
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        echo "$output"
        failed="$failed $name"
    fi
}

check format "$bin/ruff" format --check .
check lint "$bin/ruff" check .
check imports "$bin/lint-imports" --no-logo
# shellcheck disable=SC2086 # lists of folders are meant to be split
{
    check types "$bin/mypy" $typed
    check dependencies "$bin/deptry" $code
    check dead-code "$bin/vulture" --min-confidence 80 $code
    check locks "$bin/python" tools/locks.py
    check complexity "$bin/complexipy" --quiet --failed $code
}

if [ -n "$failed" ]; then
    echo "check failed:$failed"
    exit 1
fi
