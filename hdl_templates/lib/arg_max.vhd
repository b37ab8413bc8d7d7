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
-- Timing: a beat taken at clock t gives a valid output after t + 1 + levels, with one level of the
-- tree at each clock (levels = log2(LANES), rounded up); one beat at every clock.
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

    function levels return natural is
        variable result : natural := 0;
    begin
        while 2 ** result < LANES loop
            result := result + 1;
        end loop;
        return result;
    end function;

    constant LEVEL_COUNT : natural := levels;

    -- Winners of each level: lanes 0, 2s, 4s, ... with s = 2**level. Level 0 is the beat itself.
    subtype lane_index is natural range 0 to LANES - 1;
    type row_t is array (lane_index) of sample_t;
    type index_row_t is array (lane_index) of lane_index;
    type tree_t is array (0 to LEVEL_COUNT) of row_t;
    type index_tree_t is array (0 to LEVEL_COUNT) of index_row_t;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable value   : tree_t;
        variable index   : index_tree_t;
        variable filled  : std_logic_vector(0 to LEVEL_COUNT) := (others => '0');
        variable is_last : std_logic_vector(0 to LEVEL_COUNT);
        variable other   : natural;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= filled(LEVEL_COUNT);
                if filled(LEVEL_COUNT) = '1' then
                    out_last    <= is_last(LEVEL_COUNT);
                    out_data(0) <= sample_t(index(LEVEL_COUNT)(0));
                end if;

                -- 2. compute, the last level first: each takes what the one before it had
                for level in LEVEL_COUNT - 1 downto 0 loop
                    filled(level + 1) := filled(level);
                    if filled(level) = '1' then
                        is_last(level + 1) := is_last(level);
                        for lane in lane_index loop
                            if lane mod power_of_two(level + 1) = 0 then
                                value(level + 1)(lane) := value(level)(lane);
                                index(level + 1)(lane) := index(level)(lane);
                                other := lane + power_of_two(level);
                                if other < LANES then
                                    if value(level)(other) > value(level)(lane) then
                                        value(level + 1)(lane) := value(level)(other);
                                        index(level + 1)(lane) := index(level)(other);
                                    end if;
                                end if;
                            end if;
                        end loop;
                    end if;
                end loop;

                -- 3. accept
                filled(0) := in_valid;
                if in_valid = '1' then
                    is_last(0) := in_last;
                    for lane in lane_index loop
                        value(0)(lane) := in_data(lane);
                        index(0)(lane) := lane;
                    end loop;
                end if;
            end if;

            if rst = '1' then
                filled    := (others => '0');
                out_valid <= '0';
            end if;
        end if;
    end process;

end architecture;
