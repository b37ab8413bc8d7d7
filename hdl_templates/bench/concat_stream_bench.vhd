--------------------------------------------------------------------------------
-- concat_stream_bench: random streams with pauses of their own against a straight loop
--
-- Input i has FIRST_CHANNELS + i channels; IDENTITY: all inputs have the scale of the output.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity concat_stream_bench is
    generic (
        INPUTS              : positive := 2;
        FIRST_CHANNELS      : positive := 4;
        PE                  : positive := 3;
        IDENTITY            : boolean  := false;
        BEATS               : positive := 12;
        IN_BITS             : positive := 8;
        OUT_BITS            : positive := 8;
        OUT_ZERO            : integer  := 7;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of concat_stream_bench is

    constant IN_LOW      : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH     : integer := 2 ** (IN_BITS - 1) - 1;
    constant OUT_LOW     : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH    : integer := 2 ** (OUT_BITS - 1) - 1;
    -- samples spread over the output range, some beyond
    constant SHIFT       : integer := 14 + IN_BITS - OUT_BITS;

    function widths return integer_vector is
        variable result : integer_vector(0 to INPUTS - 1);
    begin
        for i in result'range loop
            result(i) := FIRST_CHANNELS + i;
        end loop;
        return result;
    end function;

    constant CHANNELS     : integer_vector(0 to INPUTS - 1) := widths;
    constant OUT_CHANNELS : positive := INPUTS * FIRST_CHANNELS + INPUTS * (INPUTS - 1) / 2;
    constant STEPS        : positive := OUT_CHANNELS / PE;

    -- The first channel of input i among those of the output.
    function first_of (i : natural) return natural is
    begin
        return i * FIRST_CHANNELS + i * (i - 1) / 2;
    end function;

    -- The scale of each input.
    function chosen (same : integer; list : integer_vector) return integer_vector is
        constant ALIKE : integer_vector(0 to INPUTS - 1) := (others => same);
    begin
        if IDENTITY then
            return ALIKE;
        end if;
        return list;
    end function;

    constant ZEROS : integer_vector(0 to INPUTS - 1)
        := random_integers(INPUTS, IN_LOW, IN_HIGH, SEED + 1);
    constant MULTIPLIERS : integer_vector(0 to INPUTS - 1)
        := chosen(16384, random_integers(INPUTS, 16384, 32767, SEED + 2));
    constant SHIFTS : integer_vector(0 to INPUTS - 1)
        := chosen(14, random_integers(INPUTS, SHIFT, SHIFT + 1, SEED + 3));

    constant PLACES : positive := IMAGES * BEATS;
    constant DATA : sample_vector(0 to PLACES * OUT_CHANNELS - 1)  -- input after input
        := random_samples(PLACES * OUT_CHANNELS, IN_LOW, IN_HIGH, SEED);

    function joined return sample_vector is
        variable result : sample_vector(DATA'range);
        variable from   : natural;
    begin
        for place in 0 to PLACES - 1 loop
            for i in 0 to INPUTS - 1 loop
                for c in 0 to CHANNELS(i) - 1 loop
                    from := first_of(i) * PLACES + place * CHANNELS(i) + c;
                    result(place * OUT_CHANNELS + first_of(i) + c) := reference_requantize(
                        integer(DATA(from)) - ZEROS(i), MULTIPLIERS(i), SHIFTS(i),
                        OUT_ZERO, OUT_LOW, OUT_HIGH);
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    signal clk, rst                    : std_logic;
    signal in_valid, in_ready, in_last : std_logic_vector(0 to INPUTS - 1);
    signal in_data                     : sample_vector(0 to OUT_CHANNELS - 1);
    signal out_valid, out_ready        : std_logic;
    signal out_last                    : std_logic;
    signal out_data                    : sample_vector(0 to OUT_CHANNELS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    sources : for i in 0 to INPUTS - 1 generate
        source : entity work.stream_source
            generic map (CHANNELS(i), BEATS,
                         DATA(first_of(i) * PLACES to first_of(i + 1) * PLACES - 1), IN_STALL,
                         SEED + 10 + i)
            port map (clk, rst, in_valid(i), in_ready(i),
                      in_data(first_of(i) to first_of(i + 1) - 1), in_last(i));
    end generate;

    dut : entity work.concat_stream
        generic map (
            INPUTS => INPUTS, OUT_CHANNELS => OUT_CHANNELS, BEATS => BEATS,
            CHANNELS => CHANNELS, PE => PE,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            ZEROS => ZEROS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "concat_stream", LANES => OUT_CHANNELS, BEATS => BEATS, EXPECTED => joined,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS * STEPS + 2, INTERVAL => BEATS * STEPS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid(0), in_ready(0));

end architecture;
