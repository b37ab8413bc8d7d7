--------------------------------------------------------------------------------
-- float_register_stage: register_stage for a stream of binary32 words
--
-- Generics   LANES  words of a beat
-- Timing     latency 1 clock, one beat at every clock
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity float_register_stage is
    generic (
        LANES : positive
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
        out_data  : out float_vector(0 to LANES - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of float_register_stage is

    signal in_samples, out_samples : sample_vector(0 to 2 * LANES - 1);

begin

    in_samples <= to_samples(in_data);
    out_data   <= to_words(out_samples);

    stage : entity work.register_stage
        generic map (
            LANES => 2 * LANES
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            in_data   => in_samples,
            in_last   => in_last,
            out_valid => out_valid,
            out_ready => out_ready,
            out_data  => out_samples,
            out_last  => out_last
        );

end architecture;
