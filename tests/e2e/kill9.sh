#!/usr/bin/env bash
# kill -9 at random moments: of the program without screens, of an engine, of a workbench, of the
# engine behind a workbench, and of both, while they prove hardware, climb the ladder and train on
# integers, train, synthesize, and wait in the queue. No run is lost, none is recorded as finished
# that is not, the history is sound, no child program survives, a run outlives its workbench, and what
# was interrupted goes on to the same result or says why not.
#
#     KILLS=1000 tests/e2e/kill9.sh              # one round of each row of MIX by default
#     KILLS=50 FIRST=200 MIX="program:synth engine:synth program:learn" tests/e2e/kill9.sh
#
# FIRST: the number of the first round, which seeds its moment. MIX: "WHO:WORK..." in turn; by default
# all but synthesis, which takes long and needs its tools, and `learn`, a climb without hardware, for
# many rounds in little time. At the end a table says what was killed in which stage, and what became
# of it.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
patience=${PATIENCE:-300} # seconds that anything may take on a busy machine
scratch=$(mktemp -d)
# Workbenches that are left are those whose command line has our folder.
leave() {
    [ -n "${helper:-}" ] && kill -9 "$helper" 2>/dev/null
    rm -rf "$scratch"
}
trap leave EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config
export TERM=xterm LC_ALL=C.UTF-8

whole_mix="program:prove engine:climb both:queue program:train ui:climb engine:prove ui_engine:climb
    program:climb both:prove ui:queue ui_engine:prove"
if ! command -v script >/dev/null; then
    skip "workbenches killed" "there is no script(1)"
    whole_mix=$(tr ' ' '\n' <<<"$whole_mix" | grep -E '^(program|engine):')
fi
read -ra mix -d '' <<<"${MIX:-$whole_mix}"
case " ${mix[*]} " in *" engine:train "*) echo "Bail out! train is no work of an engine" && exit 1 ;; esac
first=${FIRST:-1}
kills=${KILLS:-${#mix[@]}}

# ---- works: the command of each, in the array `words` ------------------------------------------------
# 28x28 pixels, pooled by four, and one dense layer: the least that knows digits.
cat >"$scratch/net.json" <<'JSON'
{"class_name": "Sequential", "config": {"name": "least", "layers": [
  {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 28, 28, 1], "name": "image"}},
  {"class_name": "MaxPooling2D", "config": {"name": "pool", "pool_size": [4, 4],
   "strides": [4, 4], "padding": "valid", "data_format": "channels_last"}},
  {"class_name": "Flatten", "config": {"name": "flatten", "data_format": "channels_last"}},
  {"class_name": "Dense", "config": {"name": "output", "units": 10, "activation": "softmax",
   "use_bias": true}}]}, "keras_version": "2.13.1", "backend": "tensorflow"}
JSON
model=$scratch/net.h5
trained=$scratch/trained.h5
check "a small network is trained" "$program" train "$scratch/net.json" --data samples/mnist \
    --output "$model" --epochs 1 --batch 100 --quiet --db "$scratch/other.db"
words_of() { # words_of WORK
    local common=(run "$model" --data samples/mnist --test-images 100 --calib-images 100 --jobs 1)
    case $1 in
    prove) words=("${common[@]}" --images 20) ;;
    queue) words=("${common[@]}" --images 2) ;;
    climb) words=("${common[@]}" --bits 3 --target-accuracy 0.9999 --qat-epochs 3 --images 2) ;;
    learn) words=("${common[@]}" --bits 3 --target-accuracy 0.9999 --qat-epochs 3
        --stop-after describe) ;;
    train) words=(train "$model" --data samples/mnist --test-images 100 --jobs 1 --epochs 3
        --output "$trained") ;;
    synth) words=("${common[@]}" --images 2 --bits 4 --fold output:pe=1,simd=1 --device hx8k
        --clock 30 --synth) ;;
    esac
}

