--------------------------------------------------------------------------------
-- dense_stream_bench: random vectors, weights and requantizers against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity dense_stream_bench is
    generic (
        IN_LANES                       : positive := 4;
        BEATS                          : positive := 5;
        OUTPUTS                        : positive := 6;
        PE, SIMD                       : positive := 1;
        PACKED                         : boolean  := false;
        IN_BITS, WEIGHT_BITS, OUT_BITS : positive := 8;
        OUT_ZERO                       : integer  := -5;
        IMAGES                         : positive := 5;
        IN_STALL, OUT_STALL            : natural  := 0;  -- percent
        RESTART_AFTER                  : natural  := 0;  -- clocks, 0: no second reset
        SEED                           : natural  := 1
    );
end entity;

architecture bench of dense_stream_bench is

    constant INPUTS      : positive := BEATS * IN_LANES;
    constant STEPS       : positive := (OUTPUTS / PE) * (IN_LANES / SIMD);  -- of a beat
    constant IN_LOW      : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH     : integer := 2 ** (IN_BITS - 1) - 1;
    constant WEIGHT_HIGH : integer := 2 ** (WEIGHT_BITS - 1) - 1;
    constant OUT_LOW     : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH    : integer := 2 ** (OUT_BITS - 1) - 1;
    -- sums spread over the output range, some beyond
    constant SHIFT       : integer := 15 + IN_BITS + WEIGHT_BITS - OUT_BITS - 2;

    constant DATA : sample_vector(0 to IMAGES * INPUTS - 1)
        := random_samples(IMAGES * INPUTS, IN_LOW, IN_HIGH, SEED);
    -- matrix(output, input)
    constant MATRIX : sample_vector(0 to OUTPUTS * INPUTS - 1)
        := random_samples(OUTPUTS * INPUTS, -WEIGHT_HIGH, WEIGHT_HIGH, SEED + 1);
    constant BIAS : integer_vector(0 to OUTPUTS - 1)
        := random_integers(OUTPUTS, -1000, 1000, SEED + 2);
    constant MULTIPLIERS : integer_vector(0 to OUTPUTS - 1)
        := random_integers(OUTPUTS, 16384, 32767, SEED + 3);
    constant SHIFTS : integer_vector(0 to OUTPUTS - 1)
        := random_integers(OUTPUTS, SHIFT, SHIFT + 2, SEED + 4);

    -- The matrix as the entity wants it: row by row of fold steps.
    function folded return sample_vector is
        variable rows     : sample_vector(0 to OUTPUTS * INPUTS - 1);
        variable position : natural := 0;
    begin
        for beat in 0 to BEATS - 1 loop
            for output_group in 0 to OUTPUTS / PE - 1 loop
                for lane_group in 0 to IN_LANES / SIMD - 1 loop
                    for p in 0 to PE - 1 loop
                        for s in 0 to SIMD - 1 loop
                            rows(position) := MATRIX((output_group * PE + p) * INPUTS
                                                     + beat * IN_LANES + lane_group * SIMD + s);
                            position := position + 1;
                        end loop;
                    end loop;
                end loop;
            end loop;
        end loop;
        return rows;
    end function;

    function multiplied return sample_vector is
        variable result : sample_vector(0 to IMAGES * OUTPUTS - 1);
        variable sum    : integer;
    begin
        for image in 0 to IMAGES - 1 loop
            for o in 0 to OUTPUTS - 1 loop
                sum := BIAS(o);
                for i in 0 to INPUTS - 1 loop
                    sum := sum + integer(DATA(image * INPUTS + i)) * integer(MATRIX(o * INPUTS + i));
                end loop;
                result(image * OUTPUTS + o) := reference_requantize(
                    sum, MULTIPLIERS(o), SHIFTS(o), OUT_ZERO, OUT_LOW, OUT_HIGH);
            end loop;
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data                        : sample_vector(0 to IN_LANES - 1);
    signal out_data                       : sample_vector(0 to OUTPUTS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (IN_LANES, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.dense_stream
        generic map (
            IN_LANES => IN_LANES, BEATS => BEATS, OUTPUTS => OUTPUTS, PE => PE, SIMD => SIMD,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH,
            WEIGHT_LOW => -WEIGHT_HIGH, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            PACKED => PACKED,
            WEIGHTS => folded, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "dense_stream", LANES => OUTPUTS, BEATS => 1, EXPECTED => multiplied,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS * STEPS + 5 + tree_clocks(SIMD), INTERVAL => BEATS * STEPS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
