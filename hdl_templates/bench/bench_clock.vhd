--------------------------------------------------------------------------------
-- bench_clock: clock and reset of a bench
--
-- Reset is high for three clocks at the start, and once more after RESTART_AFTER clocks (0:
-- never): source and checker then start from their first value again, and so must the entity.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;

entity bench_clock is
    generic (
        RESTART_AFTER : natural
    );
    port (
        clk : out std_logic := '0';
        rst : out std_logic := '1'
    );
end entity;

architecture bench of bench_clock is
begin

    process
        procedure tick (clocks : natural) is
        begin
            for i in 1 to clocks loop
                clk <= '0';
                wait for 5 ns;
                clk <= '1';
                wait for 5 ns;
            end loop;
        end procedure;
    begin
        rst <= '1';
        tick(3);
        rst <= '0';
        if RESTART_AFTER > 0 then
            tick(RESTART_AFTER);
            rst <= '1';
            tick(2);
            rst <= '0';
        end if;
        loop
            tick(1);
        end loop;
    end process;

end architecture;
