--------------------------------------------------------------------------------
-- float_to_int_stream: bridge from a floating-point layer to an integer one
--
--   in_data --> held beat --> clamp(rint(word * INVERSE_SCALE) + ZERO) --> out_data
--
-- The product is rounded to binary32, then to an integer, half to even (dnn_float_pkg).
--
-- Generics
--   LANES              words of a beat, and multipliers
--   INVERSE_SCALE      1 / scale of the output; bit pattern, a normal number
--   ZERO               zero point of the output
--   OUT_LOW, OUT_HIGH  the output is clamped to these
--
-- Timing   a beat taken at clock t is valid after t+2; one beat at every clock
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity float_to_int_stream is
    generic (
        LANES             : positive;
        INVERSE_SCALE     : float_word;
        ZERO              : integer;
        OUT_LOW, OUT_HIGH : integer
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  float_vector(0 to LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of float_to_int_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(INVERSE_SCALE /= 0 and INVERSE_SCALE /= integer'low
                    and float_is_legal(INVERSE_SCALE),
                    "float_to_int_stream: INVERSE_SCALE must be a normal number");

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable beat      : float_vector(0 to LANES - 1);
        variable beat_last : std_logic;
        variable computing : boolean := false;
        -- the result
        variable done        : boolean := false;
        variable result      : sample_vector(0 to LANES - 1);
        variable result_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    out_data  <= result;
                    out_last  <= result_last;
                    out_valid <= '1';
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    for lane in beat'range loop
                        result(lane) := float_to_integer(beat(lane), INVERSE_SCALE,
                                                         ZERO, OUT_LOW, OUT_HIGH);
                    end loop;
                    result_last := beat_last;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    beat      := in_data;
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
