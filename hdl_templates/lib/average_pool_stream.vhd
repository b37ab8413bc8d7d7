--------------------------------------------------------------------------------
-- average_pool_stream: the mean of each window, channel by channel, requantized
--
--   in_data --> window --> sum of each channel --> requantize --> out_data
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS     input image, pixels and samples of a pixel
--   KERNEL_*, STRIDE_*          window, pixels
--   PAD_*                       zero: a mean over a border is not built
--   IN_LOW, IN_HIGH             range of the input samples
--   BIAS                        added to each sum: takes the zero point of the input away
--   OUT_ZERO                    zero point of the output
--   OUT_LOW, OUT_HIGH           the output is clamped to these
--   MULTIPLIER, SHIFT           requantization, 1/n of the mean folded in
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t that completes a window gives a valid output after t+2. Each pixel
--   takes one clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity average_pool_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        IN_LOW, IN_HIGH, BIAS                    : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH              : integer;
        MULTIPLIER, SHIFT                        : integer
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

architecture rtl of average_pool_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(PAD_TOP + PAD_BOTTOM + PAD_LEFT + PAD_RIGHT = 0,
                    "average_pool_stream: there must be no border")
        and require_scales((0 => MULTIPLIER), (0 => SHIFT), 1);

    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,       PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,      PAD_RIGHT    => PAD_RIGHT,
            LOW           => IN_LOW,        HIGH         => IN_HIGH,      PAD_VALUE => IN_LOW
        );
    use image.all;

    type sums_t is array (channel_index) of integer;

    -- The sum of each channel, and BIAS.
    function total (window : window_t) return sums_t is
        variable sums : sums_t := (others => BIAS);
    begin
        for place in 0 to KERNEL_HEIGHT * KERNEL_WIDTH - 1 loop
            for c in channel_index loop
                sums(c) := sums(c) + integer(window(place * CHANNELS + c));
            end loop;
        end loop;
        return sums;
    end function;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        -- the window, and the next position of the padded image
        variable place       : place_t := ORIGIN;
        variable pixel       : pixel_t;
        variable window      : window_t;
        variable column      : column_t;
        variable memory      : line_memory_t;
        variable computing   : boolean := false;  -- the window is complete
        variable last_window : boolean := false;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
        variable sums       : sums_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= saturate(requantize(sums(c), MULTIPLIER, SHIFT),
                                                OUT_ZERO, OUT_LOW, OUT_HIGH);
                    end loop;
                    out_valid <= '1';
                    out_last  <= '1' when image_done else '0';
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    sums       := total(window);
                    image_done := last_window;
                end if;

                -- 3. accept
                computing := false;
                if in_valid = '1' then
                    for c in channel_index loop
                        pixel(c) := in_data(c);
                    end loop;
                    assert (in_last = '1') = is_last_pixel(place)
                        report "average_pool_stream: in_last does not mark the last pixel"
                        severity failure;
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
        end if;
    end process;

end architecture;
