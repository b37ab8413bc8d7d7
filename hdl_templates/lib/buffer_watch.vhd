--------------------------------------------------------------------------------
-- buffer_watch: says how full a buffer gets, and when it stands still; for simulation only
--
-- Listens on both sides of a buffer and counts the beats inside. Drives nothing; its reports are
--
--   DNN2FPGA-BUFFER index=.. peak=..   when an image has left and the peak is a new one: after the
--                                      last image, the last of these lines has the highest count.
--                                      A beat that enters as another leaves has a place of its own
--   DNN2FPGA-STILL index=.. held=.. room=..
--                                      once, when no beat moved for PATIENCE clocks; room is 1 when
--                                      another one would be taken
--
-- Generics
--   INDEX     number of the buffer, for the reports
--   PATIENCE  clocks; 0: standing still is not worth a word
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;

entity buffer_watch is
    generic (
        INDEX    : natural;
        PATIENCE : natural
    );
    port (
        clk       : in std_logic;
        rst       : in std_logic;
        in_valid  : in std_logic;
        in_ready  : in std_logic;
        out_valid : in std_logic;
        out_ready : in std_logic;
        out_last  : in std_logic
    );
end entity;

architecture simulation of buffer_watch is
begin

    process (clk)
        variable held   : integer := 0;
        variable peak   : natural := 0;
        variable told   : natural := 0;
        variable still  : natural := 0;
        variable moved  : boolean;
        variable left   : boolean;  -- the last beat of an image
    begin
        if rising_edge(clk) and rst = '0' then
            moved := false;
            left  := false;
            if in_valid = '1' and in_ready = '1' then
                held  := held + 1;
                peak  := maximum(peak, held);
                moved := true;
            end if;
            if out_valid = '1' and out_ready = '1' then
                held  := held - 1;
                moved := true;
                left  := out_last = '1';
            end if;
            if left and peak > told then
                report "DNN2FPGA-BUFFER index=" & integer'image(INDEX)
                     & " peak=" & integer'image(peak);
                told := peak;
            end if;
            if PATIENCE > 0 then
                still := 0 when moved else still + 1;
                if still = PATIENCE then
                    report "DNN2FPGA-STILL index=" & integer'image(INDEX)
                         & " held=" & integer'image(held)
                         & " room=" & integer'image(boolean'pos(in_ready = '1'));
                end if;
            end if;
        end if;
    end process;

end architecture;
