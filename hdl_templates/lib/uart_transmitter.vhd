--------------------------------------------------------------------------------
-- uart_transmitter: bytes onto a serial line: 1 start bit, 8 data bits from the lowest, 1 stop bit
--
-- Generics
--   CLOCKS_PER_BIT   clock frequency / baud rate
--
-- Timing: a byte is taken when `valid` and `ready` are high, and occupies the line for the next
-- 10 * CLOCKS_PER_BIT clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;

entity uart_transmitter is
    generic (
        CLOCKS_PER_BIT : positive
    );
    port (
        clk   : in  std_logic;
        rst   : in  std_logic;
        valid : in  std_logic;
        ready : out std_logic;
        data  : in  std_logic_vector(7 downto 0);
        tx    : out std_logic := '1'
    );
end entity;

architecture rtl of uart_transmitter is

    signal idle : std_logic := '0';

begin

    ready <= idle;

    process (clk)
        variable ticks   : natural range 0 to CLOCKS_PER_BIT - 1 := 0;  -- left of this bit
        variable bits    : natural range 0 to 9 := 0;                   -- left of this byte
        variable shifted : std_logic_vector(8 downto 0);
    begin
        if rising_edge(clk) then
            if ticks > 0 then
                ticks := ticks - 1;
            elsif bits > 0 then
                tx      <= shifted(0);
                shifted := '1' & shifted(8 downto 1);
                bits    := bits - 1;
                ticks   := CLOCKS_PER_BIT - 1;
            elsif valid = '1' and idle = '1' then
                tx      <= '0';
                shifted := '1' & data;
                bits    := 9;
                ticks   := CLOCKS_PER_BIT - 1;
            end if;

            if rst = '1' then
                ticks := 0;
                bits  := 0;
                tx    <= '1';
            end if;
            idle <= '1' when ticks = 0 and bits = 0 and rst = '0' else '0';
        end if;
    end process;

end architecture;
