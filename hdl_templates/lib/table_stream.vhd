--------------------------------------------------------------------------------
-- table_stream: any function of one value (tanh, sigmoid), looked up lane by lane
--
--   in_data --> LANES copies of TABLE --> out_data
--
-- Generics
--   LANES            samples of a beat
--   IN_LOW, IN_HIGH  range of the input samples
--   TABLE            the output for IN_LOW, IN_LOW+1, ... IN_HIGH
--
-- Timing: a beat taken at clock t gives a valid output after t+2; one beat at every clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity table_stream is
    generic (
        LANES           : positive;
        IN_LOW, IN_HIGH : integer;
        TABLE           : sample_vector
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
        out_data  : out sample_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of table_stream is

    constant GENERICS_ARE_LEGAL : boolean
        := require(TABLE'length = IN_HIGH - IN_LOW + 1,
                   "table_stream: TABLE needs one value for each input from IN_LOW to IN_HIGH");

    subtype lane_index is natural range 0 to LANES - 1;
    subtype address_t is natural range 0 to IN_HIGH - IN_LOW;
    type table_t is array (address_t) of sample_t;
    type address_row_t is array (lane_index) of address_t;
    type row_t is array (lane_index) of sample_t;

    function to_table (list : sample_vector) return table_t is
        alias values  : sample_vector(0 to list'length - 1) is list;
        variable copy : table_t;
    begin
        for address in address_t loop
            copy(address) := values(address);
        end loop;
        return copy;
    end function;

    constant ROM : table_t := to_table(TABLE);

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable computing : boolean := false;
        variable beat      : address_row_t;
        variable beat_last : std_logic;
        variable done      : boolean := false;
        variable result    : row_t;
        variable done_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for lane in lane_index loop
                        out_data(lane) <= result(lane);
                    end loop;
                    out_valid <= '1';
                    out_last  <= done_last;
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    for lane in lane_index loop
                        result(lane) := ROM(beat(lane));  -- clocked read: a block RAM
                    end loop;
                    done_last := beat_last;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    for lane in lane_index loop
                        beat(lane) := integer(in_data(lane)) - IN_LOW;
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
