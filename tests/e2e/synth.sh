#!/usr/bin/env bash
# Synthesis, with the real tools: a tiny network onto an iCE40, its bitstream, and its netlist in
# another simulator; what does not fit, and tools that are not there, are said.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
report=$scratch/report.json

for tool in ghdl yosys nextpnr-ice40 icepack iverilog; do
    if ! command -v $tool >/dev/null; then
        skip "synthesis" "$tool is not installed: make deps"
        tap_done
        exit
    fi
done

# 28x28 pixels, pooled by four, and one dense layer: the least that knows digits.
cat >"$scratch/net.json" <<'JSON'
{"class_name": "Sequential", "config": {"name": "least", "layers": [
  {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 28, 28, 1], "name": "image"}},
  {"class_name": "MaxPooling2D", "config": {"name": "pool", "pool_size": [4, 4],
   "strides": [4, 4], "padding": "valid", "data_format": "channels_last"}},
  {"class_name": "Flatten", "config": {"name": "flatten", "data_format": "channels_last"}},
  {"class_name": "Dense", "config": {"name": "output", "units": 10, "activation": "softmax",
   "use_bias": true}}]}, "keras_version": "2.13.1", "backend": "tensorflow"}
JSON
train() {
    "$program" train "$scratch/net.json" --data samples/mnist --output "$scratch/net.h5" \
        --epochs 1 --batch 100 --quiet
}
run() {
    "$program" run "$scratch/net.h5" --data samples/mnist --test-images 500 --images 4 \
        --bits 6 --fold output:pe=1,simd=1 --workdir "$scratch/run" --json --quiet \
        --device hx8k --synth --netlist-images 4 --clock 30 >"$report"
}
of() { value "$report" "$@"; }
equal() { [ -n "$1" ] && [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

check "a small network is trained" train
check "run --synth ends well" run
check "it fits" equal "$(of synthesis fits)" true
check "a clock is reached" holds "$(of synthesis fmax_mhz) > 10"
check "rate from the reached clock" holds "$(of synthesis images_per_s) > 1000"
check "LUTs and flip-flops are counted" \
    holds "$(of synthesis lut) > 100 && $(of synthesis ff) > 100 && $(of synthesis lut) < 7680"
check "weights are in block RAM" holds "$(of synthesis bram) >= 1"
check "the bitstream is there" test -s "$(of synthesis bitstream)"
check "the netlist is bit-exact" equal "$(of netlist bit_exact)" true
check "every value of the netlist was compared" equal "$(of netlist values_compared)" 40
check "the history has the figures" grep -q '"fits": 1' <("$program" runs show 2 --json)

# ---- onto a board ----------------------------------------------------------------------------------
# No program may take a space in a path for the end of a word.
board() {
    "$program" deploy "$scratch/run/description" --data samples/mnist --board hx8k-evn --build \
        --workdir "$scratch/a board" --json --quiet >"$report"
}
if command -v iceprog >/dev/null; then
    check "a bitstream for a board, in a folder with a space in its name" board
    check "the board's bitstream is there" test -s "$(of deployed bitstream)"
else
    skip "a bitstream for a board" "iceprog is not installed: make deps"
fi

# ---- the sample for small devices, as the README has it ----------------------------------------------
sample() {
    "$program" run samples/mnist_tiny.h5 --data samples/mnist --workdir "$scratch/tiny" \
        --fold hidden:pe=1,simd=1 --fold scores:pe=1,simd=1 --stop-after describe --quiet &&
        "$program" synth "$scratch/tiny" --device hx8k --data samples/mnist --netlist-images 10 \
            --vendor fusesoc --json --quiet >"$report"
}
check "mnist_tiny.h5 is synthesized for hx8k" sample
check "mnist_tiny.h5 fits" equal "$(of synthesis fits)" true
check "mnist_tiny.h5 reaches 40 MHz" holds "$(of synthesis fmax_mhz) >= 40"
check "its netlist is bit-exact" equal "$(of netlist bit_exact)" true
check "its bitstream is there" test -s "$(of synthesis bitstream)"
check "the file for FuseSoC is there" test -s "$scratch/tiny/mnist_tiny.core"

# ---- two products in each DSP block ------------------------------------------------------------------
packed() {
    "$program" synth "$scratch/tiny" --device zynq-7010 --data samples/mnist --netlist-images 3 \
        --fold hidden:pe=4 --fold scores:pe=2 --pack-dsp --workdir "$scratch/packed" \
        --vendor vivado --json --quiet >"$report"
}
check "mnist_tiny.h5 with shared DSP blocks" packed
check "36 products in 18 of them, and 12 that requantize" equal "$(of synthesis dsp)" 30
check "the netlist with shared blocks is bit-exact" equal "$(of netlist bit_exact)" true
check "files for Vivado are there" test -s "$scratch/packed/synthesis/mnist_tiny_vivado.tcl"

# ---- what does not fit -----------------------------------------------------------------------------
too_big() {
    "$program" run "$scratch/net.h5" --data samples/mnist --test-images 100 --bits 6 \
        --fold output:pe=10,simd=1 --stop-after describe --workdir "$scratch/big" --quiet \
        >/dev/null || return 1
    "$program" synth "$scratch/big" --device up5k --quiet >"$scratch/words" 2>&1
    local status=$?
    cat "$scratch/words"
    [ $status -eq 1 ]
}
check "parallel multipliers do not fit: status 1" too_big
check "what is too much is said" grep -q 'does not fit up5k: .* DSP blocks of 8' "$scratch/words"
check "ways to fit are named" grep -qE '^ +1\. .*--(fold|device|bits)' "$scratch/words"

# ---- what is asked for wrongly, and tools that are not there ---------------------------------------
status() { # status CODE WORDS COMMAND...
    local code=$1 words=$2
    shift 2
    "$@" >"$scratch/out" 2>&1
    local got=$?
    cat "$scratch/out"
    [ $got -eq "$code" ] && grep -q -- "$words" "$scratch/out"
}
synth() { "$program" synth "$scratch/run" --workdir "$scratch/again" --quiet "$@"; }
tools_but() { # tools_but TOOL: a folder with all programs but one; made once
    local tool
    mkdir "$scratch/bin.$1" 2>/dev/null || return 0
    for tool in ghdl ghdl-llvm ghdl-mcode yosys nextpnr-ice40 icepack iverilog vvp; do
        [ $tool = "$1" ] || ln -sf "$(command -v $tool)" "$scratch/bin.$1/$tool"
    done
}
without() { # without TOOL COMMAND...
    tools_but "$1"
    local path=$scratch/bin.$1
    shift
    PATH=$path "$@"
}
check "unknown device: the names" status 2 "did you mean hx8k" synth --device hx8
check "no device: the names" status 2 "zynq-7020" synth
check "Vivado for a device of Lattice" status 2 "Vivado has no hx8k" \
    synth --device hx8k --vendor vivado
check "images without data" status 2 "--data" synth --device hx8k --netlist-images 2
for tool in yosys nextpnr-ice40 icepack; do
    check "without $tool: status 4, and how to install it" status 4 "apt-get install" \
        without $tool synth --device hx8k
done
check "out of time: status 4" status 4 "stopped after its deadline of 1 s" \
    synth --device hx8k --tool-timeout 1
check "nothing half-made is left" test ! -e "$scratch/again/synthesis/bitstream.bin"

# ---- tools that are killed, and those at work when all is to stop -----------------------------------
play() { # play TOOL PROGRAM LINE: among the programs of bin.TOOL, one that does this
    rm -f "$scratch/bin.$1/$2"
    printf '#!/bin/sh\nPATH=/usr/bin:/bin\ncase $1 in -V | --version) echo 1.25 && exit ;; esac\n%s\n' \
        "$3" >"$scratch/bin.$1/$2"
    chmod +x "$scratch/bin.$1/$2"
}
results=$scratch/run/synthesis
for tool in yosys nextpnr-ice40; do
    tools_but $tool
    [ $tool = yosys ] ||
        play $tool yosys "cp '$results/stat.json' '$results/netlist.json' '$results'/cells_*.txt ."
done
killed() { # killed TOOL TITLE
    play "$1" "$1" 'kill -9 $$'
    status 4 "$2 was killed by signal 9" without "$1" synth --device hx8k
}
cancelled() { # cancelled TOOL TITLE: the tool would end well by itself
    play "$1" "$1" "echo \$\$ >'$scratch/tool.part' && mv '$scratch/tool.part' '$scratch/tool' &&
        exec sleep 300"
    rm -f "$scratch/tool"
    PATH=$scratch/bin.$1 "$program" synth "$scratch/run" --workdir "$scratch/again" --quiet \
        --device hx8k >"$scratch/out" 2>&1 &
    local flow=$! code tool
    until [ -e "$scratch/tool" ] || ! kill -0 $flow; do sleep 0.1; done
    tool=$(cat "$scratch/tool")
    kill -TERM $flow
    wait $flow
    code=$?
    cat "$scratch/out"
    [ $code -eq 130 ] && grep -q "$2: cancelled" "$scratch/out" && ! kill -0 "$tool" 2>/dev/null
}
check "Yosys is killed: status 4, and its name" killed yosys Yosys
check "nextpnr is killed: status 4, and its name" killed nextpnr-ice40 nextpnr-ice40
check "cancelled in Yosys: status 130, and it is gone" cancelled yosys Yosys
check "cancelled in nextpnr: status 130, and it is gone" cancelled nextpnr-ice40 nextpnr-ice40
play nextpnr-ice40 nextpnr-ice40 "echo \"ERROR: asked for \$*\"; exit 1"
check "the seed is nextpnr's" status 4 "asked for .*--seed 7" \
    without nextpnr-ice40 synth --device hx8k --seed 7
check "a folding of its own" status 2 "possible: 1, 2, 5, 10" \
    synth --device hx8k --fold output:pe=3
tap_done
