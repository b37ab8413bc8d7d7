--------------------------------------------------------------------------------
-- mixed_core: the network mixed as a stream of layers
--
-- Written by dnn2fpga VERSION from the model "mixed"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
--   5x5x1 --> conv2d_to_float --> conv2d --> average --> hidden --> hidden_to_integer
--   --> score
--
-- in_data   a beat is 1 value; beats of an image: 25; range -127 to 127,
--           real value = 0.00787401575 * (sample - 0); in_last marks an image's last beat
-- out_data  a beat is all 3 values; beats of an image: 1; range -127 to 127,
--           real value = 0.0157480315 * (sample - 0)
-- class     index of the highest output, the lowest index of equals; comes some clocks after the
--           output beat was taken, and is not held
--
-- With a source and a sink that never wait, an image takes 106 clocks, from the one that
-- takes its first beat to the one that takes its last output beat, and images follow each other
-- every 73 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;
use work.mixed_constants.all;

entity mixed_core is
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
        out_data    : out sample_vector(0 to 2);
        out_last    : out std_logic;
        class_valid : out std_logic;
        class_index : out sample_t
    );
end entity;

architecture structure of mixed_core is

    signal conv2d_to_float_valid, conv2d_to_float_ready, conv2d_to_float_last : std_logic;
    signal conv2d_to_float_data : float_vector(0 to 0);
    signal conv2d_to_float_held_valid : std_logic;
    signal conv2d_to_float_held_ready : std_logic;
    signal conv2d_to_float_held_last  : std_logic;
    signal conv2d_to_float_held_data : float_vector(0 to 0);

    signal conv2d_valid, conv2d_ready, conv2d_last : std_logic;
    signal conv2d_data : float_vector(0 to 1);
    signal conv2d_held_valid, conv2d_held_ready, conv2d_held_last : std_logic;
    signal conv2d_held_data : float_vector(0 to 1);

    signal average_valid, average_ready, average_last : std_logic;
    signal average_data : float_vector(0 to 1);
    signal average_held_valid, average_held_ready, average_held_last : std_logic;
    signal average_held_data : float_vector(0 to 1);

    signal hidden_valid, hidden_ready, hidden_last : std_logic;
    signal hidden_data : float_vector(0 to 3);
    signal hidden_held_valid, hidden_held_ready, hidden_held_last : std_logic;
    signal hidden_held_data : float_vector(0 to 3);

    signal hidden_to_integer_valid, hidden_to_integer_ready, hidden_to_integer_last : std_logic;
    signal hidden_to_integer_data : sample_vector(0 to 3);
    signal hidden_to_integer_held_valid : std_logic;
    signal hidden_to_integer_held_ready : std_logic;
    signal hidden_to_integer_held_last  : std_logic;
    signal hidden_to_integer_held_data : sample_vector(0 to 3);

    signal score_valid, score_ready, score_last : std_logic;
    signal score_data : sample_vector(0 to 2);

    signal best_valid : std_logic;
    signal best_data  : sample_vector(0 to 0);

