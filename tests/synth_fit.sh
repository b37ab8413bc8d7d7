#!/usr/bin/env bash
# synth_fit.sh: the coefficients of src/hw/resources.h, fitted anew on the recorded runs of Yosys;
# with --record, networks of the list that have no run yet are synthesized before: with all four
# targets that takes about an hour, one program at a time.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}")
runs=tests/fixtures/synth/runs.csv
table=src/hw/resources_coefficients.h
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# compile NAME: tests/bench/NAME.c on the rooms up to tools.
compile() {
    local rooms=() hdf5=hdf5
    for room in tools hw optimize quant nn data import graph base; do
        rooms+=("$build/src/$room.a")
    done
    if pkg-config --exists hdf5-serial; then hdf5=hdf5-serial; fi
    # shellcheck disable=SC2046 # flags are words
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -Isrc -I. -I"$build/gen" -o "$scratch/$1" \
        "tests/bench/$1.c" "${rooms[@]}" \
        $(pkg-config --cflags --libs $hdf5 jansson zlib nettle) -lm -lpthread
}

if [ "${1:-}" = --record ]; then
    compile record_synth
    for target in ecp5 ice40 ice40-dsp xilinx7; do
        "$scratch/record_synth" $runs $target "$scratch/run" <tests/fixtures/synth/networks.txt
    done
fi
compile fit_synth
"$scratch/fit_synth" $runs >"$scratch/table.h"
mv "$scratch/table.h" $table
echo "$table is written; build again"
