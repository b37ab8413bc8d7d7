#!/usr/bin/env bash
# kill -9 at random moments of a run, of the program without screens, of an engine, of a workbench,
# of the engine behind a workbench, and of both: no run is lost, none is recorded as finished that is
# not, the history is sound, no child program survives, a run outlives its workbench, and what was
# interrupted goes on to the same hardware or says why not.
#
#     KILLS=1000 tests/e2e/kill9.sh      # 10 by default
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
kills=${KILLS:-10}
scratch=$(mktemp -d)
# Workbenches that are left are those whose command line has our folder.
leave() {
    [ -n "${helper:-}" ] && kill -9 "$helper" 2>/dev/null
    rm -rf "$scratch"
}
trap leave EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config
export TERM=xterm LC_ALL=C.UTF-8
database=$scratch/data/dnn2fpga/history.db
options=(--data samples/mnist --images 40 --test-images 1000 --jobs 1 --max-drop 0.000001
    --qat-epochs 1 --policy conv)
json='"data":"samples/mnist","images":40,"test_images":1000,"jobs":1,"max_drop":0.000001,"qat_epochs":1,"policy":"conv"'
command='{"v":1,"command":"run","options":{"model":"samples/mnist_mlp.h5",'$json'}}'

run() { "$program" run samples/mnist_mlp.h5 "${options[@]}" --quiet; }
# A run that is below its target ends with status 1: it is finished all the same.
finishes() { run >"$scratch/first" 2>&1; [ $? -le 1 ]; }
start=$EPOCHREALTIME
check "a run that is left alone comes to its end" finishes
whole=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}')
"$program" runs show 1 --json >"$scratch/whole.json"
hash_of() { grep -m1 -E '^  "hdl_sha256"' "$1"; }
hardware=$(hash_of "$scratch/whole.json")

# ---- looking at the history ----------------------------------------------------------------------
# "ID STATUS" of each run, the oldest first.
states() {
    "$program" runs list --limit 0 --ascending |
        awk '$1 ~ /^[0-9]+$/ {for (i = 2; i <= NF; i++) if ($i ~ /^(running|ok|unmet|failed|cancelled|interrupted)$/) {print $1, $i; next}}'
}
status_of() { states | awk -v id="$1" '$1 == id {print $2}'; }
newest() { states | tail -n 1 | cut -d' ' -f1; }

# Finished means: every stage is, and the report is there.
finished_wholly() { # finished_wholly ID
    "$program" runs show "$1" --json >"$scratch/show.json" || return 1
    "$program" runs show "$1" >"$scratch/show" || return 1
    if grep -qE '^  [a-z]+ +(running|interrupted|failed|cancelled)' "$scratch/show"; then
        echo "run $1 is finished, its stages are not:"
        cat "$scratch/show"
        return 1
    fi
    [ "$(hash_of "$scratch/show.json")" = "$hardware" ] ||
        { echo "run $1: other hardware than run 1"; return 1; }
    grep -qE '^  "report": null' "$scratch/show.json" && { echo "run $1: no report"; return 1; }
    return 0
}

# Every process of this round works in the run's scratch folder.
survivors() {
    local process
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null) in "$scratch"*) echo "$process" ;; esac
    done
}

# ---- victims: each sets `victims` (processes) ------------------------------------------------------
start_program() {
    "$program" run samples/mnist_mlp.h5 "${options[@]}" --quiet >/dev/null 2>&1 &
    victims=$!
}
# The pipe stays open on this side, as a workbench would hold it.
mkfifo "$scratch/commands" "$scratch/keys"
exec 8<>"$scratch/keys" 9<>"$scratch/commands"
start_engine() {
    "$program" engine <"$scratch/commands" >/dev/null 2>&1 8>&- 9>&- &
    victims=$!
    printf '%s\n' "$command" >&9
}
wait_for() { # wait_for SECONDS COMMAND...
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -ge $until ] && return 1
        sleep 0.02
    done
}
child_of() { pgrep -P "$1" | head -n 1; }
has_child() { [ -n "$(child_of "$1")" ]; }
shows_model() { grep -aq "Model" "$scratch/screen"; }
# A workbench on a terminal of script(1); the run is started by its key.
start_workbench() {
    : >"$scratch/screen"
    script -qfc "stty rows 24 cols 80; exec '$program' samples/mnist_mlp.h5 ${options[*]}" \
        "$scratch/screen" <"$scratch/keys" >/dev/null 2>&1 8>&- 9>&- &
    helper=$!
    wait_for 20 has_child $helper && wait_for 20 shows_model || return 1
    workbench=$(child_of $helper)
    sleep 0.2
    printf r >&8
    wait_for 20 has_child "$workbench" || return 1
    engine=$(child_of "$workbench")
}
start_ui() { start_workbench && victims=$workbench; }
start_ui_engine() { start_workbench && victims=$engine; }
start_both() { start_workbench && victims="$workbench $engine"; }
end_workbench() {
    [ -n "${helper:-}" ] || return 0
    kill -9 "$workbench" "$helper" 2>/dev/null
    wait "$helper" 2>/dev/null
    helper=
}

