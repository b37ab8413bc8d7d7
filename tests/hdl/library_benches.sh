#!/usr/bin/env bash
# library_benches.sh: every bench of the VHDL library (hdl_templates), swept over shapes, folds,
# widths and stalls, on every GHDL back end there is (mcode also traps 32-bit overflow, which llvm
# does not); and the arithmetic of VHDL against that of src/quant/fixed.h, vector by vector.
# Then a sample of the matrix of shapes in matrix.awk (MATRIX_SEED), or with MATRIX=whole all of it.
# That the benches can fail is shown by library_faults.sh.
set -u
cd "$(dirname "$0")/../.."
source tests/tap.sh
source tests/hdl/library.sh

# One line for each shape: bench and generics.
shapes() {
    local fold
    for fold in "PE=1 SIMD=1" "PE=4 SIMD=18" "PE=2 SIMD=18" "PE=4 SIMD=6" "PE=1 SIMD=18" "PE=2 SIMD=3"; do
        echo conv2d_stream $fold
    done
    cat <<'SHAPES'
conv2d_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=1 PE=4 SIMD=2
conv2d_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=1 PE=1 SIMD=1 STRIDE_HEIGHT=2 STRIDE_WIDTH=2
conv2d_stream KERNEL_HEIGHT=2 KERNEL_WIDTH=2 PE=2 SIMD=4 WIDTH=5 CHANNELS=1
conv2d_stream KERNEL_HEIGHT=2 KERNEL_WIDTH=3 PE=2 SIMD=4 WIDTH=7 STRIDE_WIDTH=2
conv2d_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=3 PE=4 SIMD=2
conv2d_stream KERNEL_HEIGHT=3 KERNEL_WIDTH=1 PE=4 SIMD=2 WIDTH=1
conv2d_stream KERNEL_HEIGHT=6 KERNEL_WIDTH=6 PE=4 SIMD=72
conv2d_stream KERNEL_HEIGHT=5 KERNEL_WIDTH=5 PAD_TOP=2 PAD_BOTTOM=2 PAD_LEFT=2 PAD_RIGHT=2 PE=4 SIMD=10 HEIGHT=9 WIDTH=7
conv2d_stream PAD_TOP=1 PAD_BOTTOM=1 PAD_LEFT=1 PAD_RIGHT=1 PE=4 SIMD=18
conv2d_stream PAD_TOP=0 PAD_BOTTOM=1 PAD_LEFT=0 PAD_RIGHT=1 PE=2 SIMD=9 STRIDE_HEIGHT=2 STRIDE_WIDTH=2
conv2d_stream PAD_TOP=1 PAD_BOTTOM=3 PAD_LEFT=2 PAD_RIGHT=0 PE=1 SIMD=2 HEIGHT=5 WIDTH=4
conv2d_stream STRIDE_HEIGHT=2 STRIDE_WIDTH=3 HEIGHT=8 WIDTH=10 PE=4 SIMD=18
conv2d_stream STRIDE_HEIGHT=4 STRIDE_WIDTH=4 HEIGHT=9 WIDTH=9 KERNEL_HEIGHT=2 KERNEL_WIDTH=2 PE=4 SIMD=2
conv2d_stream IN_BITS=4 WEIGHT_BITS=2 OUT_BITS=4 PE=2 SIMD=6
conv2d_stream IN_BITS=16 WEIGHT_BITS=10 OUT_BITS=12 PE=2 SIMD=6
conv2d_stream IN_BITS=12 WEIGHT_BITS=13 OUT_BITS=16 PE=4 SIMD=18 OUT_ZERO=0 PAD_VALUE=0
conv2d_stream FILTERS=1 CHANNELS=1 PE=1 SIMD=9
conv2d_stream FILTERS=12 CHANNELS=12 PE=12 SIMD=108 HEIGHT=8 WIDTH=8
conv2d_stream FILTERS=2 CHANNELS=17 PE=2 SIMD=153
conv2d_stream FILTERS=2 CHANNELS=17 PE=1 SIMD=153 IN_BITS=10 WEIGHT_BITS=9
conv2d_stream FILTERS=2 CHANNELS=17 PE=2 SIMD=153 IN_BITS=10 WEIGHT_BITS=9
conv2d_stream PE=2 SIMD=18 PACKED=true
conv2d_stream PE=4 SIMD=9 PACKED=true IN_BITS=9 WEIGHT_BITS=7
depthwise_conv2d_stream KERNEL_HEIGHT=5 KERNEL_WIDTH=5 PE=2 SIMD=25
depthwise_conv2d_stream PE=1 SIMD=1
depthwise_conv2d_stream PE=4 SIMD=9
depthwise_conv2d_stream PE=1 SIMD=9 MULTIPLIER=1 CHANNELS=3 PAD_TOP=1 PAD_BOTTOM=1 PAD_LEFT=1 PAD_RIGHT=1
depthwise_conv2d_stream PE=3 SIMD=3 CHANNELS=3 STRIDE_HEIGHT=2 STRIDE_WIDTH=2 PAD_BOTTOM=1 PAD_RIGHT=1
depthwise_conv2d_stream PE=2 SIMD=5 CHANNELS=1 MULTIPLIER=6 KERNEL_HEIGHT=1 KERNEL_WIDTH=5 PAD_LEFT=2 PAD_RIGHT=2
depthwise_conv2d_stream PE=2 SIMD=2 KERNEL_HEIGHT=2 KERNEL_WIDTH=2 IN_BITS=16 WEIGHT_BITS=12 OUT_BITS=12
dense_stream PE=1 SIMD=1
dense_stream PE=6 SIMD=4
dense_stream PE=2 SIMD=4
dense_stream PE=3 SIMD=2
dense_stream PE=6 SIMD=1
dense_stream PE=6 SIMD=2 BEATS=1
dense_stream PE=1 SIMD=4 IN_LANES=8 BEATS=3
dense_stream PE=1 SIMD=1 IN_LANES=1 BEATS=1 OUTPUTS=1
dense_stream PE=6 SIMD=1 PACKED=true
dense_stream PE=2 SIMD=4 PACKED=true IN_BITS=4 WEIGHT_BITS=3
dense_stream PE=1 SIMD=1730 IN_LANES=1730 BEATS=1 OUTPUTS=2
dense_stream PE=2 SIMD=1730 IN_LANES=1730 BEATS=1 OUTPUTS=2
dense_stream PE=10 SIMD=12 IN_LANES=12 BEATS=20 OUTPUTS=10
dense_stream PE=3 SIMD=2 IN_BITS=16 WEIGHT_BITS=9 OUT_BITS=16
dense_stream PE=2 SIMD=2 IN_BITS=2 WEIGHT_BITS=3 OUT_BITS=8
max_pool_stream HEIGHT=7 WIDTH=5
max_pool_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=1 STRIDE_HEIGHT=1 STRIDE_WIDTH=1
max_pool_stream KERNEL_HEIGHT=3 KERNEL_WIDTH=3 STRIDE_HEIGHT=1 STRIDE_WIDTH=1
max_pool_stream KERNEL_HEIGHT=3 KERNEL_WIDTH=3 PAD_TOP=1 PAD_LEFT=1 PAD_RIGHT=1
max_pool_stream KERNEL_HEIGHT=2 KERNEL_WIDTH=3 PAD_BOTTOM=1 PAD_RIGHT=2 IN_BITS=16 OUT_LOW=-32768 OUT_HIGH=32767
max_pool_stream KERNEL_HEIGHT=6 KERNEL_WIDTH=6 OUT_LOW=0
average_pool_stream HEIGHT=7 WIDTH=5
average_pool_stream KERNEL_HEIGHT=3 KERNEL_WIDTH=3 STRIDE_HEIGHT=1 STRIDE_WIDTH=1
average_pool_stream KERNEL_HEIGHT=6 KERNEL_WIDTH=6 MULTIPLIER=29000 SHIFT=20
average_pool_stream BIAS=-400 OUT_ZERO=-100
average_pool_stream KERNEL_HEIGHT=3 BIAS=768 OUT_ZERO=100
average_pool_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=2 IN_BITS=16 MULTIPLIER=16384 SHIFT=24
affine_stream BEATS=12
affine_stream IN_BITS=12 WEIGHT_BITS=12 OUT_BITS=12
affine_stream IN_BITS=16 WEIGHT_BITS=14 OUT_BITS=16 CHANNELS=1
table_stream LANES=3
table_stream LANES=1 IN_LOW=0 IN_HIGH=255
table_stream LANES=2 IN_LOW=-2048 IN_HIGH=2047
requantize_stream FACTOR=16384
requantize_stream FACTOR=1 LANES=8 SEED=9
requantize_stream FACTOR=300 LANES=8 OUT_LOW=-32768 OUT_HIGH=32767 OUT_ZERO=0
arg_max LANES=10
arg_max LANES=1
arg_max LANES=16
arg_max LANES=37 IN_LOW=-32768 IN_HIGH=32767
register_stage LANES=3
register_stage LANES=1 BEATS=1
stream_fork OUTPUTS=1
stream_fork OUTPUTS=3
stream_fifo DEPTH=2
stream_fifo DEPTH=3 BEATS=1 IMAGES=90
stream_fifo DEPTH=21 LANES=1 BITS=16
add_stream PE=1
add_stream PE=6 INPUTS=3
add_stream PE=2 INPUTS=1 IN_BITS=4 WEIGHT_BITS=4 OUT_BITS=5
add_stream PE=3 INPUTS=8 BEATS=1 IN_BITS=16 WEIGHT_BITS=11 OUT_BITS=16
concat_stream PE=3
concat_stream PE=9 OUT_BITS=12
concat_stream PE=1 INPUTS=3 FIRST_CHANNELS=1 BEATS=1 IN_BITS=16
concat_stream PE=15 INPUTS=3 IDENTITY=true OUT_BITS=9
zero_pad_stream
zero_pad_stream HEIGHT=3 WIDTH=1 PAD_TOP=0 PAD_BOTTOM=2 PAD_LEFT=0 PAD_RIGHT=3
zero_pad_stream PAD_TOP=0 PAD_BOTTOM=0 PAD_LEFT=0 PAD_RIGHT=0 IN_BITS=16 CHANNELS=1
upsample_stream
upsample_stream HEIGHT=3 WIDTH=1 FACTOR_HEIGHT=3 IN_BITS=16
upsample_stream WIDTH=2 FACTOR_HEIGHT=2 FACTOR_WIDTH=1 CHANNELS=1
upsample_stream FACTOR_HEIGHT=1 FACTOR_WIDTH=3
global_max_pool_stream
global_max_pool_stream BEATS=1 IN_BITS=16 OUT_LOW=-32768 OUT_HIGH=32767
global_average_pool_stream PE=1
global_average_pool_stream PE=6
global_average_pool_stream PE=2 BEATS=1 BIAS=0 MULTIPLIER=16384 SHIFT=14 IN_BITS=4
global_average_pool_stream PE=3 BEATS=49 IN_BITS=16 OUT_LOW=-32768 OUT_HIGH=32767 SHIFT=20
SHAPES
}
# These have their own stalls, or no streams at all: loaded weights, a serial line, a package.
unstalled_shapes() {
    cat <<'SHAPES'
weight_loader PE=1 SIMD=1
weight_loader PE=2 SIMD=2 IN_STALL=40 OUT_STALL=40 WEIGHT_STALL=40
weight_loader PE=6 SIMD=4 BEATS=1 FIRST_BITS=5 SECOND_BITS=8 OUT_STALL=80 WEIGHT_STALL=80
weight_loader PE=3 SIMD=4 BEATS=5 FIRST_BITS=9 SECOND_BITS=13 IN_STALL=70 WEIGHT_STALL=10
weight_loader SIMD=2 FIRST_BITS=2 SECOND_BITS=3 OUT_STALL=50 SEED=7
packed_products_pkg IN_LOW=-8 IN_HIGH=7 WEIGHT_BITS=4
packed_products_pkg IN_LOW=0 IN_HIGH=63 WEIGHT_BITS=5
packed_products_pkg IN_LOW=-3 IN_HIGH=12 WEIGHT_BITS=3
packed_products_pkg IN_LOW=-128 IN_HIGH=127 WEIGHT_BITS=8 COUNT=20000
packed_products_pkg IN_LOW=0 IN_HIGH=255 WEIGHT_BITS=8 COUNT=20000
packed_products_pkg IN_LOW=-127 IN_HIGH=127 WEIGHT_BITS=8 COUNT=20000
uart_bridge SPAN=2 ANSWER=3
uart_bridge SPAN=1 ANSWER=1 CLOCKS_PER_BIT=4
uart_bridge SPAN=1 ANSWER=20 CLOCKS_PER_BIT=13
uart_bridge SPAN=31 ANSWER=1 CLOCKS_PER_BIT=5
uart_bridge WEIGHTS=1 CLOCKS_PER_BIT=5
uart_bridge WEIGHTS=40 CLOCKS_PER_BIT=4 SPAN=7
sliding_window CHANNELS=2
sliding_window KERNEL_HEIGHT=1 KERNEL_WIDTH=1
sliding_window KERNEL_HEIGHT=2 KERNEL_WIDTH=2 CHANNELS=1 WIDTH=5
sliding_window KERNEL_HEIGHT=1 KERNEL_WIDTH=4
sliding_window KERNEL_HEIGHT=4 KERNEL_WIDTH=1 WIDTH=1
sliding_window KERNEL_HEIGHT=5 KERNEL_WIDTH=5 PAD_TOP=2 PAD_BOTTOM=1 PAD_LEFT=3 PAD_RIGHT=2
sliding_window STRIDE_HEIGHT=2 STRIDE_WIDTH=2 HEIGHT=9 WIDTH=8 PAD_LEFT=1
sliding_window STRIDE_HEIGHT=4 STRIDE_WIDTH=5 HEIGHT=9 WIDTH=14 KERNEL_HEIGHT=2
SHAPES
}
jobs() {
    local tool
    stalled_shapes "IN_STALL=0" "IN_STALL=40 OUT_STALL=40" "OUT_STALL=70" \
        "IN_STALL=70 OUT_STALL=10 RESTART_AFTER=77"
    for tool in "${back_ends[@]}"; do
        unstalled_shapes | sed "s/^/$tool /"
        echo "$tool dnn_fixed_pkg VECTORS=$scratch/vectors.txt"
    done
}
# Shapes of the matrix; those whose number is a multiple of `every` on all back ends, the others on
# the first, which is the fastest.
matrix_jobs() {
    local sample=10 every=2
    [ "${MATRIX:-}" = whole ] && sample=0 every=8
    awk -v sample="$sample" -v seed="${MATRIX_SEED:-1}" -f tests/hdl/matrix.awk |
        awk -v tools="${back_ends[*]}" -v every="$every" '
            BEGIN { count = split(tools, tool, " ") }
            { for (i = 1; i <= (NR % every ? 1 : count); i++) print tool[i], $0 }'
}
all_equal() {
    grep -A 4 '^no ' "$scratch/results" && return 1
    [ "$(grep -c '^ok .* values=' "$scratch/results")" -eq "$(grep -c . "$scratch/jobs")" ]
}
tap_files_equal() {
    local folder=$scratch/$quick
    run_bench "$quick" "$folder" stream_tap IN_STALL=30 OUT_STALL=30 &&
        cmp "$folder/tap.bin" "$folder/expected.bin" && [ -s "$folder/tap.bin" ]
}

