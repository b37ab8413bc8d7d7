#!/usr/bin/env bash
# The shapes of ResNet-8 and of a small MobileNet, from Keras' file to proof.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
report=$scratch/report.json

of() { value "$report" "$1" "$2"; }
equal() { [ -n "$1" ] && [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

run() {
    "$program" run "tests/fixtures/models/$1.k3.h5" --data tests/fixtures/data/random_32x32x3.h5 \
        --images 3 --db "$scratch/history.db" --workdir "$scratch/run" --json --quiet "${@:2}" \
        >"$report" || { cat "$report"; return 1; }
}

# "depth peak predicted_peak" of every deep buffer
deep_buffers() {
    grep -A4 '"from":' "$report" | grep -oE '"(depth|peak|predicted_peak)": [0-9null]+' |
        grep -oE '[0-9]+$|null$' | paste -d' ' - - - | awk '$1 > 2'
}
full_as_planned() { deep_buffers | awk '$2 != $3 || $2 > $1 {print; bad = 1} END {exit bad || NR == 0}'; }

# network WHAT MODEL INTERVAL OPTION...
network() {
    local what=$1 model=$2 interval=$3
    shift 3
    check "$what runs and exits with 0" run "$model" "$@"
    check "$what: bit-exact" equal "$(of hardware bit_exact)" true
    check "$what: every output compared" equal "$(of hardware values_compared)" 30
    check "$what: latency as predicted" \
        equal "$(of hardware latency_cycles)" "$(of hardware predicted_latency_cycles)"
    check "$what: interval" equal "$(of hardware interval_cycles)" "$interval"
    check "$what: interval as predicted" \
        equal "$(of hardware predicted_interval_cycles)" "$interval"
}

network "ResNet-8" resnet8_shape 1156
check "ResNet-8: its three skips wait in buffers" equal "$(deep_buffers | wc -l)" 3
check "ResNet-8: buffers fill up as planned" full_as_planned

# sum_1: 32 x 32 beats of 16 steps each.
network "ResNet-8, folded" resnet8_shape 16384 --fold conv_0:pe=4,simd=9 \
    --fold conv_1a:pe=4,simd=48 --fold conv_1b:pe=8,simd=24 --fold conv_2a:pe=4,simd=48 \
    --fold short_2:pe=4,simd=4 --fold conv_2b:pe=8,simd=36 --fold conv_3a:pe=4,simd=72 \
    --fold short_3:pe=4,simd=4 --fold conv_3b:pe=8,simd=72 --fold sum_1:pe=1,simd=1 \
    --fold sum_2:pe=4,simd=1 --fold scores:pe=1,simd=8
check "ResNet-8, folded: buffers fill up as planned" full_as_planned

network "MobileNet" mobilenet_small 1156
tap_done
