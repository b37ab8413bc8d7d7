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
--   DEPTHWISE                      a filter sees one channel: filter f, channel f*CHANNELS/FILTERS;
--                                  CHANNELS divides FILTERS
--   LOADABLE                       WEIGHTS is not used: a weight_memory gives the rows
--   PACKED                         two products in each DSP block: see folded_mac
--   WEIGHTS                        one row of PE*SIMD values for each fold step; step = filter
--                                  group * (K/SIMD) + k group; in a row the SIMD weights of a
--                                  filter follow each other; window element order is (row,
--                                  column, channel), channel fastest (DEPTHWISE: row, column)
--   BIAS, MULTIPLIERS, SHIFTS      one value for each filter
--
--   K = KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS, or without the CHANNELS when DEPTHWISE
--   F = (FILTERS/PE) * (K/SIMD)
--
-- Timing, in clocks with the output not stalled
--   A pixel taken at clock t that completes a window is fetched at t+1 .. t+F; its result is valid
--   after t+F+4 + tree_clocks(SIMD), behind the pipeline of folded_mac. Each position of the padded
--   image takes one clock (border pixels make themselves), and F when it follows a window. An image
--   takes padded height * padded width + windows * (F-1) clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.packed_products_pkg.all;

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
        DEPTHWISE                                : boolean := false;
        LOADABLE                                 : boolean := false;
        PACKED                                   : boolean := false;
        WEIGHTS                                  : sample_vector := NO_WEIGHTS;
        BIAS, MULTIPLIERS, SHIFTS                : integer_vector
    );
    port (
        clk           : in  std_logic;
        rst           : in  std_logic;
        in_valid      : in  std_logic;
        in_ready      : out std_logic;
        in_data       : in  sample_vector(0 to CHANNELS - 1);
        in_last       : in  std_logic;
        out_valid     : out std_logic;
        out_ready     : in  std_logic;
        out_data      : out sample_vector(0 to FILTERS - 1);
        out_last      : out std_logic;
        -- LOADABLE, to a weight_memory: the row of this step, when enabled, at the next edge
        weight_step   : out natural := 0;
        weight_enable : out std_logic;
        weight_row    : in  sample_vector(0 to PE * SIMD - 1) := (others => 0)
    );
end entity;

