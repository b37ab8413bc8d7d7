--------------------------------------------------------------------------------
-- affine_stream_bench: random samples, weights and requantizers against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity affine_stream_bench is
    generic (
        CHANNELS            : positive := 5;
        BEATS               : positive := 12;
        IN_BITS             : positive := 8;
        WEIGHT_BITS         : positive := 8;
        OUT_BITS            : positive := 8;
        OUT_ZERO            : integer  := 7;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of affine_stream_bench is

    constant IN_LOW      : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH     : integer := 2 ** (IN_BITS - 1) - 1;
    constant WEIGHT_HIGH : integer := 2 ** (WEIGHT_BITS - 1) - 1;
    constant OUT_LOW     : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH    : integer := 2 ** (OUT_BITS - 1) - 1;
    -- products spread over the output range, some beyond
    constant SHIFT       : integer := 15 + IN_BITS + WEIGHT_BITS - OUT_BITS - 3;

    constant DATA : sample_vector(0 to IMAGES * BEATS * CHANNELS - 1)
        := random_samples(IMAGES * BEATS * CHANNELS, IN_LOW, IN_HIGH, SEED);
    constant WEIGHTS : sample_vector(0 to CHANNELS - 1)
        := random_samples(CHANNELS, -WEIGHT_HIGH, WEIGHT_HIGH, SEED + 1);
    constant BIAS : integer_vector(0 to CHANNELS - 1)
        := random_integers(CHANNELS, -1000, 1000, SEED + 2);
    constant MULTIPLIERS : integer_vector(0 to CHANNELS - 1)
        := random_integers(CHANNELS, 16384, 32767, SEED + 3);
    constant SHIFTS : integer_vector(0 to CHANNELS - 1)
        := random_integers(CHANNELS, SHIFT, SHIFT + 2, SEED + 4);

    function transformed return sample_vector is
        variable result : sample_vector(DATA'range);
        variable c      : natural;
    begin
        for i in DATA'range loop
            c := i mod CHANNELS;
            result(i) := reference_requantize(
                BIAS(c) + integer(WEIGHTS(c)) * integer(DATA(i)),
                MULTIPLIERS(c), SHIFTS(c), OUT_ZERO, OUT_LOW, OUT_HIGH);
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data                        : sample_vector(0 to CHANNELS - 1);
    signal out_data                       : sample_vector(0 to CHANNELS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (CHANNELS, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.affine_stream
        generic map (
            CHANNELS => CHANNELS, BEATS => BEATS, IN_LOW => IN_LOW, IN_HIGH => IN_HIGH,
            WEIGHT_LOW => -WEIGHT_HIGH, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "affine_stream", LANES => CHANNELS, BEATS => BEATS, EXPECTED => transformed,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS + 2, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
