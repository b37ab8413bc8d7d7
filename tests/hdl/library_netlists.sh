#!/usr/bin/env bash
# library_netlists.sh: every entity of the VHDL library passes ghdl --synth, and its netlist does
# the same as the entity, clock by clock, under stalls and a second reset.
set -u
cd "$(dirname "$0")/../.."
source tests/tap.sh
source tests/hdl/library.sh

if ! can_synthesize; then
    skip "synthesis of the VHDL library" "this GHDL has no --synth"
    tap_done
    exit
fi

# Probes of hdl_templates/bench/synth_probe.vhd, by number.
probes=(conv2d_folded conv2d_parallel dense_folded dense_parallel max_pool average_pool affine
    table requantize arg_max register fork_fifo_add
    concat zero_pad upsample global_max_pool global_average_pool depthwise_conv2d
    loaded_weights packed_dense)

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

# A case is written without its default.
finds_open_choice() {
    printf '    case (n1)\n      2%s: q <= a;\n      2%s: q <= b;\n    endcase\n' "'b10" "'b01" \
        >"$scratch/open.v"
    printf '    case (n1)\n      1%s: q <= a;\n      1%s: q <= b;\n    endcase\n' "'b1" "'b0" \
        >"$scratch/whole.v"
    open_choices "$scratch/open.v" | grep . && ! open_choices "$scratch/whole.v" | grep .
}

# has_memory NUMBER BITS WORDS: the netlist of a probe keeps such a memory as one, which synthesis
# can put into block RAM.
has_memory() {
    grep -E "^ *reg \[$(($2 - 1)):0\] [a-z0-9_.\\]+ ?\[$(($3 - 1)):0\]" "$scratch/synth_probe.$1/probe.v"
}

check_netlists synth_probe "${probes[@]}"
check "a deep buffer is a memory: 4 samples of 8 bits and last" has_memory 11 33 21
check "an enlarger holds a row in a memory" has_memory 14 32 6
check "a depthwise convolution holds two rows in a memory" has_memory 17 64 8
check "loaded weights are in a memory: 6 rows of 72 bits" has_memory 18 72 6
check "a netlist that differs is noticed" differs synth_probe 8 "$scratch/synth_probe.6"
check "a register that synthesis lost is noticed" finds_lost_register
check "a choice without default is noticed" finds_open_choice
tap_done
