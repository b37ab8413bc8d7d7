--------------------------------------------------------------------------------
-- dense_float_stream: fully connected layer, in binary32
--
--   in_data ----> beat ----> PE multiply-adds -------> ReLU ----> out_data
--   (IN_LANES)   (held)      F steps for each beat               (OUTPUTS, one beat)
--                              ^           |
--                              +-- sums <--+   OUTPUTS sums, PE of them in front; they turn
--                                              round by PE after each group of outputs
--
-- A sum starts at its bias and takes the products one by one in the order of the inputs; product
-- and sum are rounded each (dnn_float_pkg).
--
-- Generics
--   IN_LANES       words of an input beat
--   BEATS          input beats of an image
--   OUTPUTS        words of the only output beat
--   PE             outputs of one fold step; divides OUTPUTS
--   RELU           the output is max(sum, +0)
--   WEIGHTS        bit patterns; one row of PE words for each fold step; step = beat * F + output
--                  group * IN_LANES + lane; word p of a row belongs to output group * PE + p
--   BIAS           one word for each output
--
--   F = (OUTPUTS/PE) * IN_LANES
--
-- Timing, in clocks with the output not stalled: that of dense_stream with SIMD 1
--   A beat taken at clock t computes at t+1 .. t+F; after the last beat of an image the result is
--   valid after t+F+1. A beat is taken every F clocks, an image takes BEATS * F.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity dense_float_stream is
    generic (
        IN_LANES, BEATS, OUTPUTS : positive;
        PE                       : positive;
        RELU                     : boolean;
        WEIGHTS, BIAS            : float_vector
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  float_vector(0 to IN_LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out float_vector(0 to OUTPUTS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of dense_float_stream is

    constant OUTPUT_GROUPS : positive := OUTPUTS / PE;
    constant STEPS         : positive := BEATS * IN_LANES * OUTPUT_GROUPS;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(OUTPUTS mod PE = 0, "dense_float_stream: PE must divide OUTPUTS")
        and require(WEIGHTS'length = BEATS * IN_LANES * OUTPUTS,
                    "dense_float_stream: WEIGHTS needs BEATS * IN_LANES * OUTPUTS words")
        and require(BIAS'length = OUTPUTS,
                    "dense_float_stream: BIAS needs one word for each output")
        and require(float_are_legal(WEIGHTS) and float_are_legal(BIAS),
                    "dense_float_stream: WEIGHTS and BIAS must be zeros or normal numbers");

    package mac is new work.folded_float_mac
        generic map (
            PE => PE, STEPS => STEPS, GROUPS => OUTPUT_GROUPS, RELU => RELU,
            WEIGHTS => WEIGHTS, BIAS => BIAS
        );
    use mac.all;

    type sums_t is array (0 to OUTPUT_GROUPS - 1) of row_t;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);
    out_last <= '1';  -- an image gives one beat

    process (clk)
        -- the beat, and the fold step under way with what the ROMs gave for it
        variable beat         : float_vector(0 to IN_LANES - 1);
        variable beat_number  : natural range 0 to BEATS - 1 := 0;
        variable computing    : boolean := false;
        variable step         : natural range 0 to STEPS - 1 := 0;
        variable lane         : natural range 0 to IN_LANES - 1 := 0;
        variable output_group : natural range 0 to OUTPUT_GROUPS - 1 := 0;
        variable weight_row   : row_t := WEIGHT_ROM(0);
        variable bias_row     : row_t := BIAS_ROM(0);
        variable operand      : float_word;
        variable sums         : sums_t;
        variable active       : row_t;  -- the sums of the group under way
        -- the group of outputs that finished last
        variable group_done : boolean := false;
        variable image_done : boolean := false;
        variable results    : results_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if group_done then
                    if OUTPUT_GROUPS > 1 then
                        results(0 to OUTPUTS - PE - 1) := results(PE to OUTPUTS - 1);
                    end if;
                    results(OUTPUTS - PE to OUTPUTS - 1) := finished(sums(OUTPUT_GROUPS - 1));
                    if image_done then
                        out_data  <= results;
                        out_valid <= '1';
                    end if;
                end if;

                -- 2. compute
                group_done := false;
                if computing then
                    active := sums(0);
                    if beat_number = 0 and lane = 0 then
                        active := bias_row;
                    end if;
                    operand := beat(lane);
                    active  := accumulate(active, weight_row, operand);
                    sums(0) := active;
                    if lane < IN_LANES - 1 then
                        lane := lane + 1;
                    else
                        lane       := 0;
                        group_done := beat_number = BEATS - 1;
                        image_done := output_group = OUTPUT_GROUPS - 1;
                        computing  := not image_done;
                        if OUTPUT_GROUPS > 1 then
                            sums(0 to OUTPUT_GROUPS - 2) := sums(1 to OUTPUT_GROUPS - 1);
                            sums(OUTPUT_GROUPS - 1)      := active;
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
                    beat      := in_data;
                    computing := true;
                    assert (in_last = '1') = (beat_number = BEATS - 1)
                        report "dense_float_stream: in_last does not mark the last beat"
                        severity failure;
                end if;
            end if;

            if rst = '1' then
                computing    := false;
                beat_number  := 0;
                step         := 0;
                lane         := 0;
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
                               or (lane = IN_LANES - 1 and output_group = OUTPUT_GROUPS - 1)
                          else '0';
        end if;
    end process;

end architecture;
