#!/usr/bin/env bash
# Without GHDL the run ends with status 4 and the install command, and the software stages stay in
# the history.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data

run_without_ghdl() {
    PATH=$scratch/empty "$program" run samples/mnist_cnn.h5 --data samples/mnist --images 2 \
        --test-images 200 >"$scratch/out" 2>"$scratch/err"
    local status=$?
    cat "$scratch/err"
    [ $status -eq 4 ]
}
mkdir "$scratch/empty"
check "exit status 4" run_without_ghdl
check "the message has the install command" grep -q 'apt-get install ghdl' "$scratch/err"
show() { "$program" runs show 1 | tee "$scratch/show"; }
check "the run is in the history" show
check "it is failed" grep -q '^run 1: failed' "$scratch/show"
for stage in import baseline quantize describe plan emit; do
    check "stage $stage is kept as finished" grep -qE "^  $stage +ok" "$scratch/show"
done
check "stage simulate is failed" grep -qE "^  simulate +failed" "$scratch/show"
doctor() { PATH=$scratch/empty "$program" doctor | grep -q 'apt-get install ghdl'; }
check "doctor tells how to install it" doctor
tap_done