# ---- looking at the history ----------------------------------------------------------------------
# "ID STATUS" of each run, the oldest first.
states() {
    "$program" runs list --limit 0 --ascending |
        awk '$1 ~ /^[0-9]+$/ {for (i = 2; i <= NF; i++) if ($i ~ /^(running|ok|unmet|failed|refused|cancelled|interrupted)$/) {print $1, $i; next}}'
}
status_of() { states | awk -v id="$1" '$1 == id {print $2}'; }
newest() { states | tail -n 1 | cut -d' ' -f1; }
count() { states | wc -l; }
is_over() { case $(status_of "$1") in running) return 1 ;; esac; }

# What a finished run leaves: the hashes of its description and its VHDL, or of what it trained.
result_of() { # result_of WORK ID
    if [ "$1" = train ]; then
        cksum <"$trained"
    else
        "$program" runs show "$2" --json | grep -E '^  "(description|hdl)_sha256"'
    fi
}
# Finished means: every stage is, and the result is that of a run that was left alone.
finished_wholly() { # finished_wholly WORK ID
    "$program" runs show "$2" >"$scratch/show" || return 1
    if grep -qE '^  [a-z]+ +(running|interrupted|failed|cancelled)' "$scratch/show"; then
        echo "run $2 is finished, its stages are not:"
        cat "$scratch/show"
        return 1
    fi
    result_of "$1" "$2" | diff "$scratch/$1.result" - || { echo "run $2: another result"; return 1; }
}
# The stage that an interrupted run was in, and whether it trained on integers.
stage_of() { # stage_of ID
    local stage
    stage=$("$program" runs show "$1" | awk '$2 == "interrupted" {print $1; exit}')
    [ "$stage" = quantize ] && compgen -G "$XDG_DATA_HOME/dnn2fpga/runs/$1/ladder/rung-*.training" >/dev/null &&
        stage="quantize (training on integers)"
    echo "${stage:-between two stages}"
}

# Every child program of this round works in the run's scratch folder.
survivors() {
    local process
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null) in "$scratch"*) echo "$process" ;; esac
    done
}

# Each work once, undisturbed: how long it takes, its result, and its options for an engine.
alone() { # alone WORK
    local start=$EPOCHREALTIME status
    words_of "$1"
    "$program" "${words[@]}" --quiet >"$scratch/said" 2>&1
    status=$?
    [ $status -le 1 ] || { cat "$scratch/said"; return 1; } # 1: below its target, but finished
    whole[$1]=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}')
    result_of "$1" "$(newest)" >"$scratch/$1.result"
    "$program" runs show "$(newest)" | sed -n 's/^  options  *//p' >"$scratch/$1.options"
    [ -s "$scratch/$1.result" ] && [ -s "$scratch/$1.options" ]
}
declare -A whole
for row in "${mix[@]}"; do
    work=${row#*:}
    [ -n "${whole[$work]:-}" ] || check "a run of $work that is left alone comes to its end" alone "$work"
done

# ---- victims: each sets `victims` (processes) ------------------------------------------------------
wait_for() { # wait_for SECONDS COMMAND...
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -ge $until ] && return 1
        sleep 0.02
    done
}
start_program() {
    words_of "$1"
    "$program" "${words[@]}" --quiet >/dev/null 2>&1 &
    victims=$!
}
# The pipe stays open on this side, as a workbench would hold it.
mkfifo "$scratch/commands" "$scratch/keys"
exec 8<>"$scratch/keys" 9<>"$scratch/commands"
start_engine() { # it insists on pipes on both sides
    "$program" engine <"$scratch/commands" > >(cat >/dev/null) 2>"$scratch/screen" 8>&- 9>&- &
    victims=$!
    printf '{"v":1,"command":"run","options":%s}\n' "$(cat "$scratch/$1.options")" >&9
}
child_of() { pgrep -P "$1" | head -n 1; }
has_child() { [ -n "$(child_of "$1")" ]; }
screen_has() { grep -aq "$1" "$scratch/screen"; }
shows_or_ended() { screen_has "$1" || gone "$helper"; }
# A workbench on a terminal of script(1).
open_workbench() { # open_workbench WORK
    words_of "$1"
    : >"$scratch/screen"
    script -qfc "stty rows 24 cols 80; exec '$program' ${words[*]:1}" "$scratch/screen" \
        <"$scratch/keys" >/dev/null 2>&1 8>&- 9>&- &
    helper=$!
    wait_for "$patience" shows_or_ended conv2d\\\|dense && has_child "$helper" || return 1
    workbench=$(child_of $helper)
}
# Its run is started by a key; in the work `queue`, a second one waits for the first.
start_workbench() {
    open_workbench "$1" || return 1
    if [ "$1" = queue ]; then
        printf rr >&8
        wait_for "$patience" screen_has "waits for its turn" || return 1
    else
        printf r >&8
    fi
    wait_for "$patience" has_child "$workbench" || return 1
    engine=$(child_of "$workbench")
}
start_ui() { start_workbench "$1" && victims=$workbench; }
start_ui_engine() { start_workbench "$1" && victims=$engine; }
start_both() { start_workbench "$1" && victims="$workbench $(pgrep -P "$workbench" | tr '\n' ' ')"; }
end_workbench() {
    [ -n "${helper:-}" ] || return 0
    kill -9 "${workbench:-$helper}" "$helper" 2>/dev/null
    wait "$helper" 2>/dev/null
    helper= workbench=
}

