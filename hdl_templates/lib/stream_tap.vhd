--------------------------------------------------------------------------------
-- stream_tap: writes what passes on a stream to a file; for simulation only
--
-- Every beat that is transferred (valid and ready at a clock) is written lane by lane, each
-- sample as two bytes: 16-bit two's complement, low byte first. Drives nothing.
--
-- Generics
--   LANES      samples of a beat
--   FILE_NAME  the file, overwritten
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity stream_tap is
    generic (
        LANES     : positive;
        FILE_NAME : string
    );
    port (
        clk   : in std_logic;
        valid : in std_logic;
        ready : in std_logic;
        data  : in sample_vector(0 to LANES - 1)
    );
end entity;

architecture simulation of stream_tap is
    type byte_file is file of character;
begin

    process (clk)
        file output    : byte_file open write_mode is FILE_NAME;
        variable value : natural range 0 to 65535;
    begin
        if rising_edge(clk) then
            if valid = '1' and ready = '1' then
                for lane in 0 to LANES - 1 loop
                    value := integer(data(lane)) mod 65536;
                    write(output, character'val(value mod 256));
                    write(output, character'val(value / 256));
                end loop;
            end if;
        end if;
    end process;

end architecture;
