--------------------------------------------------------------------------------
-- add_stream_bench: random streams with pauses of their own against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity add_stream_bench is
    generic (
        INPUTS              : positive := 2;
        CHANNELS            : positive := 6;
        PE                  : positive := 2;
        BEATS               : positive := 12;
        IN_BITS             : positive := 8;
        WEIGHT_BITS         : positive := 15;
        OUT_BITS            : positive := 8;
        OUT_ZERO            : integer  := 7;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of add_stream_bench is

    constant IN_LOW      : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH     : integer := 2 ** (IN_BITS - 1) - 1;
    constant WEIGHT_HIGH : integer := 2 ** (WEIGHT_BITS - 1) - 1;
    constant OUT_LOW     : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH    : integer := 2 ** (OUT_BITS - 1) - 1;
    constant STEPS       : positive := CHANNELS / PE;
    -- sums spread over the output range, some beyond
    constant SHIFT       : integer := 15 + IN_BITS + WEIGHT_BITS - OUT_BITS - 1;
    constant MULTIPLIER  : integer := 16384 + 1237 * SEED mod 16384;

    constant STREAM : positive := IMAGES * BEATS * CHANNELS;  -- samples of one input
    constant DATA : sample_vector(0 to INPUTS * STREAM - 1)   -- input after input
        := random_samples(INPUTS * STREAM, IN_LOW, IN_HIGH, SEED);
    constant WEIGHTS : sample_vector(0 to INPUTS - 1)
        := random_samples(INPUTS, -WEIGHT_HIGH, WEIGHT_HIGH, SEED + 1);
    constant BIAS : integer := -123 * WEIGHT_HIGH / 16;

    function added return sample_vector is
        variable result : sample_vector(0 to STREAM - 1);
        variable sum    : integer;
    begin
        for place in result'range loop
            sum := BIAS;
            for i in 0 to INPUTS - 1 loop
                sum := sum + integer(WEIGHTS(i)) * integer(DATA(i * STREAM + place));
            end loop;
            result(place)
                := reference_requantize(sum, MULTIPLIER, SHIFT, OUT_ZERO, OUT_LOW, OUT_HIGH);
        end loop;
        return result;
    end function;

    signal clk, rst                    : std_logic;
    signal in_valid, in_ready, in_last : std_logic_vector(0 to INPUTS - 1);
    signal in_data                     : sample_vector(0 to INPUTS * CHANNELS - 1);
    signal out_valid, out_ready        : std_logic;
    signal out_last                    : std_logic;
    signal out_data                    : sample_vector(0 to CHANNELS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    sources : for i in 0 to INPUTS - 1 generate
        source : entity work.stream_source
            generic map (CHANNELS, BEATS, DATA(i * STREAM to (i + 1) * STREAM - 1), IN_STALL,
                         SEED + 10 + i)
            port map (clk, rst, in_valid(i), in_ready(i),
                      in_data(i * CHANNELS to (i + 1) * CHANNELS - 1), in_last(i));
    end generate;

    dut : entity work.add_stream
        generic map (
            INPUTS => INPUTS, CHANNELS => CHANNELS, BEATS => BEATS, PE => PE,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIER => MULTIPLIER, SHIFT => SHIFT
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "add_stream", LANES => CHANNELS, BEATS => BEATS, EXPECTED => added,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS * STEPS + 2, INTERVAL => BEATS * STEPS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid(0), in_ready(0));

end architecture;
