#!/usr/bin/env bash
# paper.sh: the paper's experiment here, from nothing: its CNN trained with Table 1, quantized to
# int8, trained on integers; then Tables 1 and 2 and Figs. 5 and 1 beside the paper's values. What
# it makes is in $BUILD/paper: reports, the model, fig5.svg, fig1.svg.
#
# Less of it, for a quick look: PAPER_EPOCHS, PAPER_QAT_EPOCHS, PAPER_TEST_IMAGES, PAPER_DATA.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
program=$build/dnn2fpga
out=$build/paper
data=${PAPER_DATA:-samples/mnist}
tests=${PAPER_TEST_IMAGES:-0}
mkdir -p "$out"
export XDG_DATA_HOME=$out/data # a history of its own

# report FILE COMMAND...: its report; when it fails, its message is already on standard error.
report() {
    local file=$out/$1
    shift
    "$program" "$@" --data "$data" --test-images "$tests" --json >"$file"
}
# Nothing but the layers is taken from the sample: first weights come from the seed.
report training.json train samples/mnist_cnn.h5 --from-scratch --epochs "${PAPER_EPOCHS:-10}" \
    --validation 0 --output "$out/cnn.h5"
report quantized.json quantize "$out/cnn.h5" --bits 8 --qat --qat-epochs "${PAPER_QAT_EPOCHS:-5}"

plain=()
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || plain=(--ascii)
"$program" paper "$out/training.json" "$out/quantized.json" --workdir "$out" "${plain[@]}"
