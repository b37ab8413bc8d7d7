--------------------------------------------------------------------------------
-- max_pool_float_stream: the highest binary32 number of each window, channel by channel
--
--   in_data --> window --> maximum of each channel --> ReLU --> out_data
--
-- Of equals, which can only be zeros of different sign, the first of the window counts. With a
-- window of one pixel the entity is a ReLU by itself.
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS     input image, pixels and words of a pixel
--   KERNEL_*, STRIDE_*, PAD_*   window, pixels; the border wins over nothing, and is narrower than
--                               the kernel, so that no window is all border
--   RELU                        the output is max(highest, +0)
--
-- Timing, in clocks with the output not stalled: that of max_pool_stream
--   A pixel taken at clock t that completes a window gives a valid output after t+2. Each
--   position of the padded image takes one clock (border pixels make themselves).
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity max_pool_float_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        RELU                                     : boolean
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

architecture rtl of max_pool_float_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(maximum(PAD_TOP, PAD_BOTTOM) < KERNEL_HEIGHT
                    and maximum(PAD_LEFT, PAD_RIGHT) < KERNEL_WIDTH,
                    "max_pool_float_stream: the border must be narrower than the kernel");

    -- The window holds a word as two samples. A border word has all bits set: as a negative word
    -- of the greatest magnitude it is below every number.
    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => 2 * CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,       PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,      PAD_RIGHT    => PAD_RIGHT,
            LOW           => -32768,        HIGH         => 32767,        PAD_VALUE => -1
        );
    use image.all;

    subtype word_index is natural range 0 to CHANNELS - 1;
    subtype words_t is float_vector(word_index);

    -- The highest of each channel.
    function highest (window : window_t) return words_t is
        variable result : words_t;
        variable word   : float_word;
    begin
        for place in 0 to KERNEL_HEIGHT * KERNEL_WIDTH - 1 loop
            for c in word_index loop
                word := join_word(low  => window(2 * (place * CHANNELS + c)),
                                  high => window(2 * (place * CHANNELS + c) + 1));
                if place = 0 then
                    result(c) := word;
                else
                    result(c) := float_maximum(result(c), word);
                end if;
            end loop;
        end loop;
        return result;
    end function;

    function finished (words : words_t) return words_t is
        variable result : words_t := words;
    begin
        if RELU then
            for c in word_index loop
                result(c) := float_relu(words(c));
            end loop;
        end if;
        return result;
    end function;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);

    process (clk)
        -- the window, and the next position of the padded image
        variable place       : place_t := ORIGIN;
        variable pixel       : pixel_t;
        variable window      : window_t;
        variable column      : column_t;
        variable memory      : line_memory_t;
        variable halves      : sample_vector(0 to 2 * CHANNELS - 1);
        variable computing   : boolean := false;  -- the window is complete
        variable last_window : boolean := false;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
        variable result     : words_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    out_data  <= finished(result);
                    out_valid <= '1';
                    out_last  <= '1' when image_done else '0';
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    result     := highest(window);
                    image_done := last_window;
                end if;

                -- 3. accept
                computing := false;
                if in_valid = '1' or is_padding(place) then
                    if is_padding(place) then
                        pixel := PAD_PIXEL;
                    else
                        halves := to_samples(in_data);
                        for c in channel_index loop
                            pixel(c) := halves(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "max_pool_float_stream: in_last does not mark the last pixel"
                            severity failure;
                    end if;
                    computing   := completes_window(place);
                    last_window := completes_last_window(place);
                    advance(pixel, place, window, column, memory);
                end if;
            end if;

            if rst = '1' then
                place     := ORIGIN;
                computing := false;
                done      := false;
                out_valid <= '0';
            end if;
            can_accept <= '0' when is_padding(place) else '1';
        end if;
    end process;

end architecture;
