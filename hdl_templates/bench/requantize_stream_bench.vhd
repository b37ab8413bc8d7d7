--------------------------------------------------------------------------------
-- requantize_stream_bench: random accumulators and requantizers against a reference on real numbers
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity requantize_stream_bench is
    generic (
        LANES               : positive := 4;
        BEATS               : positive := 25;
        FACTOR              : positive := 16384;  -- accumulators are samples times this
        OUT_ZERO            : integer  := -3;
        OUT_LOW             : integer  := -128;
        OUT_HIGH            : integer  := 127;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of requantize_stream_bench is

    constant DATA : sample_vector(0 to IMAGES * BEATS * LANES - 1)
        := random_samples(IMAGES * BEATS * LANES, -32768, 32767, SEED);
    constant MULTIPLIERS : integer_vector(0 to LANES - 1)
        := random_integers(LANES, 1, 32767, SEED + 3);
    constant SHIFTS : integer_vector(0 to LANES - 1) := random_integers(LANES, 1, 45, SEED + 4);

    function accumulator (sample : sample_t) return integer is
    begin
        return integer(sample) * FACTOR + integer(sample) mod FACTOR;
    end function;

    function requantized return sample_vector is
        variable result : sample_vector(DATA'range);
    begin
        for i in DATA'range loop
            result(i) := reference_requantize(
                accumulator(DATA(i)), MULTIPLIERS(i mod LANES), SHIFTS(i mod LANES),
                OUT_ZERO, OUT_LOW, OUT_HIGH);
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data                        : sample_vector(0 to LANES - 1);
    signal out_data                       : sample_vector(0 to LANES - 1);
    signal accumulators                   : integer_vector(0 to LANES - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    widen : for lane in in_data'range generate
        accumulators(lane) <= accumulator(in_data(lane));
    end generate;

    dut : entity work.requantize_stream
        generic map (
            LANES => LANES, OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        )
        port map (clk, rst, in_valid, in_ready, accumulators, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "requantize_stream", LANES => LANES, BEATS => BEATS, EXPECTED => requantized,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS + 2, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
