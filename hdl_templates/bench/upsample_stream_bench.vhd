--------------------------------------------------------------------------------
-- upsample_stream_bench: random images, enlarged, against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity upsample_stream_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 4;
        CHANNELS                                 : positive := 3;
        FACTOR_HEIGHT, FACTOR_WIDTH              : positive := 2;
        IN_BITS                                  : positive := 8;
        IMAGES                                   : positive := 4;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of upsample_stream_bench is

    constant IN_LOW  : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH : integer := 2 ** (IN_BITS - 1) - 1;

    constant IMAGE_SAMPLES : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : sample_vector(0 to IMAGES * IMAGE_SAMPLES - 1)
        := random_samples(IMAGES * IMAGE_SAMPLES, IN_LOW, IN_HIGH, SEED);

    constant OUT_HEIGHT : positive := HEIGHT * FACTOR_HEIGHT;
    constant OUT_WIDTH  : positive := WIDTH * FACTOR_WIDTH;
    constant POSITIONS  : positive := OUT_HEIGHT * OUT_WIDTH;

    function enlarged return sample_vector is
        variable result   : sample_vector(0 to IMAGES * POSITIONS * CHANNELS - 1);
        variable position : natural := 0;
    begin
        for image in 0 to IMAGES - 1 loop
            for y in 0 to OUT_HEIGHT - 1 loop
                for x in 0 to OUT_WIDTH - 1 loop
                    for c in 0 to CHANNELS - 1 loop
                        result(position) := DATA(((image * HEIGHT + y / FACTOR_HEIGHT) * WIDTH
                                                  + x / FACTOR_WIDTH) * CHANNELS + c);
                        position := position + 1;
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

    dut : entity work.upsample_stream
        generic map (
            HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS,
            FACTOR_HEIGHT => FACTOR_HEIGHT, FACTOR_WIDTH => FACTOR_WIDTH,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "upsample_stream", LANES => CHANNELS, BEATS => POSITIONS,
            EXPECTED => enlarged, STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => POSITIONS + 2, INTERVAL => POSITIONS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
