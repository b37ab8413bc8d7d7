#!/usr/bin/env bash
# kill -9 of the whole program, and of the engine, at 20 random moments: the history opens, the run
# shows as interrupted, no child program survives, and a new run works.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
options=(samples/mnist_mlp.h5 --data samples/mnist --images 40 --test-images 1000 --quiet)
command='{"v":1,"command":"run","options":{"model":"samples/mnist_mlp.h5","data":"samples/mnist","images":40,"test_images":1000}}'

run() { "$program" run "${options[@]}"; }
start=$EPOCHREALTIME
check "a run that is left alone works" run
whole=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}')

start_program() { "$program" run "${options[@]}" >/dev/null 2>&1 & }
# The pipe stays open on this side, as a workbench would hold it.
mkfifo "$scratch/commands"
exec 9<>"$scratch/commands"
start_engine() {
    "$program" engine <"$scratch/commands" >/dev/null 2>&1 9>&- &
    printf '%s\n' "$command" >&9
}

# Every process of this round carries the run's scratch folder in its arguments or folder.
survivors() {
    local process
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/cwd" 2>/dev/null)" = "$PWD" ] && continue
        case $(readlink "$process/cwd" 2>/dev/null) in "$scratch"*) echo "$process" ;; esac
    done
}
kill_at_random() { # kill_at_random START_FUNCTION SEED
    local victim moment status
    moment=$(awk -v s="$2" -v w="$whole" 'BEGIN {srand(s); print rand() * w}')
    $1
    victim=$!
    sleep "$moment"
    kill -9 "$victim" 2>/dev/null
    wait "$victim" 2>/dev/null
    sleep 0.2
    echo "killed after $moment s"
    "$program" runs list --limit 1 >"$scratch/list" || return 1
    cat "$scratch/list"
    grep -q ' running ' "$scratch/list" && return 1
    [ -z "$(survivors)" ] || { echo "survivors: $(survivors)"; return 1; }
}
for seed in 1 2 3 4 5 6 7 8 9 10; do
    check "program killed, moment $seed" kill_at_random start_program $seed
done
for seed in 11 12 13 14 15 16 17 18 19 20; do
    check "engine killed, moment $seed" kill_at_random start_engine $seed
done
statuses() {
    "$program" runs list --limit 0 >"$scratch/list"
    cat "$scratch/list"
    grep -q ' interrupted ' "$scratch/list" && ! grep -qE ' (running|failed) ' "$scratch/list"
}
check "killed runs are interrupted, none is running or failed" statuses
check "a new run works" run
tap_done
