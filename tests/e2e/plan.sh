#!/usr/bin/env bash
# Foldings that are chosen, from the command line: a rate is met, a device is filled, what cannot be
# is refused with what to change, and nothing is written by looking.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
report=$scratch/report.json

describe() {
    "$program" run samples/mnist_cnn.h5 --data samples/mnist --test-images 100 --calib-images 100 \
        --stop-after describe --workdir "$scratch/cnn" --quiet >/dev/null
}
plan() { "$program" plan "$scratch/cnn/description" --json --quiet "$@" >"$report" 2>"$scratch/words"; }
of() { # of OBJECT KEY: of an object in section "hardware"
    section "$report" hardware | awk -v start="\"$1\": {" 'index($0, start) {on = 1} on' |
        grep -m1 -oE "\"$2\": *[^,]+" | sed 's/^[^:]*: *//; s/^"//; s/"$//'
}
refused() { # refused CODE WORDS OPTION...
    local code=$1 words=$2
    shift 2
    plan "$@"
    local got=$?
    cat "$scratch/words"
    [ $got -eq "$code" ] && grep -qE -- "$words" "$scratch/words"
}

check "a description is made" describe
sleep 0.05
touch "$scratch/described"
check "a plan without wishes" plan
check "nothing was chosen" grep -q '"folding": null' "$report"
check "a rate" plan --target-fps 1000 --clock 50
check "the rate is met" holds "$(of folding interval_cycles) <= 50000"
check "and is the simulation's" \
    test "$(of folding interval_cycles)" = "$(value "$report" hardware predicted_interval_cycles)"
check "not by far more than was asked for" \
    holds "$(of folding interval_cycles) > 10000"
check "energy: integers take less" \
    holds "$(of energy integer_nj) * 2 < $(of energy float_nj)"
check "a device" plan --device ecp5-45
check "the estimate fits" test "$(of estimate fits)" = true
check "DSP blocks are used" holds "$(of estimate dsp) > 20 && $(of estimate dsp) <= 72"
check "a folding that is asked for stays" plan --target-fps 1000 --clock 50 --fold conv_2:pe=12,simd=9
check "conv_2 has it" grep -q '"macs_per_cycle": 108' "$report"
check "too fast: what limits, and what to do" refused 3 "layer conv_1 takes 784 clocks.*--clock" \
    --target-fps 1e6
check "too small: ways to fit" refused 3 "3\. " --target-fps 100000 --device ecp5-25
check "illegal: the legal values" refused 2 "possible: 1, 2, 3, 4, 6, 12" --fold conv_1:pe=5
check "unknown device: the nearest" refused 2 "did you mean ecp5-25" --device ecp5-2
check "two products in each DSP block of a Zynq" plan --target-fps 1000 --clock 50 \
    --device zynq-7020 --fold conv_2:pe=12,simd=9 --pack-dsp
check "of the layer that has an even PE" grep -q '"packed": true' "$report"
check "a device whose blocks have one product each" plan --device zynq-7010
apart=$(value "$report" hardware predicted_interval_cycles)
check "and two" plan --device zynq-7010 --pack-dsp
check "it fits, too" test "$(of estimate fits)" = true
check "and is faster" holds "$(value "$report" hardware predicted_interval_cycles) < $apart"
check "not in the narrower ones of an ECP5" refused 3 "conv_2: needs factors of 24 and 8 bits" \
    --fold conv_2:pe=12,simd=9 --device ecp5-85 --pack-dsp
check "a device must be named for that" refused 2 "--device NAME" --pack-dsp
echo "add_int8 fast" >"$scratch/table"
check "a bad energy table: file and line" refused 3 "table:1: expected" \
    --energy-table "$scratch/table"
check "looking writes nothing" test "$(find "$scratch/cnn" -newer "$scratch/described")" = ""

# ---- a run chooses before it describes -------------------------------------------------------------
run() {
    "$program" run samples/mnist_cnn.h5 --data samples/mnist --test-images 20 --calib-images 100 \
        --images 8 --target-fps 20000 --workdir "$scratch/run" --json --quiet >"$report"
}
if command -v ghdl >/dev/null; then
    check "a run at a rate is proven" run
    check "at the cycles that were planned" \
        test "$(value "$report" hardware interval_cycles)" = "$(of folding interval_cycles)"
    check "and fast enough" holds "$(value "$report" hardware images_per_s) >= 20000"
else
    skip "a run at a rate" "ghdl is not installed: make deps"
fi
tap_done
