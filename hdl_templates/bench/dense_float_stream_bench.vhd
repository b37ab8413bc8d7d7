--------------------------------------------------------------------------------
-- dense_float_stream_bench: random vectors and weights against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;
use work.float_bench_pkg.all;

entity dense_float_stream_bench is
    generic (
        IN_LANES              : positive := 4;
        BEATS                 : positive := 5;
        OUTPUTS               : positive := 6;
        PE                    : positive := 1;
        RELU                  : boolean  := false;
        LOW_POWER             : integer  := -6;  -- of vectors and weights
        HIGH_POWER            : integer  := 2;
        IMAGES                : positive := 5;
        IN_STALL, OUT_STALL   : natural  := 0;  -- percent
        RESTART_AFTER         : natural  := 0;  -- clocks, 0: no second reset
        SEED                  : natural  := 1
    );
end entity;

architecture bench of dense_float_stream_bench is

    constant INPUTS : positive := BEATS * IN_LANES;
    constant STEPS  : positive := (OUTPUTS / PE) * IN_LANES;  -- of a beat

    constant DATA : float_vector(0 to IMAGES * INPUTS - 1)
        := random_words(IMAGES * INPUTS, LOW_POWER, HIGH_POWER, SEED);
    -- matrix(output, input)
    constant MATRIX : float_vector(0 to OUTPUTS * INPUTS - 1)
        := random_words(OUTPUTS * INPUTS, LOW_POWER, HIGH_POWER, SEED + 1);
    constant BIAS : float_vector(0 to OUTPUTS - 1)
        := random_words(OUTPUTS, LOW_POWER, HIGH_POWER, SEED + 2);

    -- The matrix as the entity wants it: row by row of fold steps.
    function folded return float_vector is
        variable rows     : float_vector(0 to OUTPUTS * INPUTS - 1);
        variable position : natural := 0;
    begin
        for beat in 0 to BEATS - 1 loop
            for output_group in 0 to OUTPUTS / PE - 1 loop
                for lane in 0 to IN_LANES - 1 loop
                    for p in 0 to PE - 1 loop
                        rows(position) := MATRIX((output_group * PE + p) * INPUTS
                                                 + beat * IN_LANES + lane);
                        position := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return rows;
    end function;

    function multiplied return float_vector is
        variable result : float_vector(0 to IMAGES * OUTPUTS - 1);
        variable sum    : float_word;
    begin
        for image in 0 to IMAGES - 1 loop
            for o in 0 to OUTPUTS - 1 loop
                sum := BIAS(o);
                for i in 0 to INPUTS - 1 loop
                    sum := reference_add(sum, reference_multiply(DATA(image * INPUTS + i),
                                                                 MATRIX(o * INPUTS + i)));
                end loop;
                result(image * OUTPUTS + o) := reference_relu(sum, RELU);
            end loop;
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_samples                     : sample_vector(0 to 2 * IN_LANES - 1);
    signal in_data                        : float_vector(0 to IN_LANES - 1);
    signal out_data                       : float_vector(0 to OUTPUTS - 1);
    signal out_samples                    : sample_vector(0 to 2 * OUTPUTS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    -- Source and checker carry a word as two samples.
    source : entity work.stream_source
        generic map (2 * IN_LANES, BEATS, to_samples(DATA), IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_samples, in_last);

    in_data     <= to_words(in_samples);
    out_samples <= to_samples(out_data);

    dut : entity work.dense_float_stream
        generic map (
            IN_LANES => IN_LANES, BEATS => BEATS, OUTPUTS => OUTPUTS, PE => PE,
            RELU => RELU, WEIGHTS => folded, BIAS => BIAS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "dense_float_stream", LANES => 2 * OUTPUTS, BEATS => 1,
            EXPECTED => to_samples(multiplied), STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS * STEPS + 2, INTERVAL => BEATS * STEPS
        )
        port map (clk, rst, out_valid, out_ready, out_samples, out_last, in_valid, in_ready);

end architecture;
