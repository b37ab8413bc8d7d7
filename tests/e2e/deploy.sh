#!/usr/bin/env bash
# Test images over a serial line to a simulated board: what comes back equals the golden model, and
# wrong requests are refused.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
deploy() { "$program" deploy "$scratch/mlp/description" --data samples/mnist --workdir "$scratch/board" --quiet "$@"; }
refuses() { # refuses STATUS PATTERN OPTION...
    local wanted=$1 pattern=$2
    shift 2
    deploy "$@" >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ "$status" -eq "$wanted" ] && grep -q -- "$pattern" "$scratch/out"
}
check "a model description" "$program" quantize samples/mnist_mlp.h5 --data samples/mnist \
    --test-images 100 --workdir "$scratch/mlp" --quiet
scored() { deploy --simulate --images 20 --json >"$scratch/report"; }
check "20 images over the serial line of a simulated board" scored
is() { echo "found '$1', expected '$2'"; [ "$1" = "$2" ]; }
check "every value is that of the golden model" is "$(value "$scratch/report" deployed bit_exact)" true
check "200 values came" is "$(value "$scratch/report" deployed values)" 200
check "they were scored" holds "$(value "$scratch/report" deployed accuracy) >= 0.9"

# A network with memories: its weights come over the same line, and their checksum goes back.
tiny() {
    "$program" quantize samples/mnist_tiny.h5 --data samples/mnist --test-images 100 \
        --workdir "$scratch/tiny" --quiet
}
loaded() {
    "$program" deploy "$scratch/tiny/description" --data samples/mnist --workdir "$scratch/memories" \
        --quiet --simulate --images 5 --weights ram --json >"$scratch/report"
}
check "a description of a small network" tiny
check "weights, then 5 images over the serial line" loaded
check "every value is that of the golden model, too" is "$(value "$scratch/report" deployed bit_exact)" true
check "50 values came" is "$(value "$scratch/report" deployed values)" 50
checksum() { # of a file: a = a + byte, b = b + a, both modulo 65536
    od -An -v -tu1 "$1" | awk 'BEGIN { a = 1 }
        { for (i = 1; i <= NF; i++) { a = (a + $i) % 65536; b = (b + a) % 65536 } }
        END { printf "%04x%04x\n", b, a }'
}
check "the checksum is that of weights.bin" is "$(value "$scratch/report" deployed weights_checksum)" \
    "$(checksum "$scratch/memories/hdl/weights.bin")"

check "neither a board nor a simulation" refuses 2 "--simulate" --images 1
check "both" refuses 2 "takes no --port" --simulate --port /dev/null
check "an unknown board, with the nearest name" refuses 2 "did you mean 'icebreaker'" --simulate --board icebraker
check "a port that is none" refuses 4 "not a serial port" --loaded --port /dev/null --images 1
check "a rate that no line has" refuses 2 "115200 is usual" --simulate --baud 1234
check "every layer's stream is compared when asked" "$program" simulate "$scratch/mlp/description" \
    --data samples/mnist --images 4 --taps 4 --workdir "$scratch/taps" --quiet
check "and was recorded" test -s "$scratch/taps/taps/tap_hidden_1.bin"
tap_done
