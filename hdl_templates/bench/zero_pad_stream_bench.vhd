--------------------------------------------------------------------------------
-- zero_pad_stream_bench: random images with their border against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity zero_pad_stream_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 4;
        CHANNELS                                 : positive := 3;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural  := 1;
        IN_BITS                                  : positive := 8;
        PAD_VALUE                                : integer  := 5;
        IMAGES                                   : positive := 4;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of zero_pad_stream_bench is

    constant IN_LOW  : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH : integer := 2 ** (IN_BITS - 1) - 1;

    constant IMAGE_SAMPLES : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : sample_vector(0 to IMAGES * IMAGE_SAMPLES - 1)
        := random_samples(IMAGES * IMAGE_SAMPLES, IN_LOW, IN_HIGH, SEED);

    constant PADDED_HEIGHT : positive := PAD_TOP + HEIGHT + PAD_BOTTOM;
    constant PADDED_WIDTH  : positive := PAD_LEFT + WIDTH + PAD_RIGHT;
    constant POSITIONS     : positive := PADDED_HEIGHT * PADDED_WIDTH;
    constant FIRST_PIXEL   : natural  := PAD_TOP * PADDED_WIDTH + PAD_LEFT;

    -- The border before the first pixel of an image that never comes is there as well.
    function padded return sample_vector is
        variable result : sample_vector(0 to (IMAGES * POSITIONS + FIRST_PIXEL) * CHANNELS - 1)
            := (others => sample_t(PAD_VALUE));
        variable place  : natural;
    begin
        for image in 0 to IMAGES - 1 loop
            for y in 0 to HEIGHT - 1 loop
                for x in 0 to WIDTH - 1 loop
                    for c in 0 to CHANNELS - 1 loop
                        place := image * POSITIONS + (y + PAD_TOP) * PADDED_WIDTH + x + PAD_LEFT;
                        result(place * CHANNELS + c)
                            := DATA(((image * HEIGHT + y) * WIDTH + x) * CHANNELS + c);
                    end loop;
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data, out_data              : sample_vector(0 to CHANNELS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (CHANNELS, HEIGHT * WIDTH, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.zero_pad_stream
        generic map (
            HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS,
            PAD_TOP => PAD_TOP, PAD_BOTTOM => PAD_BOTTOM,
            PAD_LEFT => PAD_LEFT, PAD_RIGHT => PAD_RIGHT,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH, PAD_VALUE => PAD_VALUE
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "zero_pad_stream", LANES => CHANNELS, BEATS => POSITIONS,
            EXPECTED => padded, STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => POSITIONS - FIRST_PIXEL + 2, INTERVAL => POSITIONS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
