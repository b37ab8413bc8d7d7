#!/usr/bin/env bash
# float_benches.sh: the floating-point part of the VHDL library: its arithmetic against
# src/quant/float32.h, vector by vector; its entities swept over shapes, folds, magnitudes and
# stalls, on every GHDL back end there is; faults planted in a copy, which must be found; and
# netlists against entities.
set -u
cd "$(dirname "$0")/../.."
source tests/tap.sh
source tests/hdl/library.sh
count=250000

compile_vectors() {
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -ffp-contract=off -Isrc tests/hdl/float32_vectors.c \
        -o "$scratch/float32_vectors" -lm &&
        "$scratch/float32_vectors" $count >"$scratch/vectors.bin" &&
        [ "$(wc -c <"$scratch/vectors.bin")" -eq $((count * 20)) ]
}
vectors="VECTORS=$scratch/vectors.bin COUNT=$count"

# LOW_POWER and HIGH_POWER: magnitudes that cancel; that underflow; that overflow; all at once.
shapes() {
    cat <<'SHAPES'
conv2d_float_stream PE=1
conv2d_float_stream PE=2 RELU=true
conv2d_float_stream PE=4
conv2d_float_stream PE=4 LOW_POWER=-75 HIGH_POWER=-55
conv2d_float_stream PE=2 LOW_POWER=55 HIGH_POWER=66
conv2d_float_stream PE=4 LOW_POWER=-126 HIGH_POWER=127
conv2d_float_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=1 PE=2 STRIDE_HEIGHT=2 STRIDE_WIDTH=2
conv2d_float_stream KERNEL_HEIGHT=2 KERNEL_WIDTH=3 PE=2 WIDTH=7 STRIDE_WIDTH=2
conv2d_float_stream PAD_TOP=1 PAD_BOTTOM=1 PAD_LEFT=1 PAD_RIGHT=1 PE=4 RELU=true
conv2d_float_stream PAD_TOP=1 PAD_BOTTOM=3 PAD_LEFT=2 PAD_RIGHT=0 PE=1 HEIGHT=5 WIDTH=4
conv2d_float_stream PAD_TOP=1 PAD_RIGHT=1 PE=4 LOW_POWER=-80 HIGH_POWER=-60
conv2d_float_stream FILTERS=1 CHANNELS=1 PE=1
conv2d_float_stream FILTERS=6 CHANNELS=5 PE=3 STRIDE_HEIGHT=2
dense_float_stream PE=1
dense_float_stream PE=6 RELU=true
dense_float_stream PE=3
dense_float_stream PE=2 LOW_POWER=-126 HIGH_POWER=127
dense_float_stream PE=2 LOW_POWER=-75 HIGH_POWER=-55 BEATS=1
dense_float_stream PE=1 IN_LANES=1 BEATS=1 OUTPUTS=1
dense_float_stream PE=5 IN_LANES=12 BEATS=8 OUTPUTS=10
pool_float_stream HEIGHT=7 WIDTH=5
pool_float_stream KERNEL_HEIGHT=1 KERNEL_WIDTH=1 STRIDE_HEIGHT=1 STRIDE_WIDTH=1 RELU=true
pool_float_stream KERNEL_HEIGHT=3 KERNEL_WIDTH=3 PAD_TOP=1 PAD_LEFT=1 PAD_RIGHT=1
pool_float_stream KERNEL_HEIGHT=2 KERNEL_WIDTH=3 PAD_BOTTOM=1 PAD_RIGHT=2 LOW_POWER=-126 HIGH_POWER=127
pool_float_stream AVERAGE=true
pool_float_stream AVERAGE=true KERNEL_HEIGHT=3 KERNEL_WIDTH=3 STRIDE_HEIGHT=1 STRIDE_WIDTH=1 SCALE=1038323257 RELU=true
pool_float_stream AVERAGE=true LOW_POWER=-126 HIGH_POWER=-115 KERNEL_WIDTH=1 SCALE=1056964608
pool_float_stream AVERAGE=true LOW_POWER=120 HIGH_POWER=127
float_bridges
float_bridges IN_BITS=16 OUT_BITS=16 SCALE=1008981770 INVERSE_SCALE=1120403456
float_bridges SCALE=1056964608 IN_ZERO=7 OUT_ZERO=-9
float_bridges IN_BITS=16 OUT_BITS=9 SCALE=1048576000 INVERSE_SCALE=1048576000 IN_ZERO=-32768
float_bridges LANES=1 BEATS=1 IN_BITS=16 OUT_BITS=16 IN_ZERO=32767 OUT_ZERO=-32768 SCALE=2105540607
float_bridges IN_BITS=4 SCALE=41943040 INVERSE_SCALE=1980000000
SHAPES
}
jobs() {
    local tool
    stalled_shapes "IN_STALL=0" "IN_STALL=40 OUT_STALL=40" "IN_STALL=10 OUT_STALL=70 RESTART_AFTER=77"
    for tool in "${back_ends[@]}"; do echo "$tool dnn_float_pkg $vectors"; done
}

entities=(conv2d_float_stream dense_float_stream pool_float_stream float_bridges dnn_float_pkg)
check "float32.h writes $count vectors" compile_vectors
build_benches "the floating-point library" "${entities[@]/%/_bench}"
jobs | run_jobs
check_jobs
check "conv2d_float_stream refuses a PE that does not divide FILTERS" \
    refuses "PE must divide FILTERS" conv2d_float_stream PE=3
check "dense_float_stream refuses subnormal weights" \
    refuses "must be zeros or normal" dense_float_stream LOW_POWER=-127 HIGH_POWER=-127
