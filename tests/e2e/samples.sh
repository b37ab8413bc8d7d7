#!/usr/bin/env bash
# The three sample models, from file to proof, as the README has it.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
report=$scratch/report.json

run() { "$program" run "$@" --json --quiet >"$report" || { cat "$report"; return 1; }; }
of() { value "$report" "$1" "$2"; }
equal() { [ -n "$1" ] && [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

# sample MODEL DATA FLOAT_ACCURACY IMAGES OPTION...
sample() {
    local model=$1 data=$2 least=$3 images=$4
    shift 4
    check "$model runs and exits with 0" run "samples/$model" --data "$data" --images "$images" "$@"
    check "$model: float accuracy on 10,000 images >= $least" \
        holds "$(of baseline accuracy) >= $least && $(of baseline images) == 10000"
    check "$model: int8 loses at most 0.005" \
        holds "$(of quantized accuracy) >= $(of baseline accuracy) - 0.005"
    check "$model: at least 3.9 times smaller" \
        holds "$(of baseline bytes) / $(of quantized bytes) >= 3.9"
    check "$model: bit-exact" equal "$(of hardware bit_exact)" true
    check "$model: every output of every image compared" \
        equal "$(of hardware values_compared)" $((images * 10))
    check "$model: latency as predicted" \
        equal "$(of hardware latency_cycles)" "$(of hardware predicted_latency_cycles)"
    check "$model: interval as predicted" \
        equal "$(of hardware interval_cycles)" "$(of hardware predicted_interval_cycles)"
}
sample mnist_cnn.h5 samples/mnist 0.980 1000 --bits 8
sample mnist_mlp.h5 samples/mnist 0.965 200
fashion=/usr/share/datasets/fashion-mnist
if [ -d $fashion ]; then
    sample fashion_cnn.h5 $fashion 0.880 100
else
    skip "fashion_cnn.h5" "the package dataset-fashion-mnist is not installed"
fi
sample mnist_cnn.h5 samples/mnist 0.980 10 --fold conv_1:pe=4,simd=3 --fold conv_2:pe=3,simd=12 \
    --fold digit:pe=2,simd=4
# conv_2: 576 windows of 9*12/12 * 12/3 steps, and 100 other positions; a few beats of conv_1 put
# aside keep it at work at the start of a row.
check "folding: the slowest layer sets the interval" equal "$(of hardware interval_cycles)" 20836

# The paper's partial quantization: both convolutions stay floating point, in hardware too.
run samples/mnist_cnn.h5 --data samples/mnist --images 4 --float conv_1 --float conv_2
check "floating-point convolutions: bit-exact" equal "$(of hardware bit_exact)" true
check "floating-point convolutions: latency as predicted" \
    equal "$(of hardware latency_cycles)" "$(of hardware predicted_latency_cycles)"
check "floating-point convolutions: interval as predicted" \
    equal "$(of hardware interval_cycles)" "$(of hardware predicted_interval_cycles)"
check "floating-point convolutions: 1,428 parameters of 4 bytes" \
    holds "$(of quantized bytes) >= 4 * 1428 + 17280 && $(of quantized bytes) < 24000"

# A batch norm that is not folded is hardware of its own.
run samples/fashion_cnn.h5 --data samples/mnist --test-images 500 --images 5 --keep-batch-norm
check "batch norms on their own: both are operations" \
    eval '[ "$(grep -c "\"kind\": \"affine\"" "$report")" -eq 2 ]'
check "batch norms on their own: bit-exact" equal "$(of hardware bit_exact)" true
check "batch norms on their own: latency as predicted" \
    equal "$(of hardware latency_cycles)" "$(of hardware predicted_latency_cycles)"

same() { cmp "$scratch/a/hdl/$1" "$scratch/b/hdl/$1"; }
for folder in a b; do
    run samples/mnist_cnn.h5 --data samples/mnist --test-images 100 --stop-after emit \
        --workdir "$scratch/$folder"
done
for file in mnist_cnn_top.vhd mnist_cnn_core.vhd mnist_cnn_constants.vhd mnist_cnn_bench.vhd; do
    check "the same input gives the same bytes of $file" same $file
done
tap_done
