#!/usr/bin/env bash
# run.sh [WORD...]: runs every test, or those whose name contains one of the words (given as arguments
# or in ONLY), and closes with one line "N passed, N failed". Each test speaks TAP ("ok ..." / "not ok
# ..."): C tests through cmocka, scripts by themselves (tests/tap.sh). A test program that dies counts
# as one failure, and so does one that takes longer than TEST_TIMEOUT seconds.
# VALGRIND=1 runs the C tests under valgrind, where a leak or an error is a failure, in a forked copy
# of a test, too. Only what is lost for certain is a leak: such a copy ends wherever it is, while its
# parent's blocks are held from places that valgrind takes for a "possible" loss.
set -u
cd "$(dirname "$0")/.."
# shellcheck disable=SC2086 # several words
[ $# -gt 0 ] || set -- ${ONLY:-}
build=${BUILD:-build}
export BUILD=$build CMOCKA_MESSAGE_OUTPUT=TAP
export LC_ALL=C.UTF-8 TZ=UTC
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# No test may touch the user's own history.
export HOME=$scratch/home XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state \
    XDG_CONFIG_HOME=$scratch/config
mkdir -p "$HOME"

passed=0 failed=0 skipped=0
wanted() {
    [ $# -eq 1 ] && return 0
    local name=$1 word
    shift
    for word in "$@"; do case $name in *"$word"*) return 0 ;; esac; done
    return 1
}
run_one() {
    local name=$1 log=$scratch/log start=$SECONDS ok bad skip code memcheck=()
    [ -n "${VALGRIND:-}" ] && memcheck=(valgrind -q --error-exitcode=99 --leak-check=full
        --show-leak-kinds=definite --errors-for-leak-kinds=definite)
    timeout -k 20 "${TEST_TIMEOUT:-900}" "${memcheck[@]}" "$name" >"$log" 2>&1 </dev/null
    code=$?
    skip=$(grep -cE '^ok .*# [Ss][Kk][Ii][Pp]' "$log")
    ok=$(($(grep -cE '^ok ' "$log") - skip))
    bad=$(grep -cE '^not ok ' "$log")
    # What valgrind says of a copy whose status nobody asked for.
    [ -n "${VALGRIND:-}" ] && grep -qE '^==[0-9]+== ' "$log" && bad=$((bad + 1))
    if [ "$bad" -eq 0 ] && { [ $code -ne 0 ] || [ $((ok + skip)) -eq 0 ]; }; then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-58s %4d ok' "$name" "$ok"
    [ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
    [ "$bad" -gt 0 ] && printf ', %d FAILED (status %d)' "$bad" "$code"
    case $code in 124 | 137) printf ', stopped after %s s' "${TEST_TIMEOUT:-900}" ;; esac
    printf '  %ds\n' $((SECONDS - start))
    [ "$bad" -gt 0 ] && sed 's/^/    /' "$log" | tail -n 60
    grep -E '^ok .*# [Ss][Kk][Ii][Pp]' "$log" | sed 's/^/    /'
    return 0
}
for test in tests/checks/*.sh $(find "$build/tests/unit" -type f -perm -u+x -name 'test_*' | sort) \
    tests/hdl/*.sh tests/e2e/*.sh; do
    [ -x "$test" ] && wanted "$test" "$@" && run_one "$test"
done
printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