architecture rtl of conv2d_stream is

    -- Channels that a filter sees, and filters that see a channel when it is one.
    function channels_seen return positive is
    begin
        if DEPTHWISE then
            return 1;
        end if;
        return CHANNELS;
    end function;

    constant MULTIPLICITY  : positive := maximum(FILTERS / CHANNELS, 1);
    constant K             : positive := KERNEL_HEIGHT * KERNEL_WIDTH * channels_seen;
    constant K_GROUPS      : positive := K / SIMD;
    constant FILTER_GROUPS : positive := FILTERS / PE;
    constant STEPS         : positive := FILTER_GROUPS * K_GROUPS;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(FILTERS mod PE = 0, "conv2d_stream: PE must divide FILTERS")
        and require(K mod SIMD = 0, "conv2d_stream: SIMD must divide the window length")
        and require(LOADABLE or WEIGHTS'length = K * FILTERS,
                    "conv2d_stream: WEIGHTS needs K * FILTERS values")
        and require(BIAS'length = FILTERS, "conv2d_stream: BIAS needs one value for each filter")
        and require(not DEPTHWISE or FILTERS mod CHANNELS = 0,
                    "conv2d_stream: DEPTHWISE needs as many filters of each channel")
        and require(not DEPTHWISE or not PACKED, "conv2d_stream: PACKED needs a common operand")
        and require(not PACKED or PE mod 2 = 0, "conv2d_stream: PACKED needs an even PE")
        and require(not PACKED or LOADABLE or STEPS > 1,
                    "conv2d_stream: PACKED needs more than one fold step")
        and require(not PACKED or pair_fits(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH),
                    "conv2d_stream: PACKED products are too wide")
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
            STEPS      => STEPS,      GROUPS      => FILTER_GROUPS, GROUP_STEPS => K_GROUPS,
            IN_LOW     => IN_LOW,     IN_HIGH     => IN_HIGH,
            WEIGHT_LOW => WEIGHT_LOW, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO   => OUT_ZERO,   OUT_LOW     => OUT_LOW,   OUT_HIGH => OUT_HIGH,
            ONE_OPERAND => not DEPTHWISE, LOADABLE => LOADABLE, PACKED => PACKED,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        );
    use mac.all;

    type channel_list_t is array (output_index) of natural;

    function channels_of_filters return channel_list_t is
        variable list : channel_list_t;
    begin
        for f in list'range loop
            list(f) := f / MULTIPLICITY;
        end loop;
        return list;
    end function;

    constant CHANNEL_OF : channel_list_t := channels_of_filters;

    -- DEPTHWISE: the operands of one fold step. The window is read at constant places only: each
    -- operand is then one of F samples, where an index that is computed would make it one of all
    -- (ECP5, 32 channels, 3 x 3: 4,000 LUT4 against 14,000 to 23,000).
    function chosen (
        window       : window_t;
        filter_group : natural;
        k_group      : natural
    ) return operands_t is
        variable operands : operands_t;
    begin
        for f in 0 to FILTER_GROUPS - 1 loop
            if filter_group = f then
                for g in 0 to K_GROUPS - 1 loop
                    if k_group = g then
                        for p in operand_index loop
                            for s in simd_index loop
                                operands(p)(s) := window((g * SIMD + s) * CHANNELS
                                                         + CHANNEL_OF(f * PE + p));
                            end loop;
                        end loop;
                    end if;
                end loop;
            end if;
        end loop;
        return operands;
    end function;

    subtype k_group_index is natural range 0 to K_GROUPS - 1;

    subtype samples_t is element_vector(simd_index);  -- of one k group

    signal can_accept : std_logic := '0';

