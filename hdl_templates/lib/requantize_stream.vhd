--------------------------------------------------------------------------------
-- requantize_stream: accumulators to samples, lane by lane
--
--   in_data --> requantize --> add OUT_ZERO, clamp --> out_data
--
-- The arithmetic is that of dnn_fixed_pkg, which the layers use directly; this entity is for
-- accumulators that come from elsewhere.
--
-- Generics
--   LANES                        accumulators of a beat, each of |value| < 2**30
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   MULTIPLIERS, SHIFTS          one value for each lane
--
-- Timing: a beat taken at clock t gives a valid output after t+2; one beat at every clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity requantize_stream is
    generic (
        LANES                       : positive;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        MULTIPLIERS, SHIFTS         : integer_vector
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  integer_vector(0 to LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of requantize_stream is

    constant GENERICS_ARE_LEGAL : boolean := require_scales(MULTIPLIERS, SHIFTS, LANES);

    subtype lane_index is natural range 0 to LANES - 1;
    type integer_row_t is array (lane_index) of integer;

    function to_row (list : integer_vector) return integer_row_t is
        alias values : integer_vector(0 to list'length - 1) is list;
        variable row : integer_row_t;
    begin
        for lane in lane_index loop
            row(lane) := values(lane);
        end loop;
        return row;
    end function;

    constant MULTIPLIER_ROW : integer_row_t := to_row(MULTIPLIERS);
    constant SHIFT_ROW      : integer_row_t := to_row(SHIFTS);

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable computing : boolean := false;
        variable beat      : integer_row_t;
        variable beat_last : std_logic;
        variable done      : boolean := false;
        variable result    : integer_row_t;
        variable done_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for lane in lane_index loop
                        out_data(lane) <= saturate(result(lane), OUT_ZERO, OUT_LOW, OUT_HIGH);
                    end loop;
                    out_valid <= '1';
                    out_last  <= done_last;
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    for lane in lane_index loop
                        result(lane) := requantize(beat(lane), MULTIPLIER_ROW(lane),
                                                   SHIFT_ROW(lane));
                    end loop;
                    done_last := beat_last;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    for lane in lane_index loop
                        beat(lane) := in_data(lane);
                    end loop;
                    beat_last := in_last;
                end if;
            end if;

            if rst = '1' then
                computing := false;
                done      := false;
                out_valid <= '0';
            end if;
        end if;
    end process;

end architecture;
