--------------------------------------------------------------------------------
-- perceptron_core: the network perceptron as a stream of layers
--
-- Written by dnn2fpga VERSION from the model "perceptron"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
--   4 --> hidden --> hidden_tanh --> score
--
-- in_data   a beat is 1 value; beats of an image: 4; range -127 to 127,
--           real value = 0.00787401575 * (sample - 0); in_last marks an image's last beat
-- out_data  a beat is 1 value; beats of an image: 1; range -127 to 127,
--           real value = 0.0157480315 * (sample - 0)
--
-- With a source and a sink that never wait, an image takes 26 clocks, from the one that
-- takes its first beat to the one that takes its last output beat, and images follow each other
-- every 8 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.perceptron_constants.all;

entity perceptron_core is
    generic (
        -- Simulation only:
        TAPS     : boolean := false;  -- write what each layer puts out to a file
        PEAKS    : boolean := false;  -- report how full the deep buffers get
        PATIENCE : natural := 0       -- report buffers in which nothing moves for so many clocks
    );
    port (
        clk         : in  std_logic;
        rst         : in  std_logic;
        in_valid    : in  std_logic;
        in_ready    : out std_logic;
        in_data     : in  sample_vector(0 to 0);
        in_last     : in  std_logic;
        out_valid   : out std_logic;
        out_ready   : in  std_logic;
        out_data    : out sample_vector(0 to 0);
        out_last    : out std_logic
    );
end entity;

architecture structure of perceptron_core is

    signal hidden_valid, hidden_ready, hidden_last : std_logic;
    signal hidden_data : sample_vector(0 to 3);
    signal hidden_held_valid, hidden_held_ready, hidden_held_last : std_logic;
    signal hidden_held_data : sample_vector(0 to 3);

    signal hidden_tanh_valid, hidden_tanh_ready, hidden_tanh_last : std_logic;
    signal hidden_tanh_data : sample_vector(0 to 3);
    signal hidden_tanh_held_valid, hidden_tanh_held_ready, hidden_tanh_held_last : std_logic;
    signal hidden_tanh_held_data : sample_vector(0 to 3);

    signal score_valid, score_ready, score_last : std_logic;
    signal score_data : sample_vector(0 to 0);

begin

    -- hidden: dense, 4 to 4
    --   weights of 8 bits, accumulator of 17 bits; output -127 to 127, scale 0.0157480315
    --   PE 2 x SIMD 1: 2 multipliers, 2 clocks for each beat; 8 clocks an image
    hidden : entity work.dense_stream
        generic map (
            IN_LANES      => 1,
            BEATS         => 4,
            OUTPUTS       => 4,
            PE            => 2,
            SIMD          => 1,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => HIDDEN_WEIGHTS,
            BIAS          => HIDDEN_BIAS,
            MULTIPLIERS   => HIDDEN_MULTIPLIERS,
            SHIFTS        => HIDDEN_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            in_data   => in_data,
            in_last   => in_last,
            out_valid => hidden_valid,
            out_ready => hidden_ready,
            out_data  => hidden_data,
            out_last  => hidden_last
        );

    hidden_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_hidden.bin"
            )
            port map (
                clk   => clk,
                valid => hidden_valid,
                ready => hidden_ready,
                data  => hidden_data
            );
    end generate;

    hidden_held : entity work.register_stage
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_valid,
            in_ready  => hidden_ready,
            in_data   => hidden_data,
            in_last   => hidden_last,
            out_valid => hidden_held_valid,
            out_ready => hidden_held_ready,
            out_data  => hidden_held_data,
            out_last  => hidden_held_last
        );

    -- hidden.tanh: table, 4 to 4
    --   output -127 to 127, scale 0.0157480315
    --   1 clocks an image
    hidden_tanh : entity work.table_stream
        generic map (
            LANES         => 4,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            TABLE         => HIDDEN_TANH_TABLE
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_held_valid,
            in_ready  => hidden_held_ready,
            in_data   => hidden_held_data,
            in_last   => hidden_held_last,
            out_valid => hidden_tanh_valid,
            out_ready => hidden_tanh_ready,
            out_data  => hidden_tanh_data,
            out_last  => hidden_tanh_last
        );

    hidden_tanh_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_hidden_tanh.bin"
            )
            port map (
                clk   => clk,
                valid => hidden_tanh_valid,
                ready => hidden_tanh_ready,
                data  => hidden_tanh_data
            );
    end generate;

    hidden_tanh_held : entity work.register_stage
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_tanh_valid,
            in_ready  => hidden_tanh_ready,
            in_data   => hidden_tanh_data,
            in_last   => hidden_tanh_last,
            out_valid => hidden_tanh_held_valid,
            out_ready => hidden_tanh_held_ready,
            out_data  => hidden_tanh_held_data,
            out_last  => hidden_tanh_held_last
        );

    -- score: dense, 4 to 1
    --   weights of 8 bits, accumulator of 16 bits; output -127 to 127, scale 0.0157480315
    --   PE 1 x SIMD 4: 4 multipliers, 1 clock for each beat; 1 clocks an image
    score : entity work.dense_stream
        generic map (
            IN_LANES      => 4,
            BEATS         => 1,
            OUTPUTS       => 1,
            PE            => 1,
            SIMD          => 4,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => SCORE_WEIGHTS,
            BIAS          => SCORE_BIAS,
            MULTIPLIERS   => SCORE_MULTIPLIERS,
            SHIFTS        => SCORE_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_tanh_held_valid,
            in_ready  => hidden_tanh_held_ready,
            in_data   => hidden_tanh_held_data,
            in_last   => hidden_tanh_held_last,
            out_valid => score_valid,
            out_ready => score_ready,
            out_data  => score_data,
            out_last  => score_last
        );

    score_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 1,
                FILE_NAME => "tap_score.bin"
            )
            port map (
                clk   => clk,
                valid => score_valid,
                ready => score_ready,
                data  => score_data
            );
    end generate;

    score_ready <= out_ready;

    out_valid <= score_valid;
    out_data  <= score_data;
    out_last  <= score_last;

    -- Simulation only, from here on: what happens in the buffers.

    hidden_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 0,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => hidden_valid,
                in_ready  => hidden_ready,
                out_valid => hidden_held_valid,
                out_ready => hidden_held_ready,
                out_last  => hidden_held_last
            );
    end generate;

    hidden_tanh_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 1,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => hidden_tanh_valid,
                in_ready  => hidden_tanh_ready,
                out_valid => hidden_tanh_held_valid,
                out_ready => hidden_tanh_held_ready,
                out_last  => hidden_tanh_held_last
            );
    end generate;

end architecture;
