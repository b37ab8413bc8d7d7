--------------------------------------------------------------------------------
-- float_bridges_bench: integers --> int_to_float_stream --> float_register_stage -->
-- float_to_int_stream --> integers, against a straight loop
--
-- With INVERSE_SCALE not 1/SCALE the values that come out are other than those that went in.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;
use work.bench_pkg.all;
use work.float_bench_pkg.all;

entity float_bridges_bench is
    generic (
        LANES                : positive := 3;
        BEATS                : positive := 7;
        IN_BITS              : positive := 8;
        OUT_BITS             : positive := 8;
        IN_ZERO, OUT_ZERO    : integer  := 0;
        SCALE, INVERSE_SCALE : integer  := 1065353216;  -- bit patterns; 1.0
        IMAGES               : positive := 10;
        IN_STALL, OUT_STALL  : natural  := 0;           -- percent
        RESTART_AFTER        : natural  := 0;           -- clocks, 0: no second reset
        SEED                 : natural  := 1
    );
end entity;

architecture bench of float_bridges_bench is

    constant IN_LOW   : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH  : integer := 2 ** (IN_BITS - 1) - 1;
    constant OUT_LOW  : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH : integer := 2 ** (OUT_BITS - 1) - 1;

    constant DATA : sample_vector(0 to IMAGES * BEATS * LANES - 1)
        := random_samples(IMAGES * BEATS * LANES, IN_LOW, IN_HIGH, SEED);

    function converted return sample_vector is
        variable result : sample_vector(DATA'range);
        variable word   : float_word;
    begin
        for i in DATA'range loop
            word := reference_multiply(reference_from_integer(integer(DATA(i)) - IN_ZERO), SCALE);
            result(i) := sample_t(reference_to_integer(
                reference_multiply(word, INVERSE_SCALE), OUT_ZERO, OUT_LOW, OUT_HIGH));
        end loop;
        return result;
    end function;

    signal clk, rst                                : std_logic;
    signal in_valid, in_ready, in_last             : std_logic;
    signal float_valid, float_ready, float_last    : std_logic;
    signal staged_valid, staged_ready, staged_last : std_logic;
    signal out_valid, out_ready, out_last          : std_logic;
    signal in_data, out_data                       : sample_vector(0 to LANES - 1);
    signal float_data, staged_data                 : float_vector(0 to LANES - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    to_float : entity work.int_to_float_stream
        generic map (LANES => LANES, IN_LOW => IN_LOW, IN_HIGH => IN_HIGH, ZERO => IN_ZERO,
                     SCALE => SCALE)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  float_valid, float_ready, float_data, float_last);

    stage : entity work.float_register_stage
        generic map (LANES => LANES)
        port map (clk, rst, float_valid, float_ready, float_data, float_last,
                  staged_valid, staged_ready, staged_data, staged_last);

    to_int : entity work.float_to_int_stream
        generic map (LANES => LANES, INVERSE_SCALE => INVERSE_SCALE, ZERO => OUT_ZERO,
                     OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH)
        port map (clk, rst, staged_valid, staged_ready, staged_data, staged_last,
                  out_valid, out_ready, out_data, out_last);

    -- Two bridges of three clocks from beat taken to result taken, and one register stage.
    checker : entity work.stream_checker
        generic map (
            NAME => "float_bridges", LANES => LANES, BEATS => BEATS, EXPECTED => converted,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS - 1 + 7, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