begin

    -- conv2d.to_float: to_float, 5x5x1 to 5x5x1
    --   floating point (binary32)
    --   25 clocks an image
    conv2d_to_float : entity work.int_to_float_stream
        generic map (
            LANES         => 1,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            ZERO          => 0,
            SCALE         => 1006699012
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            in_data   => in_data,
            in_last   => in_last,
            out_valid => conv2d_to_float_valid,
            out_ready => conv2d_to_float_ready,
            out_data  => conv2d_to_float_data,
            out_last  => conv2d_to_float_last
        );

    conv2d_to_float_tap : if TAPS generate
        signal samples : sample_vector(0 to 1);
    begin
        samples <= to_samples(conv2d_to_float_data);

        tap : entity work.stream_tap
            generic map (
                LANES     => 2,
                FILE_NAME => "tap_conv2d_to_float.bin"
            )
            port map (
                clk   => clk,
                valid => conv2d_to_float_valid,
                ready => conv2d_to_float_ready,
                data  => samples
            );
    end generate;

    conv2d_to_float_held : entity work.float_register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => conv2d_to_float_valid,
            in_ready  => conv2d_to_float_ready,
            in_data   => conv2d_to_float_data,
            in_last   => conv2d_to_float_last,
            out_valid => conv2d_to_float_held_valid,
            out_ready => conv2d_to_float_held_ready,
            out_data  => conv2d_to_float_held_data,
            out_last  => conv2d_to_float_held_last
        );

    -- conv2d: float_conv2d, 5x5x1 to 4x4x2, window 2x2 every 1x1
    --   floating point (binary32)
    --   PE 2 x SIMD 1: 2 multipliers, 4 clocks for each window; 73 clocks an image
    conv2d : entity work.conv2d_float_stream
        generic map (
            HEIGHT        => 5,
            WIDTH         => 5,
            CHANNELS      => 1,
            FILTERS       => 2,
            KERNEL_HEIGHT => 2,
            KERNEL_WIDTH  => 2,
            STRIDE_HEIGHT => 1,
            STRIDE_WIDTH  => 1,
            PAD_TOP       => 0,
            PAD_BOTTOM    => 0,
            PAD_LEFT      => 0,
            PAD_RIGHT     => 0,
            PE            => 2,
            RELU          => true,
            WEIGHTS       => CONV2D_WEIGHTS,
            BIAS          => CONV2D_BIAS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => conv2d_to_float_held_valid,
            in_ready  => conv2d_to_float_held_ready,
            in_data   => conv2d_to_float_held_data,
            in_last   => conv2d_to_float_held_last,
            out_valid => conv2d_valid,
            out_ready => conv2d_ready,
            out_data  => conv2d_data,
            out_last  => conv2d_last
        );

    conv2d_tap : if TAPS generate
        signal samples : sample_vector(0 to 3);
    begin
        samples <= to_samples(conv2d_data);

        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_conv2d.bin"
            )
            port map (
                clk   => clk,
                valid => conv2d_valid,
                ready => conv2d_ready,
                data  => samples
            );
    end generate;

    conv2d_held : entity work.float_register_stage
        generic map (
            LANES => 2
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => conv2d_valid,
            in_ready  => conv2d_ready,
            in_data   => conv2d_data,
            in_last   => conv2d_last,
            out_valid => conv2d_held_valid,
            out_ready => conv2d_held_ready,
            out_data  => conv2d_held_data,
            out_last  => conv2d_held_last
        );

    -- average: float_average_pool2d, 4x4x2 to 2x2x2, window 2x2 every 2x2
    --   floating point (binary32)
    --   4 clocks for each window; 28 clocks an image
    average : entity work.average_pool_float_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 2,
            KERNEL_HEIGHT => 2,
            KERNEL_WIDTH  => 2,
            STRIDE_HEIGHT => 2,
            STRIDE_WIDTH  => 2,
            SCALE         => 1048576000,
            RELU          => false
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => conv2d_held_valid,
            in_ready  => conv2d_held_ready,
            in_data   => conv2d_held_data,
            in_last   => conv2d_held_last,
            out_valid => average_valid,
            out_ready => average_ready,
            out_data  => average_data,
            out_last  => average_last
        );

    average_tap : if TAPS generate
        signal samples : sample_vector(0 to 3);
    begin
        samples <= to_samples(average_data);

        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_average.bin"
            )
            port map (
                clk   => clk,
                valid => average_valid,
                ready => average_ready,
                data  => samples
            );
    end generate;

    average_held : entity work.float_register_stage
        generic map (
            LANES => 2
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => average_valid,
            in_ready  => average_ready,
            in_data   => average_data,
            in_last   => average_last,
            out_valid => average_held_valid,
            out_ready => average_held_ready,
            out_data  => average_held_data,
            out_last  => average_held_last
        );

    -- hidden: float_dense, 2x2x2 to 4
    --   floating point (binary32)
    --   PE 2 x SIMD 1: 2 multipliers, 4 clocks for each beat; 16 clocks an image
    hidden : entity work.dense_float_stream
        generic map (
            IN_LANES      => 2,
            BEATS         => 4,
            OUTPUTS       => 4,
            PE            => 2,
            RELU          => false,
            WEIGHTS       => HIDDEN_WEIGHTS,
            BIAS          => HIDDEN_BIAS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => average_held_valid,
            in_ready  => average_held_ready,
            in_data   => average_held_data,
            in_last   => average_held_last,
            out_valid => hidden_valid,
            out_ready => hidden_ready,
            out_data  => hidden_data,
            out_last  => hidden_last
        );

    hidden_tap : if TAPS generate
        signal samples : sample_vector(0 to 7);
    begin
        samples <= to_samples(hidden_data);

        tap : entity work.stream_tap
            generic map (
                LANES     => 8,
                FILE_NAME => "tap_hidden.bin"
            )
            port map (
                clk   => clk,
                valid => hidden_valid,
                ready => hidden_ready,
                data  => samples
            );
    end generate;

    hidden_held : entity work.float_register_stage
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

    -- hidden.to_integer: to_integer, 4 to 4
    --   output -127 to 127, scale 0.0157480315
    --   1 clocks an image
    hidden_to_integer : entity work.float_to_int_stream
        generic map (
            LANES         => 4,
            INVERSE_SCALE => 1115553792,
            ZERO          => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_held_valid,
            in_ready  => hidden_held_ready,
            in_data   => hidden_held_data,
            in_last   => hidden_held_last,
            out_valid => hidden_to_integer_valid,
            out_ready => hidden_to_integer_ready,
            out_data  => hidden_to_integer_data,
            out_last  => hidden_to_integer_last
        );

    hidden_to_integer_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_hidden_to_integer.bin"
            )
            port map (
                clk   => clk,
                valid => hidden_to_integer_valid,
                ready => hidden_to_integer_ready,
                data  => hidden_to_integer_data
            );
    end generate;

    hidden_to_integer_held : entity work.register_stage
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => hidden_to_integer_valid,
            in_ready  => hidden_to_integer_ready,
            in_data   => hidden_to_integer_data,
            in_last   => hidden_to_integer_last,
            out_valid => hidden_to_integer_held_valid,
            out_ready => hidden_to_integer_held_ready,
            out_data  => hidden_to_integer_held_data,
            out_last  => hidden_to_integer_held_last
        );

    -- score: dense, 4 to 3
    --   weights of 8 bits, accumulator of 16 bits; output -127 to 127, scale 0.0157480315
    --   PE 3 x SIMD 4: 12 multipliers, 1 clock for each beat; 1 clocks an image
    score : entity work.dense_stream
        generic map (
            IN_LANES      => 4,
            BEATS         => 1,
            OUTPUTS       => 3,
            PE            => 3,
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
            in_valid  => hidden_to_integer_held_valid,
            in_ready  => hidden_to_integer_held_ready,
            in_data   => hidden_to_integer_held_data,
            in_last   => hidden_to_integer_held_last,
            out_valid => score_valid,
            out_ready => score_ready,
            out_data  => score_data,
            out_last  => score_last
        );

    score_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 3,
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

    -- Listens to the output; always ready, so it never holds it up.
    best_valid <= score_valid and out_ready;

    best : entity work.arg_max
        generic map (
            LANES => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => best_valid,
            in_ready  => open,
            in_data   => score_data,
            in_last   => score_last,
            out_valid => class_valid,
            out_ready => '1',
            out_data  => best_data,
            out_last  => open
        );

    class_index <= best_data(0);

    -- Simulation only, from here on: what happens in the buffers.

    conv2d_to_float_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 0,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => conv2d_to_float_valid,
                in_ready  => conv2d_to_float_ready,
                out_valid => conv2d_to_float_held_valid,
                out_ready => conv2d_to_float_held_ready,
                out_last  => conv2d_to_float_held_last
            );
    end generate;

    conv2d_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 1,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => conv2d_valid,
                in_ready  => conv2d_ready,
                out_valid => conv2d_held_valid,
                out_ready => conv2d_held_ready,
                out_last  => conv2d_held_last
            );
    end generate;

    average_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 2,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => average_valid,
                in_ready  => average_ready,
                out_valid => average_held_valid,
                out_ready => average_held_ready,
                out_last  => average_held_last
            );
    end generate;

    hidden_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 3,
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

    hidden_to_integer_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 4,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => hidden_to_integer_valid,
                in_ready  => hidden_to_integer_ready,
                out_valid => hidden_to_integer_held_valid,
                out_ready => hidden_to_integer_held_ready,
                out_last  => hidden_to_integer_held_last
            );
    end generate;

end architecture;
