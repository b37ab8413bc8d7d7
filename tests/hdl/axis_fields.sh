#!/usr/bin/env bash
# Samples as fields of AXI4-Streams: what is simulated, and what is synthesized instead of it.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/hdl/library.sh

lib=$PWD/hdl_templates/lib
mkdir "$scratch/synthesized"
cp "$lib"/dnn_*.vhd "$scratch/synthesized"
sed -i '/pragma translate_off/,/pragma translate_on/d' "$scratch/synthesized/dnn_axis_pkg.vhd"

# fields_come_back TOOL LIB
fields_come_back() (
    set -e
    work=$(mktemp -d -p "$scratch")
    cd "$work"
    for file in "$2/dnn_fixed_pkg.vhd" "$2/dnn_axis_pkg.vhd" \
        "$root/hdl_templates/bench/axis_fields_bench.vhd"; do
        "$1" -a --std=08 "$file"
    done
    "$1" -e --std=08 axis_fields_bench
    "$1" -r --std=08 axis_fields_bench | tee log
    grep -q 'BENCH axis_fields values=98819 errors=0$' log
)
check "what is synthesized is other text" \
    test "$(wc -l <"$scratch/synthesized/dnn_axis_pkg.vhd")" -lt "$(wc -l <"$lib/dnn_axis_pkg.vhd")"
for tool in "${back_ends[@]}"; do
    check "$tool: every sample comes back" fields_come_back "$tool" "$lib"
done
check "as synthesized: every sample comes back" fields_come_back "$quick" "$scratch/synthesized"
tap_done
