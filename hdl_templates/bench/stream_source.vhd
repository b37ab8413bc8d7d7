--------------------------------------------------------------------------------
-- stream_source: sends DATA beat by beat, with random pauses
--
-- Generics
--   LANES           samples of a beat
--   BEATS           beats of an image; the last one carries `last`
--   DATA            images one after the other, beat by beat
--   STALL_PERCENT   probability of a pause before a beat; 0 sends one at every clock
--   SEED            of the pauses
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity stream_source is
    generic (
        LANES, BEATS  : positive;
        DATA          : sample_vector;
        STALL_PERCENT : natural;
        SEED          : natural
    );
    port (
        clk      : in  std_logic;
        rst      : in  std_logic;
        valid    : out std_logic := '0';
        ready    : in  std_logic;
        data_out : out sample_vector(0 to LANES - 1);
        last     : out std_logic
    );
end entity;

architecture bench of stream_source is
begin

    process (clk)
        alias list      : sample_vector(0 to DATA'length - 1) is DATA;
        variable random : random_state := seeded(SEED);
        variable beat   : natural := 0;
        variable pause  : boolean;
    begin
        if rising_edge(clk) then
            if rst = '1' then
                beat  := 0;
                valid <= '0';
            elsif valid = '0' or ready = '1' then
                chance(random, STALL_PERCENT, pause);
                if pause or beat * LANES >= list'length then
                    valid <= '0';
                else
                    valid    <= '1';
                    data_out <= list(beat * LANES to beat * LANES + LANES - 1);
                    last     <= '1' when beat mod BEATS = BEATS - 1 else '0';
                    beat     := beat + 1;
                end if;
            end if;
        end if;
    end process;

end architecture;