check "a bridge refuses a scale of infinity" \
    refuses "SCALE must be a normal number" float_bridges SCALE=2139095040

# ---- planted faults -------------------------------------------------------------------------------
arithmetic() { # arithmetic WHAT SED
    fault "$1" dnn_float_pkg.vhd "$2" dnn_float_pkg $vectors
}
arithmetic "product: ties away from even" 's/rest + mantissa mod 2 > 4096/rest >= 4096/'
arithmetic "product: sticky bit lost" 's/if low mod 4096 \/= 0 then/if false then/'
arithmetic "sum: ties away from even" 's/total mod 8 + (total \/ 8) mod 2 > 4/total mod 8 >= 4/'
arithmetic "sum: sticky bit lost" 's/if lost and shifted mod 2 = 0 then/if false then/'
arithmetic "sum: far operand dropped too early" 's/minimum(distance, 31)/minimum(distance, 24)/'
arithmetic "sum: x - x is -0" 's/with_sign(a < 0 and b < 0, 0)/with_sign(a < 0 or b < 0, 0)/'
arithmetic "what rounds up to 2**-126 flushed" 's/mantissa = 16777215 then/false then/'
arithmetic "infinity instead of the largest number" 's/if exponent > 254 then/if exponent > 255 then/; s/round_up, FLOAT_LARGEST)/round_up, FLOAT_LARGEST + 1)/'
arithmetic "flush without sign" 's/with_sign((a < 0) \/= (b < 0), result)/with_sign((a < 0) \/= (b < 0) and result > 0, result)/'
arithmetic "subnormal operand used" 's/smaller >= FLOAT_SMALLEST then/smaller > 0 then/'
arithmetic "-0 below +0" "s/return a > b and (a > 0 or b > integer'low);/return a > b;/"
arithmetic "maximum: the last of equals" 's/if float_is_greater(b, a) then/if not float_is_greater(a, b) then/'
arithmetic "half away from even" 's/quarters mod 4 + rounded mod 2 > 2/quarters mod 4 >= 2/'
arithmetic "integers of 16 bits only" 's/mantissa < 2 \*\* 16 then/mantissa < 2 ** 15 then/'
fault "products in another order" conv2d_float_stream.vhd \
    's/window(2 \* element)/window(2 * (K - 1 - element))/; s/window(2 \* element + 1)/window(2 * (K - 1 - element) + 1)/' \
    conv2d_float_stream PE=2
fault "bias of the wrong group" conv2d_float_stream.vhd \
    's/bias_row := BIAS_ROM(filter_group);/bias_row := BIAS_ROM(0);/' conv2d_float_stream PE=2
fault "ReLU forgotten" folded_float_mac.vhd 's/if RELU then/if false then/' \
    conv2d_float_stream PE=2 RELU=true
fault "a clock lost between windows" conv2d_float_stream.vhd \
    's/(not computing or step = STEPS - 1)/not computing/' conv2d_float_stream PE=2
fault "output overwritten while stalled" conv2d_float_stream.vhd \
    "s/if out_ready = '1' or out_valid = '0' then/if true then/" \
    conv2d_float_stream HEIGHT=3 WIDTH=12 KERNEL_HEIGHT=1 KERNEL_WIDTH=1 CHANNELS=1 PE=4 OUT_STALL=70
fault "sums restarted at every beat" dense_float_stream.vhd \
    's/if beat_number = 0 and lane = 0 then/if lane = 0 then/' dense_float_stream PE=6
fault "sums of the wrong output group" dense_float_stream.vhd \
    's/finished(sums(OUTPUT_GROUPS - 1))/finished(sums(0))/' dense_float_stream PE=2
fault "border wins" max_pool_float_stream.vhd 's/PAD_VALUE => -1/PAD_VALUE => 32639/' \
    pool_float_stream PAD_TOP=1
fault "one pixel left out of the mean" average_pool_float_stream.vhd \
    's/if step = 0 then/if step <= 1 then/' pool_float_stream AVERAGE=true
fault "zero point forgotten" int_to_float_stream.vhd 's/, ZERO, SCALE)/, 0, SCALE)/' \
    float_bridges IN_ZERO=7
fault "clamp forgotten" float_to_int_stream.vhd 's/ZERO, OUT_LOW, OUT_HIGH)/ZERO, -32768, 32767)/' \
    float_bridges IN_BITS=9
fault "halves of a word exchanged" dnn_float_pkg.vhd \
    's/low => halves(2 \* i), high => halves(2 \* i + 1)/low => halves(2 * i + 1), high => halves(2 * i)/' \
    float_bridges

# ---- netlists -------------------------------------------------------------------------------------
if ! can_synthesize; then
    skip "synthesis of the floating-point library" "this GHDL has no --synth"
    tap_done
    exit
fi
export NETLIST_GENERICS=-gCLOCKS=260
# Probes of hdl_templates/bench/float_probe.vhd, by number.
check_netlists float_probe bridges_and_register conv2d dense max_pool average_pool
differs_from_faulty() {
    local lib=$scratch/lib work=$scratch/faulty_netlist
    rm -rf "$lib" && cp -r hdl_templates/lib "$lib"
    sed -i 's/with_sign(difference < 0, exact)/with_sign(difference > 0, exact)/' \
        "$lib/dnn_float_pkg.vhd"
    analyse "$quick" "$scratch/faulty" "$lib" float_probe &&
        make_netlist float_probe 0 "$scratch/faulty" "$work" && differs float_probe 0 "$work"
}
check "a netlist that differs is noticed" differs_from_faulty
tap_done
