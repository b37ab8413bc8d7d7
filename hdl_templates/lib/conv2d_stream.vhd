--------------------------------------------------------------------------------
-- conv2d_stream: two-dimensional convolution of a stream of pixels, requantized
--
--   in_data --> window --> PE x SIMD multipliers --> requantize --> out_data
--   (pixel)     (held)     F steps for each window   (PE at once)   (pixel of FILTERS)
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS        input image, pixels and samples of a pixel
--   FILTERS                        samples of an output pixel
--   KERNEL_*, STRIDE_*, PAD_*      window, pixels; the border has the value PAD_VALUE
--   PE, SIMD                       filters and window elements of one fold step;
--                                  PE divides FILTERS, SIMD divides K
--   IN_LOW, IN_HIGH                range of the input samples
--   WEIGHT_LOW, WEIGHT_HIGH        range of the weights
--   OUT_ZERO, OUT_LOW, OUT_HIGH    zero point and clamp of the output
--   WEIGHTS                        one row of PE*SIMD values for each fold step; step = filter
--                                  group * (K/SIMD) + k group; in a row the SIMD weights of a
--                                  filter follow each other; window element order is (row,
--                                  column, channel), channel fastest
--   BIAS, MULTIPLIERS, SHIFTS      one value for each filter
--
--   K = KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS      F = (FILTERS/PE) * (K/SIMD)
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t that completes a window computes at t+1 .. t+F; its result is valid
--   after t+F+1. Each position of the padded image takes one clock (border pixels make
--   themselves), and F when it follows a window. An image takes
--   padded height * padded width + windows * (F-1) clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity conv2d_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        FILTERS                                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        PE, SIMD                                 : positive;
        IN_LOW, IN_HIGH, PAD_VALUE               : integer;
        WEIGHT_LOW, WEIGHT_HIGH                  : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH              : integer;
        WEIGHTS                                  : sample_vector;
        BIAS, MULTIPLIERS, SHIFTS                : integer_vector
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
        out_data  : out sample_vector(0 to FILTERS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of conv2d_stream is

    constant K             : positive := KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
    constant K_GROUPS      : positive := K / SIMD;
    constant FILTER_GROUPS : positive := FILTERS / PE;
    constant STEPS         : positive := FILTER_GROUPS * K_GROUPS;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(FILTERS mod PE = 0, "conv2d_stream: PE must divide FILTERS")
        and require(K mod SIMD = 0, "conv2d_stream: SIMD must divide the window length")
        and require(WEIGHTS'length = K * FILTERS, "conv2d_stream: WEIGHTS needs K * FILTERS values")
        and require(BIAS'length = FILTERS, "conv2d_stream: BIAS needs one value for each filter")
        and require_scales(MULTIPLIERS, SHIFTS, FILTERS);

    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,       PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,      PAD_RIGHT    => PAD_RIGHT,
            LOW           => IN_LOW,        HIGH         => IN_HIGH,      PAD_VALUE => PAD_VALUE
        );
    use image.all;

    package mac is new work.folded_mac
        generic map (
            PE         => PE,         SIMD        => SIMD,
            STEPS      => STEPS,      GROUPS      => FILTER_GROUPS,
            IN_LOW     => IN_LOW,     IN_HIGH     => IN_HIGH,
            WEIGHT_LOW => WEIGHT_LOW, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO   => OUT_ZERO,   OUT_LOW     => OUT_LOW,   OUT_HIGH => OUT_HIGH,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
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
        variable completes : boolean;
        -- the fold step under way, with what the ROMs gave for it
        variable computing    : boolean := false;
        variable last_window  : boolean := false;
        variable step         : natural range 0 to STEPS - 1 := 0;
        variable k_group      : natural range 0 to K_GROUPS - 1 := 0;
        variable filter_group : natural range 0 to FILTER_GROUPS - 1 := 0;
        variable weight_row   : weight_row_t := WEIGHT_ROM(0);
        variable bias_row     : integer_row_t := BIAS_ROM(0);
        variable operand      : operand_t;
        variable sums         : integer_row_t;
        -- the group of filters that finished last
        variable group_done     : boolean := false;
        variable window_done    : boolean := false;
        variable image_done     : boolean := false;
        variable multiplier_row : integer_row_t := MULTIPLIER_ROM(0);
        variable shift_row      : integer_row_t := SHIFT_ROM(0);
        variable results        : results_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if group_done then
                    if FILTER_GROUPS > 1 then
                        results(0 to FILTERS - PE - 1) := results(PE to FILTERS - 1);
                    end if;
                    results(FILTERS - PE to FILTERS - 1)
                        := requantize_row(sums, multiplier_row, shift_row);
                    if window_done then
                        for f in output_index loop
                            out_data(f) <= results(f);
                        end loop;
                        out_valid <= '1';
                        out_last  <= '1' when image_done else '0';
                    end if;
                end if;

                -- 2. compute
                group_done := false;
                if computing then
                    for s in simd_index loop
                        operand(s) := window(k_group * SIMD + s);
                    end loop;
                    if k_group = 0 then
                        sums := bias_row;
                    end if;
                    sums := accumulate(sums, weight_row, operand);
                    if k_group < K_GROUPS - 1 then
                        k_group := k_group + 1;
                    else
                        k_group     := 0;
                        group_done  := true;
                        window_done := filter_group = FILTER_GROUPS - 1;
                        image_done  := last_window;
                        if FILTER_GROUPS > 1 then
                            multiplier_row := MULTIPLIER_ROM(filter_group);
                            shift_row      := SHIFT_ROM(filter_group);
                        end if;
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
                        for c in channel_index loop
                            pixel(c) := in_data(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "conv2d_stream: in_last does not mark the last pixel"
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
                k_group      := 0;
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
