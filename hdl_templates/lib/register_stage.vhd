--------------------------------------------------------------------------------
-- register_stage: two-entry elastic buffer between layers
--
--              +--------+     +--------+
--   in  ---+-->| slave  |---->| master |----> out
--          |   +--------+  |  +--------+
--          +---------------+
--
-- Cuts every combinational path between its neighbours: in_ready is a register (slave empty), so
-- a stall travels back one stage at each clock. The slave takes the beat that is under way when
-- the stall arrives.
--
-- Generics   LANES  samples of a beat
-- Timing     latency 1 clock, one beat at every clock
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity register_stage is
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
        out_data  : out sample_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of register_stage is
begin

    process (clk)
        variable slave_full : boolean := false;
        variable slave_data : sample_vector(0 to LANES - 1);
        variable slave_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then
                if slave_full then
                    out_data   <= slave_data;
                    out_last   <= slave_last;
                    out_valid  <= '1';
                    slave_full := false;
                else
                    out_valid <= in_valid;
                    if in_valid = '1' then
                        out_data <= in_data;
                        out_last <= in_last;
                    end if;
                end if;
            elsif not slave_full and in_valid = '1' then
                slave_data := in_data;
                slave_last := in_last;
                slave_full := true;
            end if;

            if rst = '1' then
                slave_full := false;
                out_valid  <= '0';
            end if;
            in_ready <= '0' when slave_full else '1';
        end if;
    end process;

end architecture;
