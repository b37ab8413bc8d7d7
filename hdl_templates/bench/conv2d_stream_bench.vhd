--------------------------------------------------------------------------------
-- conv2d_stream_bench: random images, weights and requantizers against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity conv2d_stream_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 6;
        CHANNELS                                 : positive := 2;
        FILTERS                                  : positive := 4;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive := 3;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive := 1;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural  := 0;
        PE, SIMD                                 : positive := 1;
        PACKED                                   : boolean  := false;
        IN_BITS, WEIGHT_BITS, OUT_BITS           : positive := 8;
        PAD_VALUE                                : integer  := 3;
        OUT_ZERO                                 : integer  := -5;
        IMAGES                                   : positive := 3;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of conv2d_stream_bench is

    constant K           : positive := KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
    constant STEPS       : positive := (FILTERS / PE) * (K / SIMD);
    constant OUT_HEIGHT  : positive
        := windows(HEIGHT, KERNEL_HEIGHT, STRIDE_HEIGHT, PAD_TOP + PAD_BOTTOM);
    constant OUT_WIDTH   : positive
        := windows(WIDTH, KERNEL_WIDTH, STRIDE_WIDTH, PAD_LEFT + PAD_RIGHT);
    constant IN_LOW      : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH     : integer := 2 ** (IN_BITS - 1) - 1;
    constant WEIGHT_HIGH : integer := 2 ** (WEIGHT_BITS - 1) - 1;
    constant OUT_LOW     : integer := -2 ** (OUT_BITS - 1);
    constant OUT_HIGH    : integer := 2 ** (OUT_BITS - 1) - 1;
    -- sums spread over the output range, some beyond: about K products of half the full scale
    constant SHIFT       : integer := 15 + IN_BITS + WEIGHT_BITS - OUT_BITS - 2;

    constant IMAGE_SAMPLES : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : sample_vector(0 to IMAGES * IMAGE_SAMPLES - 1)
        := random_samples(IMAGES * IMAGE_SAMPLES, IN_LOW, IN_HIGH, SEED);
    -- kernel(filter, window element), in the order of Keras' rows: filter first
    constant KERNEL : sample_vector(0 to FILTERS * K - 1)
        := random_samples(FILTERS * K, -WEIGHT_HIGH, WEIGHT_HIGH, SEED + 1);
    constant BIAS : integer_vector(0 to FILTERS - 1)
        := random_integers(FILTERS, -1000, 1000, SEED + 2);
    constant MULTIPLIERS : integer_vector(0 to FILTERS - 1)
        := random_integers(FILTERS, 16384, 32767, SEED + 3);
    constant SHIFTS : integer_vector(0 to FILTERS - 1)
        := random_integers(FILTERS, SHIFT, SHIFT + 2, SEED + 4);

    -- The kernel as the entity wants it: row by row of fold steps.
    function folded return sample_vector is
        variable rows     : sample_vector(0 to FILTERS * K - 1);
        variable position : natural := 0;
    begin
        for filter_group in 0 to FILTERS / PE - 1 loop
            for k_group in 0 to K / SIMD - 1 loop
                for p in 0 to PE - 1 loop
                    for s in 0 to SIMD - 1 loop
                        rows(position) := KERNEL((filter_group * PE + p) * K + k_group * SIMD + s);
                        position       := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return rows;
    end function;

    -- A sample of the image with its border.
    function padded (image, y, x, c : integer) return integer is
    begin
        if y < PAD_TOP or y >= PAD_TOP + HEIGHT or x < PAD_LEFT or x >= PAD_LEFT + WIDTH then
            return PAD_VALUE;
        end if;
        return integer(DATA(((image * HEIGHT + y - PAD_TOP) * WIDTH + x - PAD_LEFT) * CHANNELS + c));
    end function;

    function sum_of_products (image, oy, ox, f : integer) return integer is
        variable sum : integer := BIAS(f);
    begin
        for ky in 0 to KERNEL_HEIGHT - 1 loop
            for kx in 0 to KERNEL_WIDTH - 1 loop
                for c in 0 to CHANNELS - 1 loop
                    sum := sum
                         + padded(image, oy * STRIDE_HEIGHT + ky, ox * STRIDE_WIDTH + kx, c)
                         * integer(KERNEL(f * K + (ky * KERNEL_WIDTH + kx) * CHANNELS + c));
                end loop;
            end loop;
        end loop;
        return sum;
    end function;

    function convolved return sample_vector is
        variable result   : sample_vector(0 to IMAGES * OUT_HEIGHT * OUT_WIDTH * FILTERS - 1);
        variable position : natural := 0;
    begin
        for image in 0 to IMAGES - 1 loop
            for oy in 0 to OUT_HEIGHT - 1 loop
                for ox in 0 to OUT_WIDTH - 1 loop
                    for f in 0 to FILTERS - 1 loop
                        result(position) := reference_requantize(
                            sum_of_products(image, oy, ox, f), MULTIPLIERS(f), SHIFTS(f),
                            OUT_ZERO, OUT_LOW, OUT_HIGH);
                        position := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    -- The timing contract. Positions before the first pixel are gone when it is offered (the
    -- source starts after reset), so the latency counts from there to the last window.
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
    signal in_data                        : sample_vector(0 to CHANNELS - 1);
    signal out_data                       : sample_vector(0 to FILTERS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (CHANNELS, HEIGHT * WIDTH, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.conv2d_stream
        generic map (
            HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS, FILTERS => FILTERS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP => PAD_TOP, PAD_BOTTOM => PAD_BOTTOM,
            PAD_LEFT => PAD_LEFT, PAD_RIGHT => PAD_RIGHT,
            PE => PE, SIMD => SIMD,
            IN_LOW => IN_LOW, IN_HIGH => IN_HIGH, PAD_VALUE => PAD_VALUE,
            WEIGHT_LOW => -WEIGHT_HIGH, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO => OUT_ZERO, OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH,
            PACKED => PACKED,
            WEIGHTS => folded, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "conv2d_stream", LANES => FILTERS, BEATS => WINDOW_COUNT,
            EXPECTED => convolved, STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => LAST_WINDOW - FIRST_PIXEL + (WINDOW_COUNT - 1) * (STEPS - 1) + STEPS + 5
                       + tree_clocks(SIMD),
            INTERVAL => POSITIONS + WINDOW_COUNT * (STEPS - 1)
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
