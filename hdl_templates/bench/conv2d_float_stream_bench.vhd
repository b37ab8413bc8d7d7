--------------------------------------------------------------------------------
-- conv2d_float_stream_bench: random images and weights against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;
use work.bench_pkg.all;
use work.float_bench_pkg.all;

entity conv2d_float_stream_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 6;
        CHANNELS                                 : positive := 2;
        FILTERS                                  : positive := 4;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive := 3;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive := 1;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural  := 0;
        PE                                       : positive := 1;
        RELU                                     : boolean  := false;
        LOW_POWER                                : integer  := -6;  -- of images and weights
        HIGH_POWER                               : integer  := 2;
        IMAGES                                   : positive := 3;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of conv2d_float_stream_bench is

    constant K          : positive := KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
    constant STEPS      : positive := (FILTERS / PE) * K;
    constant OUT_HEIGHT : positive
        := windows(HEIGHT, KERNEL_HEIGHT, STRIDE_HEIGHT, PAD_TOP + PAD_BOTTOM);
    constant OUT_WIDTH  : positive
        := windows(WIDTH, KERNEL_WIDTH, STRIDE_WIDTH, PAD_LEFT + PAD_RIGHT);

    constant IMAGE_WORDS : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : float_vector(0 to IMAGES * IMAGE_WORDS - 1)
        := random_words(IMAGES * IMAGE_WORDS, LOW_POWER, HIGH_POWER, SEED);
    -- kernel(filter, window element)
    constant KERNEL : float_vector(0 to FILTERS * K - 1)
        := random_words(FILTERS * K, LOW_POWER, HIGH_POWER, SEED + 1);
    constant BIAS : float_vector(0 to FILTERS - 1)
        := random_words(FILTERS, LOW_POWER, HIGH_POWER, SEED + 2);

    -- The kernel as the entity wants it: row by row of fold steps.
    function folded return float_vector is
        variable rows     : float_vector(0 to FILTERS * K - 1);
        variable position : natural := 0;
    begin
        for filter_group in 0 to FILTERS / PE - 1 loop
            for element in 0 to K - 1 loop
                for p in 0 to PE - 1 loop
                    rows(position) := KERNEL((filter_group * PE + p) * K + element);
                    position       := position + 1;
                end loop;
            end loop;
        end loop;
        return rows;
    end function;

    -- A word of the image with its border.
    function padded (image, y, x, c : integer) return float_word is
    begin
        if y < PAD_TOP or y >= PAD_TOP + HEIGHT or x < PAD_LEFT or x >= PAD_LEFT + WIDTH then
            return 0;
        end if;
        return DATA(((image * HEIGHT + y - PAD_TOP) * WIDTH + x - PAD_LEFT) * CHANNELS + c);
    end function;

    function sum_of_products (image, oy, ox, f : integer) return float_word is
        variable sum : float_word := BIAS(f);
    begin
        for ky in 0 to KERNEL_HEIGHT - 1 loop
            for kx in 0 to KERNEL_WIDTH - 1 loop
                for c in 0 to CHANNELS - 1 loop
                    sum := reference_add(sum, reference_multiply(
                        padded(image, oy * STRIDE_HEIGHT + ky, ox * STRIDE_WIDTH + kx, c),
                        KERNEL(f * K + (ky * KERNEL_WIDTH + kx) * CHANNELS + c)));
                end loop;
            end loop;
        end loop;
        return sum;
    end function;

    function convolved return float_vector is
        variable result   : float_vector(0 to IMAGES * OUT_HEIGHT * OUT_WIDTH * FILTERS - 1);
        variable position : natural := 0;
    begin
        for image in 0 to IMAGES - 1 loop
            for oy in 0 to OUT_HEIGHT - 1 loop
                for ox in 0 to OUT_WIDTH - 1 loop
                    for f in 0 to FILTERS - 1 loop
                        result(position)
                            := reference_relu(sum_of_products(image, oy, ox, f), RELU);
                        position := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    -- The timing contract; see conv2d_stream_bench.
    constant PADDED_WIDTH : positive := PAD_LEFT + WIDTH + PAD_RIGHT;
    constant POSITIONS    : positive := (PAD_TOP + HEIGHT + PAD_BOTTOM) * PADDED_WIDTH;
    constant FIRST_PIXEL  : natural  := PAD_TOP * PADDED_WIDTH + PAD_LEFT;
    constant LAST_WINDOW  : natural
        := ((OUT_HEIGHT - 1) * STRIDE_HEIGHT + KERNEL_HEIGHT - 1) * PADDED_WIDTH
         + (OUT_WIDTH - 1) * STRIDE_WIDTH + KERNEL_WIDTH - 1;
    constant WINDOW_COUNT : positive := OUT_HEIGHT * OUT_WIDTH;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_samples                     : sample_vector(0 to 2 * CHANNELS - 1);
    signal in_data                        : float_vector(0 to CHANNELS - 1);
    signal out_data                       : float_vector(0 to FILTERS - 1);
    signal out_samples                    : sample_vector(0 to 2 * FILTERS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    -- Source and checker carry a word as two samples.
    source : entity work.stream_source
        generic map (2 * CHANNELS, HEIGHT * WIDTH, to_samples(DATA), IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_samples, in_last);

    in_data     <= to_words(in_samples);
    out_samples <= to_samples(out_data);

    dut : entity work.conv2d_float_stream
        generic map (
            HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS, FILTERS => FILTERS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP => PAD_TOP, PAD_BOTTOM => PAD_BOTTOM,
            PAD_LEFT => PAD_LEFT, PAD_RIGHT => PAD_RIGHT,
            PE => PE, RELU => RELU, WEIGHTS => folded, BIAS => BIAS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "conv2d_float_stream", LANES => 2 * FILTERS, BEATS => WINDOW_COUNT,
            EXPECTED => to_samples(convolved), STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => LAST_WINDOW - FIRST_PIXEL + (WINDOW_COUNT - 1) * (STEPS - 1) + STEPS + 2,
            INTERVAL => POSITIONS + WINDOW_COUNT * (STEPS - 1)
        )
        port map (clk, rst, out_valid, out_ready, out_samples, out_last, in_valid, in_ready);

end architecture;
