#!/usr/bin/env bash
# bench.sh: speed and memory of the sample CNN on this machine: float against integer, one thread
# against all, GHDL's llvm against its mcode back end. Alternatives are measured in the same run;
# trust the ratios, not the absolute figures.
set -eu
cd "$(dirname "$0")/.."
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
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
exit 0