begin

    in_ready      <= can_accept and (out_ready or not out_valid);
    weight_enable <= out_ready or not out_valid;

    process (clk)
        -- the window, and the next position of the padded image
        variable place     : place_t := ORIGIN;
        variable pixel     : pixel_t;
        variable window    : window_t;
        variable column    : column_t;
        variable memory    : line_memory_t;
        -- the fold step of the window that is fetched next
        variable computing : boolean := false;
        variable step      : natural range 0 to STEPS - 1 := 0;
        variable k_group   : k_group_index := 0;
        variable filter_group : group_index := 0;  -- DEPTHWISE
        variable samples   : samples_t;
        -- what the stages have before them
        variable fetched    : boolean := false;
        variable operands   : operands_t;
        variable weights_now : weight_row_t := WEIGHT_ROM(0);
        variable adding     : adding_t := (others => false);  -- 0: multiplied
        variable products   : product_row_t;
        variable fours      : fours_row_t;  -- PARALLEL
        variable tree       : tree_t;
        variable terms      : sum_row_t;
        variable sum_group  : group_index := 0;
        variable sum_step   : k_group_index := 0;
        variable bias_row   : sum_row_t := BIAS_ROM(0);
        variable complete   : boolean := false;
        variable sums       : sum_row_t;
        variable scale_group : group_index := 0;
        variable scale_row   : scale_row_t := SCALE_ROM(0);
        variable scaled      : boolean := false;
        variable raw         : scaled_row_t;
        variable raw_group   : group_index := 0;
        variable raw_row     : scale_row_t := SCALE_ROM(0);
        variable results     : results_t;
        variable position    : natural range 0 to OUT_HEIGHT * OUT_WIDTH - 1 := 0;
    begin
        if rising_edge(clk) then
            if LOADABLE then
                weights_now := to_weight_row(weight_row);  -- of what was fetched
            end if;

            if out_ready = '1' or out_valid = '0' then

                -- 1. output: finish a group
                out_valid <= '0';
                if scaled then
                    if FILTER_GROUPS > 1 then
                        results(0 to FILTERS - PE - 1) := results(PE to FILTERS - 1);
                    end if;
                    results(FILTERS - PE to FILTERS - 1) := finish(raw, raw_row);
                    if raw_group < FILTER_GROUPS - 1 then
                        raw_group := raw_group + 1;
                    else
                        raw_group := 0;
                        for f in output_index loop
                            out_data(f) <= results(f);
                        end loop;
                        out_valid <= '1';
                        if position < OUT_HEIGHT * OUT_WIDTH - 1 then
                            position := position + 1;
                            out_last <= '0';
                        else
                            position := 0;
                            out_last <= '1';
                        end if;
                    end if;
                end if;

                -- 2. compute: scale, accumulate, add up, multiply, fetch
                scaled := complete;
                if complete then
                    raw := scale(sums, scale_row);
                    if not ONE_SCALE then
                        raw_row := scale_row;
                    end if;
                    if scale_group < FILTER_GROUPS - 1 then
                        scale_group := scale_group + 1;
                    else
                        scale_group := 0;
                    end if;
                end if;

                complete := false;
                if adding(TREE_DEPTH) then
                    if sum_step = 0 then
                        sums := bias_row;
                    end if;
                    for p in pe_index loop
                        if TREE_DEPTH = 0 then
                            sums(p) := sums(p) + products(p)(0);
                        else
                            sums(p) := sums(p) + terms(p);
                        end if;
                    end loop;
                    if sum_step < K_GROUPS - 1 then
                        sum_step := sum_step + 1;
                    else
                        sum_step := 0;
                        complete := true;
                        if sum_group < FILTER_GROUPS - 1 then
                            sum_group := sum_group + 1;
                        else
                            sum_group := 0;
                        end if;
                    end if;
                end if;

                add_up(adding, terms, tree, products, fours);

                adding(0) := fetched;
                if fetched then
                    multiply_row(products, fours, weights_now, operands);
                end if;

                fetched := computing;
                if computing then
                    if DEPTHWISE then
                        operands := chosen(window, filter_group, k_group);
                    else
                        for g in k_group_index loop
                            if g = k_group then
                                samples := window(g * SIMD to g * SIMD + SIMD - 1);
                            end if;
                        end loop;
                        for s in simd_index loop
                            operands(0)(s) := samples(s);
                        end loop;
                    end if;
                    if STEPS > 1 and not LOADABLE then
                        weights_now := WEIGHT_ROM(step);
                    end if;
                    if k_group < K_GROUPS - 1 then
                        k_group := k_group + 1;
                    else
                        k_group := 0;
                        if filter_group < FILTER_GROUPS - 1 then
                            filter_group := filter_group + 1;
                        else
                            filter_group := 0;
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
                    computing := completes_window(place);
                    advance(pixel, place, window, column, memory);
                end if;
            end if;

            if rst = '1' then
                place       := ORIGIN;
                computing   := false;
                step        := 0;
                k_group     := 0;
                filter_group := 0;
                fetched     := false;
                adding      := (others => false);
                sum_group   := 0;
                sum_step    := 0;
                complete    := false;
                scale_group := 0;
                scaled      := false;
                raw_group   := 0;
                position    := 0;
                out_valid   <= '0';
            end if;

            if LOADABLE then
                weight_step <= step;
            end if;

            -- What the next group needs is read now: the ROMs have clocked reads.
            if FILTER_GROUPS > 1 then
                bias_row := BIAS_ROM(sum_group);
            end if;
            if not ONE_SCALE then
                scale_row := SCALE_ROM(scale_group);
            end if;
            can_accept <= '1' when (not computing or step = STEPS - 1) and not is_padding(place)
                          else '0';
        end if;
    end process;

end architecture;
