#!/usr/bin/env bash
# A fault in the VHDL of a kept run is followed down to the value, without a screen.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
prints() { # prints PATTERN WORD...: what `runs differences WORD...` prints has a line like that
    local pattern=$1
    shift
    "$program" runs differences "$@" --quiet >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ "$status" -eq 0 ] && grep -qE "$pattern" "$scratch/out"
}
refuses() { # refuses STATUS PATTERN WORD...
    local wanted=$1 pattern=$2
    shift 2
    "$program" runs differences "$@" --quiet >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ "$status" -eq "$wanted" ] && grep -qE "$pattern" "$scratch/out"
}
refuses_while_held() { # somebody else has the lock of the run's folder
    exec 9>"$scratch/data/dnn2fpga/runs/1/again.lock"
    flock -n 9 && printf 4711 >&9
    refuses 3 'run 1: process 4711 simulates an image of it again' 1 --again
    local status=$?
    exec 9>&-
    return "$status"
}
same_number() { # the JSON has the value that the table has
    local got
    got=$(sed -nE 's/^ +3 +0 +0 +[0-9]+ +(-?[0-9]+) .*/\1/p' "$scratch/table")
    [ -n "$got" ] && "$program" runs differences 1 scores 3 --json | grep -q "\"got\": $got,"
}
check "a run that is bit-exact" "$program" run samples/mnist_tiny.h5 --data samples/mnist \
    --test-images 50 --calib-images 50 --images 2 --jobs 1 --quiet
check "it keeps no differences, and says how to look" refuses 3 'differences 1 --again' 1
check "not while another process looks again, which is named" refuses_while_held
check "looking again finds none" prints 'every value of every layer is equal' 1 --again
check "half is no longer added before results are rounded" \
    sed -i 's/OFFSET + power_of_two(PLACES - 1)/OFFSET/' "$scratch/data/dnn2fpga/runs/1/hdl/folded_mac.vhd"
check "the layers that differ" prints '^\* hidden .* beat 0: channel' 1 --again --image 1
check "the pool does not" grep -qE '^  pool +14x14x1 +equal' "$scratch/out"
check "waves of that image" test -s "$scratch/data/dnn2fpga/runs/1/difference.ghw"
check "a vector's values" prints '^ +3 +0 +0 +0 +-?[0-9]+ +-?[0-9]+ ' 1 scores
cp "$scratch/out" "$scratch/table"
check "the same in JSON" same_number
check "a channel, with its map" prints '^\.{14}$' 1 pool 0
check "an unknown layer is refused" refuses 2 'layer nowhere' 1 nowhere
check "an unknown channel is refused" refuses 2 '0 to 9' 1 scores 10
check "an image that is not there is refused" refuses 3 'test images are 0 to 49' 1 --again --image 50
check "the history tells nothing new" bash -c '"$0" runs show 1 --json | grep -q "\"bit_exact\": true"' "$program"
tap_done
