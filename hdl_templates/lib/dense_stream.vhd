--------------------------------------------------------------------------------
-- dense_stream: fully connected layer, requantized
--
--   in_data ----> beat ----> PE x SIMD multipliers --> requantize --> out_data
--   (IN_LANES)   (held)      F steps for each beat     (PE at once)   (OUTPUTS, one beat)
--                              ^           |
--                              +-- sums <--+   OUTPUTS sums, PE of them in front; they turn
--                                              round by PE after each group of outputs
--
-- Generics
--   IN_LANES                     samples of an input beat
--   BEATS                        input beats of an image
--   OUTPUTS                      samples of the only output beat
--   PE, SIMD                     outputs and lanes of one fold step;
--                                PE divides OUTPUTS, SIMD divides IN_LANES
--   IN_LOW, IN_HIGH              range of the input samples
--   WEIGHT_LOW, WEIGHT_HIGH      range of the weights
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   LOADABLE                     WEIGHTS is not used: a weight_memory gives the rows
--   PACKED                       two products in each DSP block: see folded_mac
--   WEIGHTS                      one row of PE*SIMD values for each fold step; step = beat * F +
--                                output group * (IN_LANES/SIMD) + lane group; in a row the SIMD
--                                weights of an output follow each other
--   BIAS, MULTIPLIERS, SHIFTS    one value for each output
--
--   F = (OUTPUTS/PE) * (IN_LANES/SIMD)
--
-- Timing, in clocks with the output not stalled
--   A beat taken at clock t is fetched at t+1 .. t+F; after the last beat of an image the result is
--   valid after t+F+4 + tree_clocks(SIMD), behind the pipeline of folded_mac. A beat is taken every
--   F clocks, an image takes BEATS * F.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.packed_products_pkg.all;

entity dense_stream is
    generic (
        IN_LANES, BEATS, OUTPUTS    : positive;
        PE, SIMD                    : positive;
        IN_LOW, IN_HIGH             : integer;
        WEIGHT_LOW, WEIGHT_HIGH     : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        LOADABLE                    : boolean := false;
        PACKED                      : boolean := false;
        WEIGHTS                     : sample_vector := NO_WEIGHTS;
        BIAS, MULTIPLIERS, SHIFTS   : integer_vector
    );
    port (
        clk           : in  std_logic;
        rst           : in  std_logic;
        in_valid      : in  std_logic;
        in_ready      : out std_logic;
        in_data       : in  sample_vector(0 to IN_LANES - 1);
        in_last       : in  std_logic;
        out_valid     : out std_logic;
        out_ready     : in  std_logic;
        out_data      : out sample_vector(0 to OUTPUTS - 1);
        out_last      : out std_logic;
        -- LOADABLE, to a weight_memory: the row of this step, when enabled, at the next edge
        weight_step   : out natural := 0;
        weight_enable : out std_logic;
        weight_row    : in  sample_vector(0 to PE * SIMD - 1) := (others => 0)
    );
end entity;

