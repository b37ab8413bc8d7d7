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
    local shape stall tool
    for tool in "${back_ends[@]}"; do
        while read -r shape; do
            while read -r stall; do echo "$tool $shape $stall"; done <<'STALLS'
IN_STALL=0
IN_STALL=40 OUT_STALL=40
IN_STALL=10 OUT_STALL=70 RESTART_AFTER=77
STALLS
        done < <(shapes)
        echo "$tool dnn_float_pkg $vectors"
    done
}
run_job() {
    local log tool=$1
    shift
    if log=$(run_bench "$tool" "$scratch/$tool" "$@"); then
        echo "ok $tool $*"
    else
        printf 'no %s\n%s\n' "$tool $*" "$(tail -n 4 <<<"$log")"
    fi
}
export -f run_job
clean() { # clean TOOL ENTITY: every run of this entity passed, and there was one.
    grep -A 4 "^no $1 $2 " "$scratch/results" && return 1
    grep -q "^ok $1 $2 " "$scratch/results"
}
analyse_quietly() {
    local said
    said=$(analyse "$@") && [ -z "$said" ] || { echo "$said"; return 1; }
}
refuses() { # refuses MESSAGE ENTITY GENERIC=VALUE...
    local message=$1 log
    shift
    log=$(run_bench "$quick" "$scratch/$quick" "$@") && return 1
    echo "$log"
    grep -q -- "$message" <<<"$log"
}

entities=(conv2d_float_stream dense_float_stream pool_float_stream float_bridges dnn_float_pkg)
check "float32.h writes $count vectors" compile_vectors
for tool in "${back_ends[@]}"; do
    check "$tool: the floating-point library and its benches analyse without a warning" \
        analyse_quietly "$tool" "$scratch/$tool" "$root/hdl_templates/lib" "${entities[@]/%/_bench}"
    check "$tool: the benches link" link_benches "$tool" "$scratch/$tool" "${entities[@]/%/_bench}"
done
jobs | xargs -P 2 -d '\n' -n 1 bash -c 'run_job $0' >"$scratch/results"
for tool in "${back_ends[@]}"; do
    for entity in "${entities[@]}"; do
        check "$tool: $entity, $(jobs | grep -c "^$tool $entity ") runs" clean "$tool" "$entity"
    done
done
check "conv2d_float_stream refuses a PE that does not divide FILTERS" \
    refuses "PE must divide FILTERS" conv2d_float_stream PE=3
check "dense_float_stream refuses subnormal weights" \
    refuses "must be zeros or normal" dense_float_stream LOW_POWER=-127 HIGH_POWER=-127
check "a bridge refuses a scale of infinity" \
    refuses "SCALE must be a normal number" float_bridges SCALE=2139095040

# ---- planted faults -------------------------------------------------------------------------------
caught() { # caught FILE SED ENTITY GENERIC=VALUE...: the bench finds what SED does to FILE.
    local file=$1 edit=$2 entity=$3 lib=$scratch/lib log
    rm -rf "$lib" "$scratch/fault"
    cp -r hdl_templates/lib "$lib"
    sed -i "$edit" "$lib/$file"
    cmp -s "$lib/$file" "hdl_templates/lib/$file" && { echo "the edit fits nothing"; return 1; }
    analyse "$quick" "$scratch/fault" "$lib" "${entity}_bench" || return
    link_benches "$quick" "$scratch/fault" "${entity}_bench" || return
    log=$(run_bench "$quick" "$scratch/fault" "${@:3}") && { echo "it passed"; return 1; }
    echo "$log"
    grep -q "BENCH $entity failed" <<<"$log"
}
fault() { # fault WHAT FILE SED ENTITY GENERIC=VALUE...
    check "caught: $1" caught "${@:2}"
}
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
if ! "$quick" --help 2>/dev/null | grep -q -- --synth; then
    skip "synthesis of the floating-point library" "this GHDL has no --synth"
    tap_done
    exit