# ---- a round ---------------------------------------------------------------------------------------
note() { # note STAGE OUTCOME: a line of the table
    printf '%s\t%s\t%s\n' "$row" "$1" "$2" >>"$scratch/table"
}
goes_on() { # goes_on WORK ID: an interrupted run
    local stage status
    stage=$(stage_of "$2")
    "$program" runs resume "$2" --quiet >"$scratch/resumed" 2>&1
    status=$?
    if [ $status -le 1 ] && [ "$(status_of "$2")" != interrupted ]; then
        note "$stage" "resumed to the same result"
        finished_wholly "$1" "$2"
        return
    fi
    note "$stage" "said why it cannot go on"
    cat "$scratch/resumed"
    grep -q "dnn2fpga: ." "$scratch/resumed" # it says why
}
comes_to_its_end() { # comes_to_its_end WORK ID
    wait_for "$patience" is_over "$2" || { echo "running, without a process"; return 1; }
    case $(status_of "$2") in
    interrupted) goes_on "$1" "$2" ;;
    ok | unmet) note "over already" "finished wholly" && finished_wholly "$1" "$2" ;;
    *) echo "run $2 is $(status_of "$2")"; return 1 ;;
    esac
}
# What was asked for in the work `queue`: rows, and jobs that wait. A job becomes a row in one step, so
# when there are as many rows after the jobs were counted as before, none was missed.
asked_for() {
    local rows=-1 again jobs
    while again=$(count) && [ "$again" != "$rows" ]; do
        rows=$again
        jobs=$("$program" runs queue list | grep -cE '^ *[0-9]+ ')
    done
    echo $((rows + jobs))
}
# A workbench that is opened begins what is left of the two runs.
has_rows() { [ "$(count)" -ge "$1" ]; }
queue_comes_to_its_end() { # queue_comes_to_its_end ROWS_BEFORE ROWS
    local id
    open_workbench queue || return 1
    wait_for "$patience" has_rows "$2" || { echo "a run of the queue is lost"; return 1; }
    for id in $(states | tail -n +$(($1 + 1)) | cut -d' ' -f1); do
        wait_for "$patience" is_over "$id" || { echo "run $id does not end"; return 1; }
    done
    sleep 0.3 # for whatever else it might begin
    end_workbench
    [ "$(count)" -eq "$2" ] || { echo "a run of the queue was begun twice"; return 1; }
    for id in $(states | tail -n +$(($1 + 1)) | cut -d' ' -f1); do
        comes_to_its_end queue "$id" || return 1
    done
}
# A run whose workbench died: it goes on by itself.
outlives() { # outlives WORK ID
    wait_for "$patience" is_over "$2" || { echo "it does not end"; return 1; }
    [ "$(status_of "$2")" != interrupted ] || { echo "the run died with it"; return 1; }
    note "any" "outlived its workbench"
    finished_wholly "$1" "$2"
}
# Rows seen before the kill are there after it.
same_numbers() {
    head -n "$(wc -l <"$scratch/seen")" "$scratch/after" | cut -d' ' -f1 |
        diff - <(cut -d' ' -f1 "$scratch/seen")
}
gone() { ! kill -0 "$1" 2>/dev/null; }
kill_at_random() { # kill_at_random WHO WORK SEED
    local old moment victim asked left
    states >"$scratch/before"
    old=$(wc -l <"$scratch/before")
    rm -f "$trained"
    moment=$(awk -v s="$3" -v w="${whole[$2]}" -v queue="$2" \
        'BEGIN {srand(s); print rand() * w * (queue == "queue" ? 2.1 : 1.05)}')
    "start_$1" "$2" || { echo "it did not start"; tail -c 2000 "$scratch/screen"; end_workbench; return 1; }
    sleep "$moment"
    [ "$2" != queue ] || asked=$(asked_for)
    states >"$scratch/seen"
    # what never worked would be killed in vain
    if [ "$(count)" -eq "$old" ] && gone "${victims%% *}"; then
        echo "it ended by itself, and has no row"
        tail -c 2000 "$scratch/screen"
        return 1
    fi
    # shellcheck disable=SC2086 # several processes
    kill -9 $victims 2>/dev/null
    echo "$1 killed after $moment s"
    for victim in $victims; do wait_for "$patience" gone "$victim"; done
    states >"$scratch/after" || return 1
    head -n "$old" "$scratch/after" | diff "$scratch/before" - || return 1 # what was there is as it was
    same_numbers || { echo "a run that had a row has none"; return 1; }
    "$program" runs check || return 1
    if [ "$1" = ui ] && [ "$2" != queue ] && kill -0 "$engine" 2>/dev/null; then
        # killed while its engine begins, a workbench leaves that engine to its run
        wait_for "$patience" gone "$engine" || { echo "the engine does not end"; return 1; }
        end_workbench
        outlives "$2" "$(newest)"
        return
    fi
    if [ "$2" = queue ]; then
        # an engine that is left alone may still be on its way to a row
        [ "$1" != ui ] || wait_for "$patience" gone "$engine" || return 1
        left=$(asked_for)
        echo "of the queue, $((asked - old)) runs and jobs before, $((left - old)) after"
        # the first may have died before it had a row; the second is a job or a row
        [ "$left" -ge "$asked" ] && [ "$left" -gt "$old" ] || return 1
        end_workbench
        [ "$left" -gt $((old + 1)) ] || note "the first before it had a row" "the second one begins"
        queue_comes_to_its_end "$old" "$left" || return 1
    elif [ "$(count)" -eq "$old" ]; then
        end_workbench
        note "before the run had a row" "nothing was begun"
    else
        end_workbench
        comes_to_its_end "$2" "$(newest)" || return 1
    fi
    [ -z "$(survivors)" ] || { echo "survivors: $(survivors)"; return 1; }
}
none_running() { states | tee /dev/stderr | awk '$2 !~ /^(ok|unmet)$/ && !/interrupted/ {bad = 1} END {exit bad}'; }
# A history of its own for each hundred of rounds: finished runs take room.
close_history() {
    check "no run is left running, none failed" none_running
    check "the history is sound" "$program" runs check
    rm -rf "$XDG_DATA_HOME"
}
: >"$scratch/table"
for ((seed = first; seed < first + kills; seed++)); do
    row=${mix[seed % ${#mix[@]}]}
    check "$row, moment $seed" kill_at_random "${row%:*}" "${row#*:}" "$seed"
    [ $(((seed - first) % 100)) -ne 99 ] || close_history
done
check "a new run works" alone "${row#*:}"
close_history
echo "# who:work, stage when killed, what became of it"
sort "$scratch/table" | uniq -c | sed 's/^/# /' | tr '\t' ' '
tap_done