benches="$(jobs | cut -d' ' -f2 | sort -u | sed 's/$/_bench/') stream_tap_bench"
build_benches "the library" $benches
check "fixed.h writes at least 20,000 requantization vectors" write_vectors

jobs | run_jobs
check_jobs
matrix_jobs | run_jobs
check "matrix: $(grep -c . "$scratch/jobs") runs, $(awk -F= '/^ok / { sum += $NF } END { print sum }' \
    "$scratch/results") values, none differs" all_equal
check "stream_tap writes what passes, as 16-bit little-endian" tap_files_equal

check "conv2d_stream refuses a PE that does not divide FILTERS" \
    refuses "PE must divide FILTERS" conv2d_stream PE=3 SIMD=1
check "dense_stream refuses to pack an odd PE" \
    refuses "PACKED needs an even PE" dense_stream PE=3 SIMD=4 PACKED=true
check "conv2d_stream refuses to pack products of 17 bits" \
    refuses "PACKED products are too wide" conv2d_stream PE=2 SIMD=6 PACKED=true IN_BITS=9
check "conv2d_stream refuses a SIMD that does not divide the window" \
    refuses "SIMD must divide the window" conv2d_stream PE=1 SIMD=5
check "depthwise_conv2d_stream refuses a SIMD that does not divide the window" \
    refuses "SIMD must divide the window" depthwise_conv2d_stream PE=1 SIMD=2
check "dense_stream refuses a PE that does not divide OUTPUTS" \
    refuses "PE must divide OUTPUTS" dense_stream PE=4 SIMD=1
check "max_pool_stream refuses a border as wide as its kernel" \
    refuses "border must be narrower" max_pool_stream PAD_LEFT=2
check "stream_fifo refuses a DEPTH of 1" \
    refuses "DEPTH must be 2 or more" stream_fifo DEPTH=1
check "add_stream refuses a PE that does not divide CHANNELS" \
    refuses "PE must divide CHANNELS" add_stream PE=4
check "concat_stream refuses a PE that does not divide OUT_CHANNELS" \
    refuses "PE must divide OUT_CHANNELS" concat_stream PE=2
check "global_average_pool_stream refuses a PE that does not divide CHANNELS" \
    refuses "PE must divide CHANNELS" global_average_pool_stream PE=4
check "average_pool_stream refuses a shift beyond 45" \
    refuses "SHIFTS: 1 to 45" average_pool_stream SHIFT=46
tap_done