fi
# Probes of hdl_templates/bench/float_probe.vhd, by number.
probes=(bridges_and_register conv2d dense max_pool average_pool)

synthesize() { # synthesize FOLDER FORMAT OPTION...: to standard output
    (cd "$1" && "$quick" --synth --no-formal --std=08 --out="$2" "${@:3}")
}
# A register whose clock has become the constant 0, and which is used.
lost_registers() { # lost_registers VERILOG
    local net
    sed -n "s/^ *assign \([a-z0-9_]*\) = 1'b0; \/\/ posedge.*/\1/p" "$1" | while read -r net; do
        [ "$(grep -cw "$net" "$1")" -gt 2 ] && echo "$net"
    done
}
# Memory addresses may lie beyond the array until they settle, which a simulator minds.
settle() {
    awk '
        /^use work\.dnn_.*_pkg\.all;/ { next }
        / is array \(0 to [0-9]+\)/ {
            match($0, /to [0-9]+\)/)
            size = substr($0, RSTART + 3, RLENGTH - 4) + 1
        }
        /end process;/ { size = 0 }
        size { gsub(/to_integer \(unsigned \([a-z0-9_]+\)\)/, "& mod " size) }
        { print }'
}
# proves NUMBER FOLDER: no register lost, and the netlist of the probe in FOLDER equals the entity
# at every clock.
proves() (
    work=$scratch/probe.$1.$2
    mkdir -p "$work/original" && cp "$scratch/library/"* "$work/original" || return
    synthesize "$scratch/$2" verilog -gENTITY_NUMBER="$1" float_probe >"$work/probe.v" &&
        grep -q 'always @(posedge' "$work/probe.v" || return
    lost_registers "$work/probe.v" | grep . && return 1
    synthesize "$scratch/$2" vhdl -gENTITY_NUMBER="$1" float_probe | settle >"$work/netlist.vhd"
    sed 's/synth_probe/float_probe/' "$root/hdl_templates/bench/netlist_bench.vhd" \
        >"$work/netlist_bench.vhd"
    cd "$work" && "$quick" -a --std=08 --work=netlist netlist.vhd && cd original &&
        "$quick" -a --std=08 -P"$work" "$work/netlist_bench.vhd" || return
    case $("$quick" --version) in
        *llvm*) "$quick" -e --std=08 -P"$work" netlist_bench || return ;;
    esac
    said=$(timeout 300 "$quick" -r --std=08 -P"$work" netlist_bench -gENTITY_NUMBER="$1" \
        -gCLOCKS=260 --ieee-asserts=disable 2>&1)
    code=$?
    printf '%s\n' "$said"
    [ $code -eq 0 ] && grep -qE 'BENCH netlist values=[1-9][0-9]* errors=0' <<<"$said"
)
export quick
export -f proves synthesize settle lost_registers
analyse "$quick" "$scratch/library" "$root/hdl_templates/lib" \
    float_probe bench_clock stream_source
printf '%s\n' "${!probes[@]}" |
    xargs -P 2 -I{} bash -c 'proves {} library >"$scratch/log.{}" 2>&1 && : >"$scratch/proved.{}"'
proved() {
    tail -n 5 "$scratch/log.$1"
    [ -e "$scratch/proved.$1" ]
}
for number in "${!probes[@]}"; do
    check "netlist of ${probes[number]} equals the entity" proved "$number"
done
differs() {
    local lib=$scratch/lib log
    rm -rf "$lib" && cp -r hdl_templates/lib "$lib"
    sed -i 's/with_sign(difference < 0, exact)/with_sign(difference > 0, exact)/' \
        "$lib/dnn_float_pkg.vhd"
    analyse "$quick" "$scratch/faulty" "$lib" float_probe || return
    log=$(proves 0 faulty 2>&1) && return 1
    grep -q "BENCH netlist failed" <<<"$log"
}
check "a netlist that differs is noticed" differs
tap_done