architecture rtl of dense_stream is

    constant LANE_GROUPS   : positive := IN_LANES / SIMD;
    constant OUTPUT_GROUPS : positive := OUTPUTS / PE;
    constant BEAT_STEPS    : positive := OUTPUT_GROUPS * LANE_GROUPS;
    constant STEPS         : positive := BEATS * BEAT_STEPS;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(OUTPUTS mod PE = 0, "dense_stream: PE must divide OUTPUTS")
        and require(IN_LANES mod SIMD = 0, "dense_stream: SIMD must divide IN_LANES")
        and require(LOADABLE or WEIGHTS'length = BEATS * IN_LANES * OUTPUTS,
                    "dense_stream: WEIGHTS needs BEATS * IN_LANES * OUTPUTS values")
        and require(BIAS'length = OUTPUTS, "dense_stream: BIAS needs one value for each output")
        and require(not PACKED or PE mod 2 = 0, "dense_stream: PACKED needs an even PE")
        and require(not PACKED or LOADABLE or STEPS > 1,
                    "dense_stream: PACKED needs more than one fold step")
        and require(not PACKED or pair_fits(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH),
                    "dense_stream: PACKED products are too wide")
        and require_scales(MULTIPLIERS, SHIFTS, OUTPUTS);

    package mac is new work.folded_mac
        generic map (
            PE         => PE,         SIMD        => SIMD,
            STEPS      => STEPS,      GROUPS      => OUTPUT_GROUPS, GROUP_STEPS => LANE_GROUPS,
            IN_LOW     => IN_LOW,     IN_HIGH     => IN_HIGH,
            WEIGHT_LOW => WEIGHT_LOW, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO   => OUT_ZERO,   OUT_LOW     => OUT_LOW,   OUT_HIGH => OUT_HIGH,
            ONE_OPERAND => true, LOADABLE => LOADABLE, PACKED => PACKED,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        );
    use mac.all;

    type beat_t is array (0 to LANE_GROUPS - 1) of operand_t;
    type sums_t is array (0 to OUTPUT_GROUPS - 1) of sum_row_t;

    signal can_accept : std_logic := '0';

begin

    in_ready      <= can_accept and (out_ready or not out_valid);
    weight_enable <= out_ready or not out_valid;
    out_last      <= '1';  -- an image gives one beat

    process (clk)
        -- the beat, and the fold step that is fetched next
        variable beat         : beat_t;
        variable beat_number  : natural range 0 to BEATS - 1 := 0;
        variable computing    : boolean := false;
        variable step         : natural range 0 to STEPS - 1 := 0;
        variable lane_group   : natural range 0 to LANE_GROUPS - 1 := 0;
        variable output_group : group_index := 0;
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
        variable sum_step   : natural range 0 to LANE_GROUPS - 1 := 0;
        variable sum_beat   : natural range 0 to BEATS - 1 := 0;
        variable bias_row   : sum_row_t := BIAS_ROM(0);
        variable complete   : boolean := false;
        variable sums       : sums_t;
        variable active     : sum_row_t;  -- the sums of the group under way
        variable scale_group : group_index := 0;
        variable scale_row   : scale_row_t := SCALE_ROM(0);
        variable scaled      : boolean := false;
        variable raw         : scaled_row_t;
        variable raw_group   : group_index := 0;
        variable raw_row     : scale_row_t := SCALE_ROM(0);
        variable results     : results_t;
    begin
        if rising_edge(clk) then
            if LOADABLE then
                weights_now := to_weight_row(weight_row);  -- of what was fetched
            end if;

            if out_ready = '1' or out_valid = '0' then

                -- 1. output: finish a group
                out_valid <= '0';
                if scaled then
                    if OUTPUT_GROUPS > 1 then
                        results(0 to OUTPUTS - PE - 1) := results(PE to OUTPUTS - 1);
                    end if;
                    results(OUTPUTS - PE to OUTPUTS - 1) := finish(raw, raw_row);
                    if raw_group < OUTPUT_GROUPS - 1 then
                        raw_group := raw_group + 1;
                    else
                        raw_group := 0;
                        for o in output_index loop
                            out_data(o) <= results(o);
                        end loop;
                        out_valid <= '1';
                    end if;
                end if;

                -- 2. compute: scale, accumulate, add up, multiply, fetch
                scaled := complete;
                if complete then
                    raw := scale(sums(OUTPUT_GROUPS - 1), scale_row);
                    if not ONE_SCALE then
                        raw_row := scale_row;
                    end if;
                    if scale_group < OUTPUT_GROUPS - 1 then
                        scale_group := scale_group + 1;
                    else
                        scale_group := 0;
                    end if;
                end if;

                complete := false;
                if adding(TREE_DEPTH) then
                    active := sums(0);
                    if sum_beat = 0 and sum_step = 0 then
                        active := bias_row;
                    end if;
                    for p in pe_index loop
                        if TREE_DEPTH = 0 then
                            active(p) := active(p) + products(p)(0);
                        else
                            active(p) := active(p) + terms(p);
                        end if;
                    end loop;
                    sums(0) := active;
                    if sum_step < LANE_GROUPS - 1 then
                        sum_step := sum_step + 1;
                    else
                        sum_step := 0;
                        complete := sum_beat = BEATS - 1;
                        if OUTPUT_GROUPS > 1 then
                            sums(0 to OUTPUT_GROUPS - 2) := sums(1 to OUTPUT_GROUPS - 1);
                            sums(OUTPUT_GROUPS - 1)      := active;
                        end if;
                        if sum_group < OUTPUT_GROUPS - 1 then
                            sum_group := sum_group + 1;
                        else
                            sum_group := 0;
                            if complete then
                                sum_beat := 0;
                            else
                                sum_beat := sum_beat + 1;
                            end if;
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
                    operands(0) := beat(lane_group);
                    if not PARALLEL and not LOADABLE then
                        weights_now := WEIGHT_ROM(step);
                    end if;
                    if step < STEPS - 1 then
                        step := step + 1;
                    else
                        step := 0;
                    end if;
                    if lane_group < LANE_GROUPS - 1 then
                        lane_group := lane_group + 1;
                    else
                        lane_group := 0;
                        if output_group < OUTPUT_GROUPS - 1 then
                            output_group := output_group + 1;
                        else
                            output_group := 0;
                            computing    := false;
                            if beat_number < BEATS - 1 then
                                beat_number := beat_number + 1;
                            else
                                beat_number := 0;
                            end if;
                        end if;
                    end if;
                end if;

                -- 3. accept
                if not computing and in_valid = '1' then
                    for group_number in beat'range loop
                        for s in simd_index loop
                            beat(group_number)(s) := in_data(group_number * SIMD + s);
                        end loop;
                    end loop;
                    computing := true;
                    assert (in_last = '1') = (beat_number = BEATS - 1)
                        report "dense_stream: in_last does not mark the last beat"
                        severity failure;
                end if;
            end if;

            if rst = '1' then
                beat_number  := 0;
                computing    := false;
                step         := 0;
                lane_group   := 0;
                output_group := 0;
                fetched      := false;
                adding       := (others => false);
                sum_group    := 0;
                sum_step     := 0;
                sum_beat     := 0;
                complete     := false;
                scale_group  := 0;
                scaled       := false;
                raw_group    := 0;
                out_valid    <= '0';
            end if;

            if LOADABLE then
                weight_step <= step;
            end if;

            -- What the next group needs is read now: the ROMs have clocked reads.
            if OUTPUT_GROUPS > 1 then
                bias_row := BIAS_ROM(sum_group);
            end if;
            if not ONE_SCALE then
                scale_row := SCALE_ROM(scale_group);
            end if;
            can_accept <= '1' when not computing
                               or (lane_group = LANE_GROUPS - 1
                                   and output_group = OUTPUT_GROUPS - 1)
                          else '0';
        end if;
    end process;

end architecture;
