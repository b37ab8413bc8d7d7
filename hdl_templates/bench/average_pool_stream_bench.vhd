--------------------------------------------------------------------------------
-- average_pool_stream_bench: random images against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity average_pool_stream_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 6;
        CHANNELS                                 : positive := 3;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive := 2;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive := 2;
        IN_BITS                                  : positive := 8;
        BIAS                                     : integer  := 0;
        OUT_ZERO                                 : integer  := 2;
        OUT_LOW                                  : integer  := -100;
        OUT_HIGH                                 : integer  := 120;
        MULTIPLIER                               : integer  := 23000;  -- about 2.8 / 4
        SHIFT                                    : integer  := 15;
        IMAGES                                   : positive := 4;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of average_pool_stream_bench is

    constant OUT_HEIGHT : positive
        := windows(HEIGHT, KERNEL_HEIGHT, STRIDE_HEIGHT, 0);
    constant OUT_WIDTH  : positive
        := windows(WIDTH, KERNEL_WIDTH, STRIDE_WIDTH, 0);
    constant IN_LOW     : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH    : integer := 2 ** (IN_BITS - 1) - 1;

    constant IMAGE_SAMPLES : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : sample_vector(0 to IMAGES * IMAGE_SAMPLES - 1)
        := random_samples(IMAGES * IMAGE_SAMPLES, IN_LOW, IN_HIGH, SEED);

    function mean (image, oy, ox, c : integer) return sample_t is
        variable sum  : integer := BIAS;
        variable y, x : integer;
    begin
        for ky in 0 to KERNEL_HEIGHT - 1 loop
            for kx in 0 to KERNEL_WIDTH - 1 loop
                y   := oy * STRIDE_HEIGHT + ky;
                x   := ox * STRIDE_WIDTH + kx;
                sum := sum + integer(DATA(((image * HEIGHT + y) * WIDTH + x) * CHANNELS + c));
            end loop;
        end loop;
        return reference_requantize(sum, MULTIPLIER, SHIFT, OUT_ZERO, OUT_LOW, OUT_HIGH);
    end function;

    function pooled return sample_vector is
        variable result   : sample_vector(0 to IMAGES * OUT_HEIGHT * OUT_WIDTH * CHANNELS - 1);
        variable position : natural := 0;
    begin
        for image in 0 to IMAGES - 1 loop
            for oy in 0 to OUT_HEIGHT - 1 loop
                for ox in 0 to OUT_WIDTH - 1 loop
                    for c in 0 to CHANNELS - 1 loop
                        result(position) := mean(image, oy, ox, c);
                        position         := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    constant LAST_WINDOW : natural
        := ((OUT_HEIGHT - 1) * STRIDE_HEIGHT + KERNEL_HEIGHT - 1) * WIDTH
         + (OUT_WIDTH - 1) * STRIDE_WIDTH + KERNEL_WIDTH - 1;

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

    dut : entity work.average_pool_stream
        generic map (
            HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP => 0, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 0,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH, BIAS => BIAS,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            MULTIPLIER => MULTIPLIER, SHIFT => SHIFT
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "average_pool_stream", LANES => CHANNELS, BEATS => OUT_HEIGHT * OUT_WIDTH,
            EXPECTED => pooled, STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => LAST_WINDOW + 3, INTERVAL => HEIGHT * WIDTH
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
