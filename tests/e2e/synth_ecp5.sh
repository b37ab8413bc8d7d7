#!/usr/bin/env bash
# Synthesis for ECP5, whose nextpnr Debian does not have: without it, with it but without ecppack,
# and with both, played by scripts around a report that the real one wrote; where the real ones are
# installed, they route the same netlist.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
report=$scratch/report.json
results=$scratch/run/synthesis
recorded=$(realpath tests/fixtures/synth/nextpnr_ecp5.json)

for tool in ghdl yosys; do
    if ! command -v $tool >/dev/null; then
        skip "synthesis for ECP5" "$tool is not installed: make deps"
        tap_done
        exit
    fi
done

of() { value "$report" "$@"; }
equal() { [ -n "$1" ] && [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
bin=$scratch/bin
mkdir "$bin"
for tool in ghdl ghdl-llvm ghdl-mcode yosys yosys-abc berkeley-abc; do
    command -v $tool >/dev/null && ln -s "$(command -v $tool)" "$bin/"
done
play() { # play PROGRAM VERSION LINE: among the programs, one that does this
    rm -f "$bin/$1"
    printf '#!/bin/sh\nPATH=/usr/bin:/bin\ncase $1 in -V | --version) echo %s && exit ;; esac\n%s\n' \
        "$2" "$3" >"$bin/$1"
    chmod +x "$bin/$1"
}
synth() { # synth PATH OPTION...: as JSON, and as people read it
    PATH=$1 "$program" synth "$scratch/tiny" --device ecp5-25 --json --quiet "${@:2}" >"$report"
}
run_words() { PATH=$bin "$program" synth "$scratch/tiny" --device ecp5-25 --quiet "$@"; }
says() { # says WORDS COMMAND...
    "${@:2}" >"$scratch/out" 2>&1
    local status=$?
    cat "$scratch/out"
    [ $status -eq 0 ] && grep -qF -- "$1" "$scratch/out"
}
"$program" run samples/mnist_tiny.h5 --data samples/mnist --workdir "$scratch/tiny" --quiet \
    --test-images 100 --fold hidden:pe=1,simd=1 --fold scores:pe=1,simd=1 --stop-after describe \
    >/dev/null

# ---- without the programs for ECP5 -------------------------------------------------------------------
check "without nextpnr-ecp5 cells are counted" synth "$bin" --workdir "$scratch/run"
check "DSP blocks are counted" equal "$(of synthesis dsp)" 6
check "there is no clock" equal "$(of synthesis fmax_mhz)" null
check "what is missing is said" \
    grep -q '"lacks": "no places, .* no program nextpnr-ecp5 on PATH; install it' "$report"

# ---- programs that are played, on the cells that Yosys made ------------------------------------------
play yosys "Yosys 0.23" "cp '$results/stat.json' '$results/netlist.json' '$results'/cells_*.txt ."
play nextpnr-ecp5 "Version nextpnr-0.11.1" \
    "test -s netlist.json && cp '$recorded' nextpnr.json && echo layout >layout.config"
check "with nextpnr-ecp5 alone it is routed" synth "$bin" --workdir "$scratch/routed"
check "the clock is the report's" holds "$(of synthesis fmax_mhz) > 57.8"
check "the rate is the clock's" holds "$(of synthesis images_per_s) > 18000"
check "the longest path has its layer" equal "$(of synthesis from)" scores
check "there is no bitstream" equal "$(of synthesis bitstream)" null
check "ecppack is what is missing" says "no bitstream: there is no program ecppack on PATH" \
    run_words --workdir "$scratch/routed"
play ecppack "Version 1.4" 'cp "$1" "$2"'
check "with ecppack, too" synth "$bin" --workdir "$scratch/packed"
check "there is a bitstream" test -s "$scratch/packed/synthesis/bitstream.bit"
check "nothing is missing" equal "$(of synthesis lacks)" null

# ---- the real ones -----------------------------------------------------------------------------------
if command -v nextpnr-ecp5 >/dev/null && command -v ecppack >/dev/null; then
    rm "$bin/nextpnr-ecp5" "$bin/ecppack"
    check "the real nextpnr-ecp5 and ecppack" synth "$bin:$PATH" --workdir "$scratch/real"
    check "a clock is reached" holds "$(of synthesis fmax_mhz) > 30"
    check "flip-flops are Yosys's" holds "$(of synthesis ff) > 2000"
    check "the bitstream has its preamble" grep -qa 'Part: LFE5U-25F-6CABGA381' \
        "$(of synthesis bitstream)"
else
    skip "the real nextpnr-ecp5 and ecppack" "not installed: see README.md"
fi
tap_done
