--------------------------------------------------------------------------------
-- conv2d_float_stream: two-dimensional convolution of a stream of pixels, in binary32
--
--   in_data --> window --> PE multiply-adds ------> ReLU ----> out_data
--   (pixel)     (held)     F steps for each window            (pixel of FILTERS)
--
-- A filter's sum starts at its bias and takes the products one by one in the order of the window
-- elements; product and sum are rounded each (dnn_float_pkg).
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS        input image, pixels and words of a pixel
--   FILTERS                        words of an output pixel
--   KERNEL_*, STRIDE_*, PAD_*      window, pixels; the border is +0
--   PE                             filters of one fold step; divides FILTERS
--   RELU                           the output is max(sum, +0)
--   WEIGHTS                        bit patterns; one row of PE words for each fold step; step =
--                                  filter group * K + window element; word p of a row belongs to
--                                  filter group * PE + p; window element order is (row, column,
--                                  channel), channel fastest
--   BIAS                           one word for each filter
--
--   K = KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS      F = (FILTERS/PE) * K
--
-- Timing, in clocks with the output not stalled: that of conv2d_stream with SIMD 1
--   A pixel taken at clock t that completes a window computes at t+1 .. t+F; its result is valid
--   after t+F+1. Each position of the padded image takes one clock (border pixels make
--   themselves), and F when it follows a window. An image takes
--   padded height * padded width + windows * (F-1) clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity conv2d_float_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        FILTERS                                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        PE                                       : positive;
        RELU                                     : boolean;
        WEIGHTS, BIAS                            : float_vector
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
        out_data  : out float_vector(0 to FILTERS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of conv2d_float_stream is

    constant K             : positive := KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
    constant FILTER_GROUPS : positive := FILTERS / PE;
    constant STEPS         : positive := FILTER_GROUPS * K;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(FILTERS mod PE = 0, "conv2d_float_stream: PE must divide FILTERS")
        and require(WEIGHTS'length = K * FILTERS,
                    "conv2d_float_stream: WEIGHTS needs K * FILTERS words")
        and require(BIAS'length = FILTERS,
                    "conv2d_float_stream: BIAS needs one word for each filter")
        and require(float_are_legal(WEIGHTS) and float_are_legal(BIAS),
                    "conv2d_float_stream: WEIGHTS and BIAS must be zeros or normal numbers");

    -- The window holds a word as two samples.
    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => 2 * CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,       PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,      PAD_RIGHT    => PAD_RIGHT,
            LOW           => -32768,        HIGH         => 32767,        PAD_VALUE => 0
        );
    use image.all;

    package mac is new work.folded_float_mac
        generic map (
            PE => PE, STEPS => STEPS, GROUPS => FILTER_GROUPS, RELU => RELU,
            WEIGHTS => WEIGHTS, BIAS => BIAS
        );
    use mac.all;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);

    process (clk)
        -- the window, and the next position of the padded image
        variable place     : place_t := ORIGIN;
        variable pixel     : pixel_t;
        variable window    : window_t;
        variable column    : column_t;
        variable memory    : line_memory_t;
        variable halves    : sample_vector(0 to 2 * CHANNELS - 1);
        variable completes : boolean;
        -- the fold step under way, with what the ROMs gave for it
        variable computing    : boolean := false;
        variable last_window  : boolean := false;
        variable step         : natural range 0 to STEPS - 1 := 0;
        variable element      : natural range 0 to K - 1 := 0;
        variable filter_group : natural range 0 to FILTER_GROUPS - 1 := 0;
        variable weight_row   : row_t := WEIGHT_ROM(0);
        variable bias_row     : row_t := BIAS_ROM(0);
        variable operand      : float_word;
        variable sums         : row_t;
        -- the group of filters that finished last
        variable group_done  : boolean := false;
        variable window_done : boolean := false;
        variable image_done  : boolean := false;
        variable results     : results_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if group_done then
                    if FILTER_GROUPS > 1 then
                        results(0 to FILTERS - PE - 1) := results(PE to FILTERS - 1);
                    end if;
                    results(FILTERS - PE to FILTERS - 1) := finished(sums);
                    if window_done then
                        out_data  <= results;
                        out_valid <= '1';
                        out_last  <= '1' when image_done else '0';
                    end if;
                end if;

                -- 2. compute
                group_done := false;
                if computing then
                    operand := join_word(low  => window(2 * element),
                                         high => window(2 * element + 1));
                    if element = 0 then
                        sums := bias_row;
                    end if;
                    sums := accumulate(sums, weight_row, operand);
                    if element < K - 1 then
                        element := element + 1;
                    else
                        element     := 0;
                        group_done  := true;
                        window_done := filter_group = FILTER_GROUPS - 1;
                        image_done  := last_window;
                        if window_done then
                            filter_group := 0;
                        else
                            filter_group := filter_group + 1;
                        end if;
                    end if;
                    if step < STEPS - 1 then
                        step := step + 1;
                    else
                        step      := 0;
                        computing := false;
                    end if;
                end if;

                -- 3. accept
                if not computing and (in_valid = '1' or is_padding(place)) then
                    if is_padding(place) then
                        pixel := PAD_PIXEL;
                    else
                        halves := to_samples(in_data);
                        for c in channel_index loop
                            pixel(c) := halves(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "conv2d_float_stream: in_last does not mark the last pixel"
                            severity failure;
                    end if;
                    completes   := completes_window(place);
                    last_window := completes_last_window(place);
                    advance(pixel, place, window, column, memory);
                    computing := completes;
                end if;
            end if;

            if rst = '1' then
                place        := ORIGIN;
                computing    := false;
                step         := 0;
                element      := 0;
                filter_group := 0;
                group_done   := false;
                out_valid    <= '0';
            end if;

            -- What the next step needs is read now: the ROMs have clocked reads.
            if STEPS > 1 then
                weight_row := WEIGHT_ROM(step);
            end if;
            if FILTER_GROUPS > 1 then
                bias_row := BIAS_ROM(filter_group);
            end if;
            can_accept <= '1' when (not computing or step = STEPS - 1) and not is_padding(place)
                          else '0';
        end if;
    end process;

end architecture;
