--------------------------------------------------------------------------------
-- pool_float_stream_bench: max_pool_float_stream and average_pool_float_stream on random images,
-- against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;
use work.bench_pkg.all;
use work.float_bench_pkg.all;

entity pool_float_stream_bench is
    generic (
        AVERAGE                                  : boolean  := false;  -- else the maximum
        HEIGHT, WIDTH                            : positive := 6;
        CHANNELS                                 : positive := 3;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive := 2;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive := 2;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural  := 0;      -- maximum only
        SCALE                                    : integer  := 1048576000;  -- 0.25; average only
        RELU                                     : boolean  := false;
        LOW_POWER                                : integer  := -6;
        HIGH_POWER                               : integer  := 2;
        IMAGES                                   : positive := 4;
        IN_STALL, OUT_STALL                      : natural  := 0;      -- percent
        RESTART_AFTER                            : natural  := 0;      -- clocks, 0: never
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of pool_float_stream_bench is

    constant OUT_HEIGHT : positive
        := windows(HEIGHT, KERNEL_HEIGHT, STRIDE_HEIGHT, PAD_TOP + PAD_BOTTOM);
    constant OUT_WIDTH  : positive
        := windows(WIDTH, KERNEL_WIDTH, STRIDE_WIDTH, PAD_LEFT + PAD_RIGHT);

    constant IMAGE_WORDS : positive := HEIGHT * WIDTH * CHANNELS;
    constant DATA : float_vector(0 to IMAGES * IMAGE_WORDS - 1)
        := random_words(IMAGES * IMAGE_WORDS, LOW_POWER, HIGH_POWER, SEED);

    -- Of one window; the border does not count.
    function pooled (image, oy, ox, c : integer) return float_word is
        variable result : float_word := 0;
        variable word   : float_word;
        variable y, x   : integer;
        variable first  : boolean := true;
    begin
        for ky in 0 to KERNEL_HEIGHT - 1 loop
            for kx in 0 to KERNEL_WIDTH - 1 loop
                y := oy * STRIDE_HEIGHT + ky - PAD_TOP;
                x := ox * STRIDE_WIDTH + kx - PAD_LEFT;
                if y >= 0 and y < HEIGHT and x >= 0 and x < WIDTH then
                    word := DATA(((image * HEIGHT + y) * WIDTH + x) * CHANNELS + c);
                    if AVERAGE then
                        result := reference_add(result, word);
                    elsif first or to_real(word) > to_real(result) then
                        result := word;
                    end if;
                    first := false;
                end if;
            end loop;
        end loop;
        if AVERAGE then
            result := reference_multiply(result, SCALE);
        end if;
        return reference_relu(result, RELU);
    end function;

    function all_pooled return float_vector is
        variable result   : float_vector(0 to IMAGES * OUT_HEIGHT * OUT_WIDTH * CHANNELS - 1);
        variable position : natural := 0;
    begin
        for image in 0 to IMAGES - 1 loop
            for oy in 0 to OUT_HEIGHT - 1 loop
                for ox in 0 to OUT_WIDTH - 1 loop
                    for c in 0 to CHANNELS - 1 loop
                        result(position) := pooled(image, oy, ox, c);
                        position         := position + 1;
                    end loop;
                end loop;
            end loop;
        end loop;
        return result;
    end function;

    function steps return positive is
    begin
        if AVERAGE then
            return KERNEL_HEIGHT * KERNEL_WIDTH;
        end if;
        return 1;
    end function;

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
    signal in_data, out_data              : float_vector(0 to CHANNELS - 1);
    signal in_samples, out_samples        : sample_vector(0 to 2 * CHANNELS - 1);

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

    highest : if not AVERAGE generate
        dut : entity work.max_pool_float_stream
            generic map (
                HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS,
                KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
                STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
                PAD_TOP => PAD_TOP, PAD_BOTTOM => PAD_BOTTOM,
                PAD_LEFT => PAD_LEFT, PAD_RIGHT => PAD_RIGHT, RELU => RELU
            )
            port map (clk, rst, in_valid, in_ready, in_data, in_last,
                      out_valid, out_ready, out_data, out_last);
    end generate;

    mean : if AVERAGE generate
        dut : entity work.average_pool_float_stream
            generic map (
                HEIGHT => HEIGHT, WIDTH => WIDTH, CHANNELS => CHANNELS,
                KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
                STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
                SCALE => SCALE, RELU => RELU
            )
            port map (clk, rst, in_valid, in_ready, in_data, in_last,
                      out_valid, out_ready, out_data, out_last);
    end generate;

    checker : entity work.stream_checker
        generic map (
            NAME => "pool_float_stream", LANES => 2 * CHANNELS, BEATS => WINDOW_COUNT,
            EXPECTED => to_samples(all_pooled), STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => LAST_WINDOW - FIRST_PIXEL + (WINDOW_COUNT - 1) * (steps - 1) + steps + 2,
            INTERVAL => POSITIONS + WINDOW_COUNT * (steps - 1)
        )
        port map (clk, rst, out_valid, out_ready, out_samples, out_last, in_valid, in_ready);

end architecture;
