#!/usr/bin/env bash
# What a file exports, another file uses: the program, or a test. What only its own file uses is
# static; what nobody uses is deleted.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
build=${BUILD:-build}

objects() { # DIR...: the objects of the sources that are there now, made or not
    local source object
    for source in $(find "$@" -name '*.c' | sort); do
        object=$build/${source%.c}.o
        [ -f "$object" ] && echo "$object"
    done
}
# Harnesses that `make check` does not build are read as text.
mentioned_elsewhere() { grep -rqw "$1" tests/fuzz tests/bench --include='*.c'; }
# "object: function" for each function that the program exports and no other object calls.
uncalled() {
    {
        objects src db ui tests/unit | xargs nm -u | awk 'NF == 2 { print "called", $2 }'
        objects src db ui | xargs nm -A -g --defined-only | awk '$2 == "T" || $3 == "T"'
    } | awk '$1 == "called" { called[$2]; next }
             { split($1, place, ":"); if (!($NF in called) && $NF != "main") print place[1] ": " $NF }'
}
unused() {
    local object name bad=0
    while read -r object name; do
        mentioned_elsewhere "$name" || { echo "$object $name"; bad=1; }
    done < <(uncalled)
    return $bad
}
check "the program and its tests are built" test -f "$build/src/main.o" -a -f "$build/tests/unit/base/test_base.o"
check "what a file exports, another file uses" unused
tap_done
