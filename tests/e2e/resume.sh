#!/usr/bin/env bash
# A run that is killed while it trains is resumed by its number, and ends with the same description
# as one that was left alone; so does the verb train, with the same file.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
model=$scratch/model.h5
cp samples/mnist_mlp.h5 "$model"
options=("$model" --data samples/mnist --weight-bits 2 --calib-images 200 --test-images 500
    --target-accuracy 0.95 --qat-epochs 3 --quiet)

status_of() { "$program" runs show "$1" --json | sed -n 's/^  "status": "\([a-z]*\)".*/\1/p'; }
hash_of() { "$program" runs show "$1" --json | sed -n 's/^  "description_sha256": "\(.*\)".*/\1/p'; }
is() { echo "found '$1', expected '$2'"; [ -n "$2" ] && [ "$1" = "$2" ]; }
refused() { # refused WORD ID: exit status 3 and the word in the message
    "$program" runs resume "$2" --quiet >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ "$status" -eq 3 ] && grep -q "$1" "$scratch/out"
}

check "a run that is left alone reaches its target" "$program" quantize "${options[@]}"

"$program" quantize "${options[@]}" >/dev/null 2>&1 &
victim=$!
state=$XDG_DATA_HOME/dnn2fpga/runs/2/ladder
for ((i = 0; i < 4000; i++)); do # a busy machine takes long
    compgen -G "$state/rung-*.training" >/dev/null && break
    sleep 0.05
done
check "a run that still works is not resumed" refused 'still running' 2
sleep "$(awk 'BEGIN {srand(); print rand() * 0.3}')" # three epochs take longer
kill -9 "$victim"
wait "$victim" 2>/dev/null
check "the killed run is interrupted" is "$(status_of 2)" interrupted
check "its training is kept" compgen -G "$state/rung-*.training"

cp samples/mnist_cnn.h5 "$model"
check "another model in the file's place is refused" refused 'has changed' 2
check "and the run is as it was" is "$(status_of 2)" interrupted
cp samples/mnist_mlp.h5 "$model"

resume() { (cd / && "$1" runs resume 2 --quiet); }
check "the run is resumed, from another folder" resume "$(realpath "$program")"
check "it is done" is "$(status_of 2)" ok
check "the same description" is "$(hash_of 2)" "$(hash_of 1)"
check "rungs were not evaluated again" \
    grep -q 'rung ptq-all: accuracy .* as measured before' "${state%/ladder}/run.log"
check "what the ladder kept is gone" test ! -e "$state"
check "a finished run is not resumed" refused 'is finished' 2

train=(samples/mnist_mlp.h5 --data samples/mnist --epochs 8 --test-images 500 --quiet)
check "a training that is left alone" "$program" train "${train[@]}" --output "$scratch/alone.h5"
"$program" train "${train[@]}" --output "$scratch/killed.h5" >/dev/null 2>&1 &
victim=$!
state=$XDG_DATA_HOME/dnn2fpga/runs/4/training
for ((i = 0; i < 4000; i++)); do # a busy machine takes long
    [ -e "$state/trainer.state" ] && break
    sleep 0.05
done
kill -9 "$victim"
wait "$victim" 2>/dev/null
check "the killed training is interrupted" is "$(status_of 4)" interrupted
check "and has written no model" test ! -e "$scratch/killed.h5"
check "it is resumed" "$program" runs resume 4 --quiet
check "the same file" cmp "$scratch/alone.h5" "$scratch/killed.h5"
check "what the training kept is gone" test ! -e "$state"
tap_done
