--------------------------------------------------------------------------------
-- int_to_float_stream: bridge from an integer layer to a floating-point one
--
--   in_data --> held beat --> SCALE * (sample - ZERO) --> out_data
--
-- The difference is exact, the product is rounded once (dnn_float_pkg).
--
-- Generics
--   LANES            samples of a beat, and multipliers
--   IN_LOW, IN_HIGH  range of the input samples
--   ZERO             zero point of the input
--   SCALE            bit pattern, a normal number
--
-- Timing   a beat taken at clock t is valid after t+2; one beat at every clock
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity int_to_float_stream is
    generic (
        LANES           : positive;
        IN_LOW, IN_HIGH : integer;
        ZERO            : integer;
        SCALE           : float_word
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
        out_data  : out float_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of int_to_float_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(SCALE /= 0 and SCALE /= integer'low and float_is_legal(SCALE),
                    "int_to_float_stream: SCALE must be a normal number");

    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    type beat_t is array (0 to LANES - 1) of element_t;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable beat      : beat_t;
        variable beat_last : std_logic;
        variable computing : boolean := false;
        -- the result
        variable done        : boolean := false;
        variable result      : float_vector(0 to LANES - 1);
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
                        result(lane) := float_from_integer(integer(beat(lane)), ZERO, SCALE);
                    end loop;
                    result_last := beat_last;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    for lane in beat'range loop
                        beat(lane) := in_data(lane);
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
