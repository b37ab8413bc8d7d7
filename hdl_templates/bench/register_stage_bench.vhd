--------------------------------------------------------------------------------
-- register_stage_bench: what goes in comes out, in order, under every pattern of stalls
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity register_stage_bench is
    generic (
        LANES           : positive := 3;
        BEATS           : positive := 40;
        IMAGES          : positive := 5;
        IN_STALL        : natural  := 0;  -- percent, on the input side
        OUT_STALL       : natural  := 0;  -- percent, on the output side
        RESTART_AFTER   : natural  := 0;  -- clocks until a second reset, 0: none
        SEED            : natural  := 1
    );
end entity;

architecture bench of register_stage_bench is

    constant DATA : sample_vector
        := random_samples(IMAGES * BEATS * LANES, -32768, 32767, SEED);

    signal clk, rst                      : std_logic;
    signal in_valid, in_ready, in_last   : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data, out_data             : sample_vector(0 to LANES - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 1)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.register_stage
        generic map (LANES)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "register_stage", LANES => LANES, BEATS => BEATS, EXPECTED => DATA,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 2,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
