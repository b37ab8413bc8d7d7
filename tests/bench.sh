#!/usr/bin/env bash
# bench.sh: speed and memory of the sample CNN on this machine: float against integer, one thread
# against all, every level of kernels, training, GHDL's llvm against its mcode back end.
# Alternatives are measured in the same run; trust the ratios, not the absolute figures.
#
# Peers, skipped with a notice where their Python is not there: onnxruntime in $BENCH_PYTHON,
# PyTorch in $BENCH_TORCH_PYTHON (both python3 by default).
set -eu
cd "$(dirname "$0")/.."
. tests/json.sh
build=$(realpath "${BUILD:-build}")
program=$build/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
model=samples/mnist_cnn.h5 data=samples/mnist
images=${BENCH_IMAGES:-400}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

# Runs a command and puts the highest resident memory of the process, in MB, in $peak.
measured() {
    "$@" >"$scratch/out.json" 2>"$scratch/err" &
    local child=$! kilobytes=0 now
    while kill -0 $child 2>/dev/null; do
        now=$(awk '/VmHWM/ {print $2}' "/proc/$child/status" 2>/dev/null || true)
        [ -n "$now" ] && kilobytes=$now
        sleep 0.05
    done
    wait $child || { cat "$scratch/err" >&2; exit 1; }
    peak=$((kilobytes / 1024))
}

echo "processor: $(grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'), $(nproc) cores"
echo
echo "evaluation of 10,000 images      float32   integer   integer:float   peak MB"
for jobs in 1 $(nproc); do
    measured "$program" evaluate $model --data $data --json --quiet --jobs "$jobs"
    float=$(value "$scratch/out.json" baseline images_per_s)
    integer=$(value "$scratch/out.json" quantized images_per_s)
    printf 'images/s, %2d thread(s)         %9.0f %9.0f %15s %9d\n' "$jobs" "$float" "$integer" \
        "$(ratio "$integer" "$float")" "$peak"
    printf 'one image, microseconds        %9.1f %9.1f\n' \
        "$(value "$scratch/out.json" baseline latency_us_batch1)" \
        "$(value "$scratch/out.json" quantized latency_us_batch1)"
done

# bench NAME ROOM... -- ARGUMENT...: builds tests/bench/NAME.c on those rooms and runs it.
bench() {
    local name=$1 rooms=() hdf5=hdf5
    shift
    while [ "$1" != -- ]; do rooms+=("$build/src/$1.a"); shift; done
    shift
    pkg-config --exists hdf5-serial && hdf5=hdf5-serial
    # shellcheck disable=SC2046 # flags are words
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -Isrc -I. -Itests/bench -o "$scratch/$name" \
        "tests/bench/$name.c" tests/bench/peer.c "${rooms[@]}" \
        $(pkg-config --cflags --libs $hdf5 jansson zlib nettle) -lm -lpthread
    "$scratch/$name" "$@"
}
echo
echo "inference, integer against float"
bench bench_integer quant nn data import graph base -- $model $data "$(nproc)" \
    "${BENCH_PYTHON:-python3}" tests/bench/onnxruntime_float.py
echo
bench bench_train nn data import graph base -- $model $data "$(nproc)" \
    "${BENCH_TORCH_PYTHON:-${BENCH_PYTHON:-python3}}" tests/bench/torch_train.py
echo
echo "the workbench, with an engine at work on all processors"
"${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -o "$scratch/bench_ui" tests/bench/bench_ui.c \
    -lsqlite3 -lvterm -lutil
for runs in 0 100000; do
    mkdir -p "$scratch/ui-$runs"
    XDG_STATE_HOME=$scratch XDG_CONFIG_HOME=$scratch \
        "$scratch/bench_ui" "$program" "$scratch/ui-$runs" $runs
done
echo
echo "the workbench with a history of ${BENCH_RUNS:=100000} runs"
# shellcheck disable=SC2046 # flags are words
"${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -Isrc -I. -Itests/unit/ui -o "$scratch/bench_history" \
    tests/bench/bench_history.c "$build/db.a" "$build/src/base.a" \
    $(pkg-config --cflags --libs sqlite3 jansson zlib nettle libuv vterm hdf5-serial) \
    -lm -lpthread -lutil
mkdir "$scratch/history"
"$scratch/bench_history" "$program" "$scratch/history" "$BENCH_RUNS" || echo "above the bound"
rm -r "$scratch/history"
echo
echo "simulation of $images images, fully parallel, bit-exact"
declare -A speed
for backend in llvm mcode; do
    tool=$(command -v "ghdl-$backend") || { echo "ghdl-$backend is not installed: skipped"; continue; }
    mkdir -p "$scratch/$backend"
    ln -sf "$tool" "$scratch/$backend/"
    for needed in gcc cc ld as clang; do # what the llvm back end links with
        found=$(command -v $needed) && ln -sf "$found" "$scratch/$backend/"
    done
    for jobs in 1 $(nproc); do
        measured env PATH="$scratch/$backend" "$program" run $model --data $data --json --quiet \
            --images "$images" --test-images 100 --jobs "$jobs"
        speed[$backend$jobs]=$(value "$scratch/out.json" hardware simulated_images_per_s)
        printf '%-6s %2d process(es) %9.1f images/s   peak %d MB\n' $backend "$jobs" \
            "${speed[$backend$jobs]}" "$peak"
    done
done
[ -n "${speed[llvm1]:-}" ] && [ -n "${speed[mcode1]:-}" ] &&
    echo "llvm:mcode, one process each: $(ratio "${speed[llvm1]}" "${speed[mcode1]}")"

# The netlist of the same design. Its cells are not wanted: Yosys is played, and finds none.
verilated() {
    mkdir "$scratch/played"
    cat >"$scratch/played/yosys" <<'SH'
#!/bin/sh
case $1 in -V) echo "Yosys 0.23" && exit ;; esac
for row in 0 1; do for digit in 0 1 2 3 4 5 6 7 8 9; do : >cells_$row$digit.txt; done; done
echo '{"design": {"num_cells_by_type": {}}}' >stat.json
echo '{}' >netlist.json
SH
    chmod +x "$scratch/played/yosys"
    "$program" run $model --data $data --quiet --test-images 100 --stop-after describe \
        --workdir "$scratch/net" >/dev/null
    PATH="$scratch/played:$PATH" "$program" synth "$scratch/net" --device artix7-100t --data $data \
        --fold conv_1:pe=12,simd=9 --fold conv_2:pe=12,simd=108 --fold digit:pe=10,simd=12 \
        --netlist-images 100 --json --quiet >"$scratch/netlist.json"
}
if command -v verilator >/dev/null && [ -n "${speed[llvm1]:-}" ]; then
    verilated
    netlist=$(ratio 100 "$(value "$scratch/netlist.json" netlist seconds)")
    printf 'Verilator, its netlist    %7s images/s after %.0f s of compiling; half of them wait\n' \
        "$netlist" "$(value "$scratch/netlist.json" netlist build_seconds)"
    echo "llvm:Verilator, one process each: $(ratio "${speed[llvm1]}" "$netlist")"
else
    echo "Verilator or ghdl-llvm is not installed: skipped"
fi
