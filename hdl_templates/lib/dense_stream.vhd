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
--   WEIGHTS                      one row of PE*SIMD values for each fold step; step = beat * F +
--                                output group * (IN_LANES/SIMD) + lane group; in a row the SIMD
--                                weights of an output follow each other
--   BIAS, MULTIPLIERS, SHIFTS    one value for each output
--
--   F = (OUTPUTS/PE) * (IN_LANES/SIMD)
--
-- Timing, in clocks with the output not stalled
--   A beat taken at clock t computes at t+1 .. t+F; after the last beat of an image the result is
--   valid after t+F+1. A beat is taken every F clocks, an image takes BEATS * F.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity dense_stream is
    generic (
        IN_LANES, BEATS, OUTPUTS    : positive;
        PE, SIMD                    : positive;
        IN_LOW, IN_HIGH             : integer;
        WEIGHT_LOW, WEIGHT_HIGH     : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        WEIGHTS                     : sample_vector;
        BIAS, MULTIPLIERS, SHIFTS   : integer_vector
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to IN_LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to OUTPUTS - 1);
        out_last  : out std_logic
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
        and require(WEIGHTS'length = BEATS * IN_LANES * OUTPUTS,
                    "dense_stream: WEIGHTS needs BEATS * IN_LANES * OUTPUTS values")
        and require(BIAS'length = OUTPUTS, "dense_stream: BIAS needs one value for each output")
        and require_scales(MULTIPLIERS, SHIFTS, OUTPUTS);

    package mac is new work.folded_mac
        generic map (
            PE         => PE,         SIMD        => SIMD,
            STEPS      => STEPS,      GROUPS      => OUTPUT_GROUPS,
            IN_LOW     => IN_LOW,     IN_HIGH     => IN_HIGH,
            WEIGHT_LOW => WEIGHT_LOW, WEIGHT_HIGH => WEIGHT_HIGH,
            OUT_ZERO   => OUT_ZERO,   OUT_LOW     => OUT_LOW,   OUT_HIGH => OUT_HIGH,
            WEIGHTS => WEIGHTS, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => SHIFTS
        );
    use mac.all;

    type beat_t is array (0 to LANE_GROUPS - 1) of operand_t;
    type sums_t is array (0 to OUTPUT_GROUPS - 1) of integer_row_t;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);
    out_last <= '1';  -- an image gives one beat

    process (clk)
        -- the beat, and the fold step under way with what the ROMs gave for it
        variable beat         : beat_t;
        variable beat_number  : natural range 0 to BEATS - 1 := 0;
        variable computing    : boolean := false;
        variable step         : natural range 0 to STEPS - 1 := 0;
        variable lane_group   : natural range 0 to LANE_GROUPS - 1 := 0;
        variable output_group : natural range 0 to OUTPUT_GROUPS - 1 := 0;
        variable weight_row   : weight_row_t := WEIGHT_ROM(0);
        variable bias_row     : integer_row_t := BIAS_ROM(0);
        variable sums         : sums_t;
        variable active       : integer_row_t;  -- the sums of the group under way
        variable operand      : operand_t;
        -- the group of outputs that finished last
        variable group_done     : boolean := false;
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
                    if OUTPUT_GROUPS > 1 then
                        results(0 to OUTPUTS - PE - 1) := results(PE to OUTPUTS - 1);
                    end if;
                    results(OUTPUTS - PE to OUTPUTS - 1)
                        := requantize_row(sums(OUTPUT_GROUPS - 1), multiplier_row, shift_row);
                    if image_done then
                        for o in output_index loop
                            out_data(o) <= results(o);
                        end loop;
                        out_valid <= '1';
                    end if;
                end if;

                -- 2. compute
                group_done := false;
                if computing then
                    active := sums(0);
                    if beat_number = 0 and lane_group = 0 then
                        active := bias_row;
                    end if;
                    operand := beat(lane_group);
                    active := accumulate(active, weight_row, operand);
                    sums(0) := active;
                    if lane_group < LANE_GROUPS - 1 then
                        lane_group := lane_group + 1;
                    else
                        lane_group := 0;
                        group_done := beat_number = BEATS - 1;
                        image_done := output_group = OUTPUT_GROUPS - 1;
                        computing  := not image_done;
                        if OUTPUT_GROUPS > 1 then
                            sums(0 to OUTPUT_GROUPS - 2) := sums(1 to OUTPUT_GROUPS - 1);
                            sums(OUTPUT_GROUPS - 1)      := active;
                            multiplier_row := MULTIPLIER_ROM(output_group);
                            shift_row      := SHIFT_ROM(output_group);
                        end if;
                        if computing then
                            output_group := output_group + 1;
                        else
                            output_group := 0;
                            if beat_number < BEATS - 1 then
                                beat_number := beat_number + 1;
                            else
                                beat_number := 0;
                            end if;
                        end if;
                    end if;
                    if step < STEPS - 1 then
                        step := step + 1;
                    else
                        step := 0;
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
                computing    := false;
                beat_number  := 0;
                step         := 0;
                lane_group   := 0;
                output_group := 0;
                group_done   := false;
                out_valid    <= '0';
            end if;

            -- What the next step needs is read now: the ROMs have clocked reads.
            if STEPS > 1 then
                weight_row := WEIGHT_ROM(step);
            end if;
            if OUTPUT_GROUPS > 1 then
                bias_row := BIAS_ROM(output_group);
            end if;
            can_accept <= '1' when not computing
                               or (lane_group = LANE_GROUPS - 1
                                   and output_group = OUTPUT_GROUPS - 1)
                          else '0';
        end if;
    end process;

end architecture;
