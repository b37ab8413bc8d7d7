#!/usr/bin/env bash
# library_netlists.sh: every entity of the VHDL library passes ghdl --synth, and its netlist does
# the same as the entity, clock by clock, under stalls and a second reset.
set -u
cd "$(dirname "$0")/../.."
source tests/tap.sh
source tests/hdl/library.sh

if ! "$quick" --help 2>/dev/null | grep -q -- --synth; then
    skip "synthesis of the VHDL library" "this GHDL has no --synth"
    tap_done
    exit
fi

# Probes of hdl_templates/bench/synth_probe.vhd, by number.
probes=(conv2d_folded conv2d_parallel dense_folded dense_parallel max_pool average_pool affine
    table requantize arg_max register fork_fifo_add
    concat zero_pad upsample global_max_pool global_average_pool depthwise_conv2d)

# The clock nets of registers that ghdl --synth lost: the edge has become the constant 0, and yet
# something uses it.
lost_registers() { # lost_registers VERILOG
    local net
    sed -n "s/^ *assign \([a-z0-9_]*\) = 1'b0; \/\/ posedge.*/\1/p" "$1" | while read -r net; do
        [ "$(grep -cw "$net" "$1")" -gt 2 ] && echo "$net"
    done
}
synthesize() { # synthesize FOLDER FORMAT OPTION...: to standard output
    (cd "$1" && "$quick" --synth --no-formal --std=08 --out="$2" "${@:3}")
}
# The netlist reads its memories with addresses that settle within a clock: for a moment they may
# lie beyond the array, which hardware does not mind and a simulator does.
settle() {
    awk '
        /^use work\.dnn_fixed_pkg\.all;/ { next }
        / is array \(0 to [0-9]+\)/ {
            match($0, /to [0-9]+\)/)
            size = substr($0, RSTART + 3, RLENGTH - 4) + 1
        }
        /end process;/ { size = 0 }
        size { gsub(/to_integer \(unsigned \([a-z0-9_]+\)\)/, "& mod " size) }
        { print }'
}
# proves NUMBER: both netlists come out, none lost a register, and the VHDL one was compared.
proves() {
    local work=$scratch/probe.$1
    mkdir -p "$work"
    synthesize "$scratch/library" verilog -gENTITY_NUMBER="$1" synth_probe >"$work/probe.v" &&
        grep -q 'always @(posedge' "$work/probe.v" || return
    lost_registers "$work/probe.v" | grep . && return 1
    synthesize "$scratch/library" vhdl -gENTITY_NUMBER="$1" synth_probe | settle \
        >"$work/netlist.vhd"
    compare "$1" "$1"
}
# compare NUMBER OTHER: the netlist of probe NUMBER against probe OTHER.
compare() (
    cp -r "$scratch/library" "$scratch/compare.$1.$2"
    cd "$scratch/probe.$1" &&
        "$quick" -a --std=08 --work=netlist netlist.vhd &&
        cd "$scratch/compare.$1.$2" &&
        "$quick" -a --std=08 -P"$scratch/probe.$1" "$root/hdl_templates/bench/netlist_bench.vhd" &&
        case $("$quick" --version) in
            *llvm*) "$quick" -e --std=08 -P"$scratch/probe.$1" netlist_bench ;;
        esac &&
        said=$(timeout 300 "$quick" -r --std=08 -P"$scratch/probe.$1" netlist_bench \
            -gENTITY_NUMBER="$2" --ieee-asserts=disable 2>&1)
    code=$?
    printf '%s\n' "$said"
    [ $code -eq 0 ] && grep -qE 'BENCH netlist values=[1-9][0-9]* errors=0' <<<"$said"
)
differs() {
    local log
    log=$(compare "$@") && return 1
    grep -q "BENCH netlist failed" <<<"$log"
}
# An array written with a dynamic index and read as a whole: GHDL 2.0 loses its clock.
finds_lost_register() (
    mkdir -p "$scratch/lost" && cd "$scratch/lost" || return
    cat >lost.vhd <<'VHDL'
library ieee;
use ieee.std_logic_1164.all;
package vectors is
    type four is array (0 to 3) of integer;
end package;
library ieee;
use ieee.std_logic_1164.all;
use work.vectors.all;
entity lost is
    port (clk, write : in std_logic; x : in integer; at : in integer range 0 to 3; q : out four);
end entity;
architecture rtl of lost is
begin
    process (clk)
        variable values : four := (others => 0);
    begin
        if rising_edge(clk) then
            q <= values;
            if write = '1' then
                values(at) := x;
            end if;
        end if;
    end process;
end architecture;
VHDL
    "$quick" -a --std=08 lost.vhd && synthesize . verilog lost >lost.v
    lost_registers lost.v | grep .
)

analyse "$quick" "$scratch/library" "$root/hdl_templates/lib" \
    synth_probe bench_clock stream_source
export quick
export -f proves compare synthesize settle lost_registers
for number in "${!probes[@]}"; do echo "$number"; done |
    xargs -P 2 -I{} bash -c 'proves {} >"$scratch/log.{}" 2>&1 && : >"$scratch/proved.{}"'
proved() {
    tail -n 5 "$scratch/log.$1"
    [ -e "$scratch/proved.$1" ]
}
for number in "${!probes[@]}"; do
    check "netlist of ${probes[number]} equals the entity" proved "$number"
done
check "a netlist that differs is noticed" differs 6 8
check "a register that synthesis lost is noticed" finds_lost_register
tap_done
