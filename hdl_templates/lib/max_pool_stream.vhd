--------------------------------------------------------------------------------
-- max_pool_stream: the highest sample of each window, channel by channel
--
--   in_data --> window --> maximum of each channel --> clamp --> out_data
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS     input image, pixels and samples of a pixel
--   KERNEL_*, STRIDE_*, PAD_*   window, pixels; the border holds IN_LOW, which wins over nothing,
--                               and is narrower than the kernel, so that no window is all border
--   IN_LOW, IN_HIGH             range of the input samples
--   OUT_LOW, OUT_HIGH           the output is clamped to these (a fused ReLU raises OUT_LOW)
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t that completes a window gives a valid output after t+2. Each
--   position of the padded image takes one clock (border pixels make themselves).
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity max_pool_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        IN_LOW, IN_HIGH                          : integer;
        OUT_LOW, OUT_HIGH                        : integer
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

architecture rtl of max_pool_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(maximum(PAD_TOP, PAD_BOTTOM) < KERNEL_HEIGHT
                    and maximum(PAD_LEFT, PAD_RIGHT) < KERNEL_WIDTH,
                    "max_pool_stream: the border must be narrower than the kernel");

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

    constant PLACES : positive := KERNEL_HEIGHT * KERNEL_WIDTH;  -- of a window
    type tree_t is array (0 to 2 * PLACES - 2) of pixel_t;

    -- The highest of each channel. A node of the tree is the higher of the two below it, so that
    -- comparisons follow each other as often as the logarithm of the window says, not its size.
    function highest (window : window_t) return pixel_t is
        variable tree : tree_t;
    begin
        for place in 0 to PLACES - 1 loop
            for c in channel_index loop
                tree(PLACES - 1 + place)(c) := window(place * CHANNELS + c);
            end loop;
        end loop;
        for node in PLACES - 2 downto 0 loop
            tree(node) := tree(2 * node + 1);
            for c in channel_index loop
                if tree(2 * node + 2)(c) > tree(node)(c) then
                    tree(node)(c) := tree(2 * node + 2)(c);
                end if;
            end loop;
        end loop;
        return tree(0);
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
        variable computing   : boolean := false;  -- the window is complete
        variable last_window : boolean := false;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
        variable result     : pixel_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= saturate(integer(result(c)), 0, OUT_LOW, OUT_HIGH);
                    end loop;
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
                        for c in channel_index loop
                            pixel(c) := in_data(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "max_pool_stream: in_last does not mark the last pixel"
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
