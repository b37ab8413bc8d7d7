--------------------------------------------------------------------------------
-- average_pool_float_stream: the mean of each window in binary32, channel by channel
--
--   in_data --> window --> CHANNELS adders --------> x SCALE --> ReLU --> out_data
--   (pixel)     (held)     F steps for each window
--
-- A channel's sum starts at +0 and takes the pixels of the window row by row; each sum and the
-- product are rounded (dnn_float_pkg).
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS   input image, pixels and words of a pixel
--   KERNEL_*, STRIDE_*        window, pixels
--   SCALE                     1/F as a bit pattern
--   RELU                      the output is max(mean, +0)
--
--   F = KERNEL_HEIGHT * KERNEL_WIDTH
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t that completes a window computes at t+1 .. t+F; its result is valid
--   after t+F+1. Each pixel takes one clock, and F when it follows a window. An image takes
--   HEIGHT * WIDTH + windows * (F-1) clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity average_pool_float_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS     : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH : positive;
        SCALE                       : float_word;
        RELU                        : boolean
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  float_vector(0 to CHANNELS - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out float_vector(0 to CHANNELS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of average_pool_float_stream is

    constant STEPS : positive := KERNEL_HEIGHT * KERNEL_WIDTH;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(float_is_legal(SCALE), "average_pool_float_stream: SCALE must be normal");

    -- The window holds a word as two samples.
    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => 2 * CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => 0,             PAD_BOTTOM   => 0,
            PAD_LEFT      => 0,             PAD_RIGHT    => 0,
            LOW           => -32768,        HIGH         => 32767,        PAD_VALUE => 0
        );
    use image.all;

    subtype word_index is natural range 0 to CHANNELS - 1;
    subtype words_t is float_vector(word_index);

    -- sums + pixel `number` of the window
    function accumulate (sums : words_t; window : window_t; number : natural) return words_t is
        variable result : words_t;
        variable first  : natural;
    begin
        for c in word_index loop
            first     := 2 * (number * CHANNELS + c);
            result(c) := float_add(sums(c), join_word(low  => window(first),
                                                      high => window(first + 1)));
        end loop;
        return result;
    end function;

    function finished (sums : words_t) return words_t is
        variable result : words_t;
    begin
        for c in word_index loop
            result(c) := float_multiply(sums(c), SCALE);
            if RELU then
                result(c) := float_relu(result(c));
            end if;
        end loop;
        return result;
    end function;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);

    process (clk)
        -- the window, and the next pixel
        variable place     : place_t := ORIGIN;
        variable pixel     : pixel_t;
        variable window    : window_t;
        variable column    : column_t;
        variable memory    : line_memory_t;
        variable halves    : sample_vector(0 to 2 * CHANNELS - 1);
        variable completes : boolean;
        -- the fold step under way
        variable computing   : boolean := false;
        variable last_window : boolean := false;
        variable step        : natural range 0 to STEPS - 1 := 0;
        variable sums        : words_t;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    out_data  <= finished(sums);
                    out_valid <= '1';
                    out_last  <= '1' when image_done else '0';
                end if;

                -- 2. compute
                done := false;
                if computing then
                    if step = 0 then
                        sums := (others => 0);
                    end if;
                    sums := accumulate(sums, window, step);
                    if step < STEPS - 1 then
                        step := step + 1;
                    else
                        step       := 0;
                        done       := true;
                        image_done := last_window;
                        computing  := false;
                    end if;
                end if;

                -- 3. accept
                if not computing and in_valid = '1' then
                    halves := to_samples(in_data);
                    for c in channel_index loop
                        pixel(c) := halves(c);
                    end loop;
                    assert (in_last = '1') = is_last_pixel(place)
                        report "average_pool_float_stream: in_last does not mark the last pixel"
                        severity failure;
                    completes   := completes_window(place);
                    last_window := completes_last_window(place);
                    advance(pixel, place, window, column, memory);
                    computing := completes;
                end if;
            end if;

            if rst = '1' then
                place     := ORIGIN;
                computing := false;
                step      := 0;
                done      := false;
                out_valid <= '0';
            end if;
            can_accept <= '1' when not computing or step = STEPS - 1 else '0';
        end if;
    end process;

end architecture;
