# tap.sh: to be sourced by test scripts: `check "what is promised" command...` prints one TAP line;
# finish with `tap_done`.
tap_count=0
tap_failed=0
check() {
    local what=$1
    shift
    tap_count=$((tap_count + 1))
    "$@" >"${TAP_LOG:=$(mktemp)}" 2>&1
    local status=$?
    if [ $status -eq 0 ]; then
        echo "ok $tap_count - $what"
    else
        echo "not ok $tap_count - $what"
        echo "# $* -> status $status"
        sed 's/^/# /' "$TAP_LOG" | tail -n 30
        tap_failed=$((tap_failed + 1))
    fi
}
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}
tap_done() {
    rm -f "${TAP_LOG:-}"
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
