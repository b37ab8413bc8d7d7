#!/usr/bin/env bash
# Inputs that must be refused: exit status 3, a message that names file, place, expected and found,
# and nothing left behind: no run in the history, no folder.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
fixtures=tests/fixtures/refused
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data

# Not even a history: it is made by the first run.
left_behind() { find "$scratch/data" "$scratch/files" 2>/dev/null; }

# refused MODEL DATA WORD...: every WORD must be in the message.
extra=() # more options of the run
refused() {
    local model=$1 data=$2 word status
    shift 2
    "$program" run "$model" --data "$data" --workdir "$scratch/files/run" --images 1 \
        "${extra[@]}" >"$scratch/out" 2>"$scratch/err"
    status=$?
    cat "$scratch/err"
    [ $status -eq 3 ] || { echo "status $status, expected 3"; return 1; }
    for word in "$@"; do
        grep -qF -- "$word" "$scratch/err" || { echo "the message lacks: $word"; return 1; }
    done
    [ -z "$(left_behind)" ] || { echo "left behind:"; left_behind; return 1; }
}
mnist=samples/mnist
cnn=samples/mnist_cnn.h5

check "a text file named .h5" refused $fixtures/text.h5 $mnist text.h5 HDF5
check "a truncated file" refused $fixtures/truncated.h5 $mnist truncated.h5
check "HDF5 without model_config" refused $fixtures/no_model_config.h5 $mnist model_config
check "weights without a model" refused $fixtures/weights_only.h5 $mnist weights
check "a kernel of the wrong shape" refused $fixtures/wrong_kernel_shape.h5 $mnist kernel expected
check "NaN weights" refused $fixtures/nan_weights.h5 $mnist kernel finite
check "an LSTM model, all blockers listed" refused $fixtures/lstm.h5 $mnist LSTM "things stand"
check "an external link" refused $fixtures/external_link.h5 $mnist external
check "external raw storage" refused $fixtures/external_storage.h5 $mnist external
check "a virtual dataset" refused $fixtures/virtual_dataset.h5 $mnist virtual
check "a claim of 2^40 values" refused $fixtures/huge_claim.h5 $mnist huge_claim.h5
check "branches" refused $fixtures/branches.h5 $mnist branches.h5

idx() { # idx FILE TYPE_AND_RANK DIMENSIONS BYTES: writes an IDX file
    printf '\x00\x00' >"$1"
    printf "$2" >>"$1"
    for dimension in $3; do printf "\\x00\\x00\\x$(printf %02x $((dimension / 256)))\\x$(printf %02x $((dimension % 256)))" >>"$1"; done
    head -c "$4" /dev/zero >>"$1"
}
bad=$scratch/bad-labels
mkdir -p "$bad" "$scratch/bad-shape"
idx "$bad/t10k-images-idx3-ubyte" '\x08\x03' "2 28 28" 1568
idx "$bad/t10k-labels-idx1-ubyte" '\x08\x01' "2" 1
printf '\x0b' >>"$bad/t10k-labels-idx1-ubyte" # 11: the model has 10 classes
check "labels beyond the classes" refused $cnn "$bad" 11 10
idx "$scratch/bad-shape/t10k-images-idx3-ubyte" '\x08\x03' "2 27 28" 1512
idx "$scratch/bad-shape/t10k-labels-idx1-ubyte" '\x08\x01' "2" 2
check "27x28 images for a 28x28 model" refused $cnn "$scratch/bad-shape" 27x28 28x28
cp "$scratch/bad-shape/t10k-images-idx3-ubyte" "$bad/train-images-idx3-ubyte"
cp "$scratch/bad-shape/t10k-labels-idx1-ubyte" "$bad/train-labels-idx1-ubyte"
idx "$bad/t10k-labels-idx1-ubyte" '\x08\x01' "2" 2
check "27x28 images to calibrate a 28x28 model" refused $cnn "$bad" 27x28 28x28
check "a dataset that is not there" refused $cnn "$scratch/none" none
check "a model that is not there" refused "$scratch/none.h5" $mnist none.h5

usage() { # usage WORD ARGUMENT...
    local word=$1
    shift
    "$program" "$@" >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ $status -eq 2 ] && grep -qF -- "$word" "$scratch/out"
}
check "an unknown option, with the near one" usage "--images" run $cnn --image 3
check "an unknown verb, with the near one" usage "'inspect'" inspct
check "a width of 17 bits" usage 17 run $cnn --data $mnist --bits 17
check "a width of 1 bit" usage 1 run $cnn --data $mnist --bits 1
check "an unknown calibration" usage minmax run $cnn --data $mnist --calibration minmaks
check "a percentile of 0" usage "above 0" run $cnn --data $mnist --calibration percentile:0
check "a percentile of 101" usage "at most 100" run $cnn --data $mnist --calibration percentile:101
check "a choice for a layer that is not there, with the near one" \
    usage "did you mean conv_1?" run $cnn --data $mnist --layer conv_l:bits=4
check "a choice of 17 bits for a layer" usage "2 to 16" run $cnn --data $mnist --layer conv_1:bits=17
printf 'dnn2fpga scheme 1\nmodel %064d\n' 0 >"$scratch/other.scheme"
extra=(--scheme "$scratch/other.scheme")
check "a scheme of another model" refused $cnn $mnist "for another model"
extra=(--calib-images 24)
check "fewer calibration images than a batch" refused $cnn $mnist "batch of 25"
extra=()
check "a training of no epochs" usage "--epochs is 0" train $cnn --data $mnist \
    --output "$scratch/trained.h5" --epochs 0
check "an image below the first" usage "the first is 0" runs differences 1 --image -5
check "a width of 1 bit for a run that is to wait" usage 1 run $cnn --data $mnist --bits 1 --queue
check "and for the workbench" usage 1 $cnn --bits 1
check "two products in a DSP block of no device" usage "--device NAME" run $cnn --data $mnist --pack-dsp
check "none of these left anything" test -z "$(left_behind)"
check "a target above 1" usage "0 to 1" run $cnn --data $mnist --target-accuracy 1.1
check "a folding that does not divide, with the legal ones" \
    usage "possible: 1, 2, 3, 4, 6, 12" run $cnn --data $mnist --fold conv_1:pe=5
check "floating point for a layer that is not there, with the near one" \
    usage "did you mean conv_1?" run $cnn --data $mnist --float conv_9
check "a folding of the input" usage "no layer is named" run $cnn --data $mnist --fold image:pe=1
check "a folding of a layer that is not there" usage "did you mean conv_1?" run $cnn --data $mnist --fold conv_9:pe=1
tap_done
