--------------------------------------------------------------------------------
-- table_stream_bench: a random table, looked up sample by sample
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity table_stream_bench is
    generic (
        LANES               : positive := 3;
        BEATS               : positive := 20;
        IN_LOW              : integer  := -100;
        IN_HIGH             : integer  := 127;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of table_stream_bench is

    constant DATA : sample_vector(0 to IMAGES * BEATS * LANES - 1)
        := random_samples(IMAGES * BEATS * LANES, IN_LOW, IN_HIGH, SEED);
    constant TABLE : sample_vector(0 to IN_HIGH - IN_LOW)
        := random_samples(IN_HIGH - IN_LOW + 1, -32768, 32767, SEED + 1);

    function looked_up return sample_vector is
        variable result : sample_vector(DATA'range);
    begin
        for i in DATA'range loop
            result(i) := TABLE(integer(DATA(i)) - IN_LOW);
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data                        : sample_vector(0 to LANES - 1);
    signal out_data                       : sample_vector(0 to LANES - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.table_stream
        generic map (LANES => LANES, IN_LOW => IN_LOW, IN_HIGH => IN_HIGH, TABLE => TABLE)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "table_stream", LANES => LANES, BEATS => BEATS, EXPECTED => looked_up,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS + 2, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