# ---- a round ---------------------------------------------------------------------------------------
resumed=0 refused=0 outlived=0 before=0 finished=0
goes_on() { # goes_on ID: an interrupted run
    "$program" runs resume "$1" --quiet >"$scratch/resumed" 2>&1
    local status=$?
    if [ $status -le 1 ] && [ "$(status_of "$1")" != interrupted ]; then
        resumed=$((resumed + 1))
        finished_wholly "$1"
        return
    fi
    refused=$((refused + 1))
    cat "$scratch/resumed"
    grep -q "dnn2fpga: ." "$scratch/resumed" # it says why
}
is_over() { case $(status_of "$1") in running) return 1 ;; esac; }
kill_at_random() { # kill_at_random KIND SEED
    local moment old rows newest_id
    states >"$scratch/before"
    old=$(wc -l <"$scratch/before")
    moment=$(awk -v s="$2" -v w="$whole" 'BEGIN {srand(s); print rand() * w * 1.05}')
    "start_$1" || { echo "it did not start"; end_workbench; return 1; }
    sleep "$moment"
    # shellcheck disable=SC2086 # several processes
    kill -9 $victims 2>/dev/null
    [ "$1" = ui ] || sleep 0.3
    echo "$1 killed after $moment s"
    states >"$scratch/after" || return 1
    rows=$(wc -l <"$scratch/after")
    newest_id=$(newest)
    if [ "$1" = ui ] && [ "$rows" -gt "$old" ]; then
        outlived=$((outlived + 1))
        wait_for 120 is_over "$newest_id" || { echo "it does not end"; return 1; }
        [ "$(status_of "$newest_id")" != interrupted ] || { echo "the run died with it"; return 1; }
    fi
    end_workbench
    # what was there is there, as it was
    head -n "$old" "$scratch/after" | diff "$scratch/before" - || return 1
    "$program" runs check || return 1
    # a workbench that is killed while its engine begins leaves that engine to its run
    [ "$1" = ui ] && [ "$rows" -eq "$old" ] && sleep "$whole" && newest_id=$(newest)
    [ "$(newest)" -eq "$(tail -n 1 "$scratch/before" | cut -d' ' -f1)" ] &&
        { before=$((before + 1)); return 0; } # it came before the run had a row: nothing was begun
    wait_for 120 is_over "$newest_id" || { echo "running, without a process"; return 1; }
    [ -z "$(survivors)" ] || { echo "survivors: $(survivors)"; return 1; }
    case $(status_of "$newest_id") in
    interrupted) goes_on "$newest_id" ;;
    ok | unmet) finished=$((finished + 1)) && finished_wholly "$newest_id" ;;
    *) echo "run $newest_id is $(status_of "$newest_id")"; return 1 ;;
    esac
}
kinds=(program engine)
command -v script >/dev/null && kinds=(program engine ui ui_engine both)
for ((seed = 1; seed <= kills; seed++)); do
    kind=${kinds[seed % ${#kinds[@]}]}
    check "$kind killed, moment $seed" kill_at_random "$kind" "$seed"
done
command -v script >/dev/null || skip "workbenches killed" "there is no script(1)"
echo "# $kills kills: $before before there was a run, $resumed went on when resumed, $refused said" \
    "why not, $outlived outlived their workbench, $finished were finished already"
none_running() { states | tee /dev/stderr | awk '$2 == "running" || $2 == "failed" {bad = 1} END {exit bad}'; }
check "no run is left running, none failed" none_running
check "the history is sound" "$program" runs check
check "a new run works" finishes
tap_done
