--------------------------------------------------------------------------------
-- stream_fork: one stream for several readers, each of which takes a beat at its own time
--
--                          +--> reader 0 (out_valid(0), out_ready(0))
--   in_valid, in_ready ----+--> reader 1
--                          +--> ...
--
-- Handles valid and ready only: the data and `last` of the stream go to every reader as they are.
-- A reader that has taken the beat sees no valid until the others have it too; then the next beat
-- comes. There is no combinational path from ready to valid, so readers cannot lock each other up.
--
-- Generics   OUTPUTS  readers
-- Timing     no register: a beat can be taken in the clock in which it is offered
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;

entity stream_fork is
    generic (
        OUTPUTS : positive
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        out_valid : out std_logic_vector(0 to OUTPUTS - 1);
        out_ready : in  std_logic_vector(0 to OUTPUTS - 1)
    );
end entity;

architecture rtl of stream_fork is

    signal taken : std_logic_vector(0 to OUTPUTS - 1) := (others => '0');  -- has this beat already

begin

    in_ready  <= and (taken or out_ready);
    out_valid <= in_valid and not taken;

    process (clk)
    begin
        if rising_edge(clk) then
            if in_ready = '1' then
                taken <= (others => '0');
            elsif in_valid = '1' then
                taken <= taken or out_ready;
            end if;

            if rst = '1' then
                taken <= (others => '0');
            end if;
        end if;
    end process;

end architecture;
