--------------------------------------------------------------------------------
-- uart_receiver: bytes from a serial line: 1 start bit, 8 data bits from the lowest, 1 stop bit
--
--   rx ____      ____ ____     ____ ____
--          |____X_d0_X_d1_ ... X_d7_X    stop
--           start
--
-- The line goes through two registers, as it knows no clock. Each bit is looked at in its middle.
-- A byte whose stop bit is missing is dropped: the line was noisy, or the other side sends at
-- another rate.
--
-- Generics
--   CLOCKS_PER_BIT   clock frequency / baud rate, at least 4
--
-- Timing: `valid` is high for one clock, in the middle of the stop bit.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity uart_receiver is
    generic (
        CLOCKS_PER_BIT : positive
    );
    port (
        clk   : in  std_logic;
        rst   : in  std_logic;
        rx    : in  std_logic;
        valid : out std_logic;
        data  : out std_logic_vector(7 downto 0) := (others => '0')
    );
end entity;

architecture rtl of uart_receiver is

    constant GENERICS_ARE_LEGAL : boolean :=
        require(CLOCKS_PER_BIT >= 4, "uart_receiver: CLOCKS_PER_BIT must be 4 or more");

begin

    process (clk)
        variable line_now  : std_logic := '1';  -- rx, two clocks late
        variable line_next : std_logic := '1';
        variable busy      : boolean := false;
        variable ticks     : natural range 0 to CLOCKS_PER_BIT - 1 := 0;  -- until the next look
        variable bits      : natural range 0 to 9 := 0;                   -- looks still to come
        variable shifted   : std_logic_vector(7 downto 0);
    begin
        if rising_edge(clk) then
            valid <= '0';
            if not busy then
                if line_now = '0' then
                    busy  := true;
                    bits  := 9;
                    ticks := CLOCKS_PER_BIT / 2 - 1;
                end if;
            elsif ticks > 0 then
                ticks := ticks - 1;
            else
                ticks := CLOCKS_PER_BIT - 1;
                if bits = 9 and line_now = '1' then
                    busy := false;  -- a spike, no start bit
                elsif bits = 0 then
                    busy  := false;
                    valid <= line_now;
                    data  <= shifted;
                else
                    shifted := line_now & shifted(7 downto 1);  -- the start bit falls out at last
                    bits    := bits - 1;
                end if;
            end if;
            line_now  := line_next;
            line_next := rx;

            if rst = '1' then
                busy  := false;
                valid <= '0';
            end if;
        end if;
    end process;

end architecture;
