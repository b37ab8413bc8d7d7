#!/usr/bin/env bash
# Runs are compared, marked, exported, reproduced, binned and purged by one command each.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
runs() { "$program" runs "$@"; }
prints() { # prints PATTERN WORD...: what `runs WORD...` prints has a line like that
    local pattern=$1
    shift
    runs "$@" >"$scratch/out" 2>&1
    cat "$scratch/out"
    grep -qE "$pattern" "$scratch/out"
}
refuses() { # refuses STATUS PATTERN WORD...
    local wanted=$1 pattern=$2
    shift 2
    runs "$@" >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ "$status" -eq "$wanted" ] && grep -qE "$pattern" "$scratch/out"
}
cp samples/mnist_mlp.h5 "$scratch/model.h5"
common=("$scratch/model.h5" --data samples/mnist --test-images 200 --calib-images 200 --quiet
    --stop-after emit)
check "a run" "$program" run "${common[@]}"
check "a run made from it" "$program" run "${common[@]}" --bits 4 --parent 1

check "runs compare: what differs, and the better figure" \
    prints '^\* quantized_bytes .* [0-9]+\+ *$' compare 1 2
check "runs compare: options that differ" prints '^\* weight_bits +8 +4' compare 1 2
check "equal values are left out" bash -c '! grep -q seed "$0"' "$scratch/out"
check "runs show: what a run was made from, by which edits" \
    prints '^made from run 1: .*weight_bits 8 -> 4' show 2
check "runs note" runs note 2 'four <bits> & "quotes"'
check "runs tag" runs tag 2 small paper
check "runs list --filter finds a note" prints '^ +2 ' list --filter '<BITS>'
check "runs list --sort" prints '^ +2 ' list --sort quantized_bytes --ascending --limit 1
check "an unknown column is refused" refuses 2 'quantized_bytes' list --sort size
check "an unknown status is refused" refuses 2 'interrupted' list --status done
check "a negative number of runs is refused" refuses 2 'expected 0' list --limit -1

check "runs export: CSV quotes what needs it" \
    prints '^2,.*,paper small,"four <bits> & ""quotes"""' export 2 --format csv
check "runs export: JSON" prints '"note": "four' export 1 2 --format json
check "runs export: HTML" runs export 1 2 --format html --output "$scratch/page.html"
check "the page escapes texts" grep -q 'four &lt;bits&gt; &amp; &quot;quotes&quot;' "$scratch/page.html"
check "the page has a plot" grep -q '<svg' "$scratch/page.html"
check "the page loads nothing" \
    bash -c '! grep -oE "src=|href=\"[^#]|url\(|<script|@import" "$0"' "$scratch/page.html"
check "the page leads to each run" grep -q '<a href="#run-2">' "$scratch/page.html"
check "a phone, paper and dark colours are thought of" bash -c \
    'for word in viewport "@media print" prefers-color-scheme; do grep -qF "$word" "$0" || exit 1; done' \
    "$scratch/page.html"

check "runs reproduce: the same hashes" prints 'hdl_sha256 +[0-9a-f]{16}\.\.\. +equal' reproduce 2 --quiet
check "the new run says what it repeats" prints '^made from run 2, with the same options' show 3
printf x >>"$scratch/model.h5"
check "a model that has changed is refused" refuses 3 'has changed' reproduce 2 --quiet

check "run --queue: a job, in place of a run" \
    bash -c '"$@" --queue | grep -q "^job 1 waits"' - "$program" run "${common[@]/--quiet/--seed=2}"
check "another one" runs queue reproduce 1
check "runs queue lists them in their order" prints '^ +2 +reproduce +waits +run 1' queue
check "runs queue up" runs queue up 2
check "runs queue --json" bash -c '
    "$0" runs queue list --json | tr -d " \n" | grep -q "\"job\":2.*\"job\":1,.*\"kind\":\"run\""' "$program"
check "runs queue remove" runs queue remove 2
check "a job that is gone is refused" refuses 3 'job 2 is no more' queue remove 2
check "runs queue start does what waits" bash -c '(cd / && "$1" runs queue start --quiet)' - \
    "$(realpath "$program")"
check "it became a run" prints '^ +4 ' list
check "and left the queue" prints '^nothing waits' queue
check "what is over is not made to wait" refuses 3 'not running any more' pause 2
check "nor to stop" refuses 3 'not running any more' stop 2
check "runs delete" runs delete 2 3
check "they are in the bin" prints '^ +2 ' list --deleted
check "and not in the list" bash -c '! "$0" runs list | grep -qE "^ +[23] "' "$program"
check "runs undelete" runs undelete 2
check "only the bin is purged" refuses 3 'in the bin' purge 2
folder=$XDG_DATA_HOME/dnn2fpga/runs/3
check "run 3 has a folder" test -d "$folder"
check "runs purge" runs purge 3
check "row and folder are gone" bash -c '! test -e "$0"' "$folder"
check "a purged run is refused" refuses 3 'no run 3' show 3
check "runs check" prints 'sound' check
check "a misspelt word has a near match" refuses 2 "did you mean 'export'" exprot 1
tap_done
