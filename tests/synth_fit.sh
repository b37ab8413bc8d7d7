#!/usr/bin/env bash
# synth_fit.sh [--record] [FAMILY...]
# synth_fit.sh --draw FAMILY fit|held SEED COUNT MOST_LUTS
#
# The coefficients of src/hw/resources.h, fitted anew on the recorded runs of Yosys; the errors of the
# families that are named (ice40 ice40-dsp ecp5 xilinx7; none: all) are shown run by run. With --record,
# networks of the list that have no run yet are synthesized before, for those families, one after the
# other: 5 to 40 seconds of a processor for each. --draw adds as many networks to the list, drawn by
# chance (tests/bench/draw_networks.c).
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}")
runs=tests/fixtures/synth/runs.csv
networks=tests/fixtures/synth/networks.txt
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
        $(pkg-config --cflags --libs $hdf5 jansson zlib nettle libuv) -lm -lpthread
}

if [ "${1:-}" = --draw ]; then
    shift
    compile draw_networks
    "$scratch/draw_networks" "$@" $networks >"$scratch/drawn"
    cat "$scratch/drawn" >>$networks
    exit
fi
record=no
if [ "${1:-}" = --record ]; then record=yes && shift; fi
families=("$@")
[ $# -gt 0 ] || families=(ice40 xilinx7 ice40-dsp ecp5)
if [ $record = yes ]; then
    compile record_synth
    "$scratch/record_synth" $runs "$scratch/tools" "${families[@]}" <$networks
    sort -s -t, -k1,1 -o $runs $runs
fi
compile fit_synth
"$scratch/fit_synth" $runs "${families[@]}" >"$scratch/table.h"
mv "$scratch/table.h" $table
echo "$table is written; build again"
