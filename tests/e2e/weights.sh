#!/usr/bin/env bash
# Weights that are loaded (--weights ram): the same answers on the same clocks as constants; other
# weights are another file for the same VHDL; and the netlist, which is routed, is bit-exact.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
report=$scratch/report.json
of() { value "$report" "$@"; }
equal() { [ -n "$1" ] && [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
fold=(--fold hidden:pe=1,simd=1 --fold scores:pe=1,simd=1)

quantize() {
    "$program" quantize samples/mnist_tiny.h5 --data samples/mnist --test-images 100 \
        --workdir "$scratch/one" --quiet
}
simulate() { # simulate NAME OPTION...
    "$program" simulate "$scratch/$1/description" --data samples/mnist --images 20 \
        --workdir "$scratch/$1" --json --quiet "${@:2}" >"$report"
}
check "a description of mnist_tiny.h5" quantize
check "loaded weights: simulated" simulate one --weights ram --taps 2
check "bit-exact" equal "$(of hardware bit_exact)" true
check "all values were compared" equal "$(of hardware values_compared)" 200
check "latency as predicted" \
    equal "$(of hardware latency_cycles)" "$(of hardware predicted_latency_cycles)"
check "interval as predicted" \
    equal "$(of hardware interval_cycles)" "$(of hardware predicted_interval_cycles)"
check "a byte for each weight" equal "$(stat -c %s "$scratch/one/hdl/weights.bin")" 3296

# ---- other weights for the same hardware -------------------------------------------------------------
# The first two columns of every row change places: other answers, and nothing else is different.
other_weights() {
    cp -r "$scratch/one/description" "$scratch/two.description" && mkdir "$scratch/two" &&
        mv "$scratch/two.description" "$scratch/two/description" || return
    awk '{ kept = $1; $1 = $2; $2 = kept; print }' \
        "$scratch/one/description/weights/scores.weights.txt" \
        >"$scratch/two/description/weights/scores.weights.txt"
}
only_weights_differ() {
    diff -rq "$scratch/one/hdl" "$scratch/two/hdl" | awk '{ print $2 }' | xargs -n 1 basename |
        sort >"$scratch/differ"
    printf 'mnist_tiny_bench.vhd\nweights.bin\n' | diff - "$scratch/differ" || return
    # ... and of the bench the checksum that it expects
    equal "$(diff "$scratch/one/hdl/mnist_tiny_bench.vhd" "$scratch/two/hdl/mnist_tiny_bench.vhd" |
        grep -c '^>.*EXPECTED_SUM')" 1
}
cp "$report" "$scratch/one.json"
check "a description with other weights" other_weights
check "other weights: simulated" simulate two --weights ram
check "other weights: bit-exact" equal "$(of hardware bit_exact)" true
check "other weights: other answers" \
    holds "$(of hardware accuracy) < $(value "$scratch/one.json" hardware accuracy)"
check "the VHDL is the same but for the checksum that the bench expects" only_weights_differ
check "faults in them are caught" simulate one --weights ram --images 5 --mutate 4

# ---- the netlist ---------------------------------------------------------------------------------
for tool in yosys nextpnr-ice40 icepack iverilog; do
    if ! command -v $tool >/dev/null; then
        skip "synthesis of loaded weights" "$tool is not installed: make deps"
        tap_done
        exit
    fi
done
synthesize() {
    "$program" synth "$scratch/one/description" --data samples/mnist --device hx8k --weights ram \
        "${fold[@]}" --netlist-images 3 --workdir "$scratch/synth" --json --quiet >"$report"
}
check "mnist_tiny.h5 with loaded weights is synthesized for hx8k" synthesize
check "it fits" equal "$(of synthesis fits)" true
check "its weights are in block RAM" holds "$(of synthesis bram) >= 8"
check "it reaches 40 MHz" holds "$(of synthesis fmax_mhz) >= 40"
check "its bitstream is there" test -s "$(of synthesis bitstream)"
check "no latch was made" bash -c '! grep "^Latch inferred" "$1"' - \
    "$scratch/synth/synthesis/yosys.log"
check "its netlist is bit-exact" equal "$(of netlist bit_exact)" true
check "every value of the netlist was compared" equal "$(of netlist values_compared)" 30
tap_done
