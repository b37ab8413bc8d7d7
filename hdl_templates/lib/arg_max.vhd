--------------------------------------------------------------------------------
-- arg_max: the class with the highest score, as a tree of comparisons
--
--   lane  0   1   2   3   4
--          \ /     \ /     |      each comparison keeps the higher value and its index, and the
--           +-------+     |      left one (the lower index) of equals
--                \       /
--                 +-----+--> out_data (one lane, the index)
--
-- Generics   LANES  scores of a beat, at most 32768
--
-- Timing: a beat taken at clock t gives a valid output after t+2; one beat at every clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity arg_max is
    generic (
        LANES : positive
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to 0);
        out_last  : out std_logic
    );
end entity;

architecture rtl of arg_max is

    constant GENERICS_ARE_LEGAL : boolean
        := require(LANES <= 32768, "arg_max: the index of more than 32768 lanes is no sample");

    subtype lane_index is natural range 0 to LANES - 1;
    type row_t is array (lane_index) of sample_t;
    type index_row_t is array (lane_index) of lane_index;

    function levels return natural is
        variable result : natural := 0;
    begin
        while 2 ** result < LANES loop
            result := result + 1;
        end loop;
        return result;
    end function;

    constant LEVEL_COUNT : natural := levels;

    function highest (scores : row_t) return lane_index is
        variable value : row_t := scores;
        variable index : index_row_t;
    begin
        for lane in lane_index loop
            index(lane) := lane;
        end loop;
        for level in 0 to LEVEL_COUNT - 1 loop
            for lane in lane_index loop
                -- lanes 0, 2s, 4s, ... hold the winners so far; each meets the one s further on
                if lane mod 2 ** (level + 1) = 0 and lane + 2 ** level < LANES then
                    if value(lane + 2 ** level) > value(lane) then
                        value(lane) := value(lane + 2 ** level);
                        index(lane) := index(lane + 2 ** level);
                    end if;
                end if;
            end loop;
        end loop;
        return index(0);
    end function;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable computing : boolean := false;
        variable beat      : row_t;
        variable beat_last : std_logic;
        variable done      : boolean := false;
        variable result    : lane_index;
        variable done_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    out_data(0) <= sample_t(result);
                    out_valid <= '1';
                    out_last  <= done_last;
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    result    := highest(beat);
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
