--------------------------------------------------------------------------------
-- zero_pad_stream: a border around each image
--
--   in_data --> pixel, or PAD_VALUE at a border --> out_data
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS   input image, pixels and samples of a pixel
--   PAD_*                     border, pixels
--   IN_LOW, IN_HIGH           range of the samples
--   PAD_VALUE                 the border: the zero point of the samples
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t is valid at the output after t+2. Each position of the padded image
--   takes one clock and gives a beat. The border before the first pixel of an image is made, and
--   put out, before that pixel comes: after the last image, that of one more image.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity zero_pad_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        IN_LOW, IN_HIGH, PAD_VALUE               : integer
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to CHANNELS - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to CHANNELS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of zero_pad_stream is

    -- A window of one pixel at every position.
    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,  WIDTH        => WIDTH,   CHANNELS => CHANNELS,
            KERNEL_HEIGHT => 1,       KERNEL_WIDTH => 1,
            STRIDE_HEIGHT => 1,       STRIDE_WIDTH => 1,
            PAD_TOP       => PAD_TOP, PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT, PAD_RIGHT   => PAD_RIGHT,
            LOW           => IN_LOW,  HIGH         => IN_HIGH, PAD_VALUE => PAD_VALUE
        );
    use image.all;

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
        variable computing   : boolean := false;
        variable last_window : boolean := false;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
        variable result     : window_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= result(c);
                    end loop;
                    out_valid <= '1';
                    out_last  <= '1' when image_done else '0';
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    result     := window;
                    image_done := last_window;
                end if;

                -- 3. accept
                computing := in_valid = '1' or is_padding(place);
                if computing then
                    if is_padding(place) then
                        pixel := PAD_PIXEL;
                    else
                        for c in channel_index loop
                            pixel(c) := in_data(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "zero_pad_stream: in_last does not mark the last pixel"
                            severity failure;
                    end if;
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
