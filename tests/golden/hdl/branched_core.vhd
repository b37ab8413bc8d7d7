--------------------------------------------------------------------------------
-- branched_core: the network branched as a stream of layers
--
-- Written by dnn2fpga VERSION from the model "branched"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
--   4x4x1 --> conv
--   4x4x1, conv --> sum
--   sum --> down --> up
--   up, sum, sum --> both --> border --> mean
--
-- in_data   a beat is 1 value; beats of an image: 16; range -127 to 127,
--           real value = 0.00787401575 * (sample - 0); in_last marks an image's last beat
-- out_data  a beat is all 3 values; beats of an image: 1; range -127 to 127,
--           real value = 0.0157480315 * (sample - 0)
-- class     index of the highest output, the lowest index of equals; comes some clocks after the
--           output beat was taken, and is not held
--
-- With a source and a sink that never wait, an image takes 78 clocks, from the one that
-- takes its first beat to the one that takes its last output beat, and images follow each other
-- every 36 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.branched_constants.all;

entity branched_core is
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

architecture structure of branched_core is

    signal in_fork_valid : std_logic_vector(0 to 1);
    signal in_fork_ready : std_logic_vector(0 to 1);
    signal in_held_1_valid, in_held_1_ready, in_held_1_last : std_logic;
    signal in_held_1_data : sample_vector(0 to 0);
    signal in_held_2_valid, in_held_2_ready, in_held_2_last : std_logic;
    signal in_held_2_data : sample_vector(0 to 0);

    signal conv_valid, conv_ready, conv_last : std_logic;
    signal conv_data : sample_vector(0 to 0);
    signal conv_held_valid, conv_held_ready, conv_held_last : std_logic;
    signal conv_held_data : sample_vector(0 to 0);

    signal sum_valid, sum_ready, sum_last : std_logic;
    signal sum_data : sample_vector(0 to 0);
    signal sum_fork_valid : std_logic_vector(0 to 2);
    signal sum_fork_ready : std_logic_vector(0 to 2);
    signal sum_held_1_valid, sum_held_1_ready, sum_held_1_last : std_logic;
    signal sum_held_1_data : sample_vector(0 to 0);
    signal sum_held_2_valid, sum_held_2_ready, sum_held_2_last : std_logic;
    signal sum_held_2_data : sample_vector(0 to 0);
    signal sum_held_3_valid, sum_held_3_ready, sum_held_3_last : std_logic;
    signal sum_held_3_data : sample_vector(0 to 0);

    signal down_valid, down_ready, down_last : std_logic;
    signal down_data : sample_vector(0 to 0);
    signal down_held_valid, down_held_ready, down_held_last : std_logic;
    signal down_held_data : sample_vector(0 to 0);

    signal up_valid, up_ready, up_last : std_logic;
    signal up_data : sample_vector(0 to 0);
    signal up_held_valid, up_held_ready, up_held_last : std_logic;
    signal up_held_data : sample_vector(0 to 0);

    signal both_valid, both_ready, both_last : std_logic;
    signal both_data : sample_vector(0 to 2);
    signal both_held_valid, both_held_ready, both_held_last : std_logic;
    signal both_held_data : sample_vector(0 to 2);

    signal border_valid, border_ready, border_last : std_logic;
    signal border_data : sample_vector(0 to 2);
    signal border_held_valid, border_held_ready, border_held_last : std_logic;
    signal border_held_data : sample_vector(0 to 2);

    signal mean_valid, mean_ready, mean_last : std_logic;
    signal mean_data : sample_vector(0 to 2);

    signal best_valid : std_logic;
    signal best_data  : sample_vector(0 to 0);

begin

    in_fork : entity work.stream_fork
        generic map (
            OUTPUTS => 2
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            out_valid => in_fork_valid,
            out_ready => in_fork_ready
        );

    -- for conv
    in_held_1 : entity work.register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_fork_valid(0),
            in_ready  => in_fork_ready(0),
            in_data   => in_data,
            in_last   => in_last,
            out_valid => in_held_1_valid,
            out_ready => in_held_1_ready,
            out_data  => in_held_1_data,
            out_last  => in_held_1_last
        );

    -- for sum: 11 beats wait here at most
    in_held_2 : entity work.stream_fifo
        generic map (
            LANES => 1,
            DEPTH => 11,
            LOW   => -127,
            HIGH  => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_fork_valid(1),
            in_ready  => in_fork_ready(1),
            in_data   => in_data,
            in_last   => in_last,
            out_valid => in_held_2_valid,
            out_ready => in_held_2_ready,
            out_data  => in_held_2_data,
            out_last  => in_held_2_last
        );

    -- conv: conv2d, 4x4x1 to 4x4x1, window 3x3 every 1x1
    --   weights of 8 bits, accumulator of 18 bits; output -127 to 127, scale 0.0157480315
    --   PE 1 x SIMD 9: 9 multipliers, 1 clock for each window; 36 clocks an image
    conv : entity work.conv2d_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 1,
            FILTERS       => 1,
            KERNEL_HEIGHT => 3,
            KERNEL_WIDTH  => 3,
            STRIDE_HEIGHT => 1,
            STRIDE_WIDTH  => 1,
            PAD_TOP       => 1,
            PAD_BOTTOM    => 1,
            PAD_LEFT      => 1,
            PAD_RIGHT     => 1,
            PE            => 1,
            SIMD          => 9,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            PAD_VALUE     => 0,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => CONV_WEIGHTS,
            BIAS          => CONV_BIAS,
            MULTIPLIERS   => CONV_MULTIPLIERS,
            SHIFTS        => CONV_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_held_1_valid,
            in_ready  => in_held_1_ready,
            in_data   => in_held_1_data,
            in_last   => in_held_1_last,
            out_valid => conv_valid,
            out_ready => conv_ready,
            out_data  => conv_data,
            out_last  => conv_last
        );

    conv_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 1,
                FILE_NAME => "tap_conv.bin"
            )
            port map (
                clk   => clk,
                valid => conv_valid,
                ready => conv_ready,
                data  => conv_data
            );
    end generate;

    conv_held : entity work.register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => conv_valid,
            in_ready  => conv_ready,
            in_data   => conv_data,
            in_last   => conv_last,
            out_valid => conv_held_valid,
            out_ready => conv_held_ready,
            out_data  => conv_held_data,
            out_last  => conv_held_last
        );

    -- sum: add, 4x4x1 to 4x4x1
    --   weights of 15 bits, accumulator of 22 bits; output 0 to 127, scale 0.0157480315
    --   16 clocks an image
    sum : entity work.add_stream
        generic map (
            INPUTS        => 2,
            CHANNELS      => 1,
            BEATS         => 16,
            PE            => 1,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => 0,
            OUT_HIGH      => 127,
            WEIGHTS       => SUM_WEIGHTS,
            BIAS          => 0,
            MULTIPLIER    => 26844,
            SHIFT         => 28
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid(0) => in_held_2_valid,
            in_valid(1) => conv_held_valid,
            in_ready(0) => in_held_2_ready,
            in_ready(1) => conv_held_ready,
            in_last(0) => in_held_2_last,
            in_last(1) => conv_held_last,
            in_data(0 to 0) => in_held_2_data,
            in_data(1 to 1) => conv_held_data,
            out_valid => sum_valid,
            out_ready => sum_ready,
            out_data  => sum_data,
            out_last  => sum_last
        );

    sum_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 1,
                FILE_NAME => "tap_sum.bin"
            )
            port map (
                clk   => clk,
                valid => sum_valid,
                ready => sum_ready,
                data  => sum_data
            );
    end generate;

    sum_fork : entity work.stream_fork
        generic map (
            OUTPUTS => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => sum_valid,
            in_ready  => sum_ready,
            out_valid => sum_fork_valid,
            out_ready => sum_fork_ready
        );

    -- for down
    sum_held_1 : entity work.register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => sum_fork_valid(0),
            in_ready  => sum_fork_ready(0),
            in_data   => sum_data,
            in_last   => sum_last,
            out_valid => sum_held_1_valid,
            out_ready => sum_held_1_ready,
            out_data  => sum_held_1_data,
            out_last  => sum_held_1_last
        );

    -- for both: 12 beats wait here at most
    sum_held_2 : entity work.stream_fifo
        generic map (
            LANES => 1,
            DEPTH => 12,
            LOW   => 0,
            HIGH  => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => sum_fork_valid(1),
            in_ready  => sum_fork_ready(1),
            in_data   => sum_data,
            in_last   => sum_last,
            out_valid => sum_held_2_valid,
            out_ready => sum_held_2_ready,
            out_data  => sum_held_2_data,
            out_last  => sum_held_2_last
        );

    -- for both: 12 beats wait here at most
    sum_held_3 : entity work.stream_fifo
        generic map (
            LANES => 1,
            DEPTH => 12,
            LOW   => 0,
            HIGH  => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => sum_fork_valid(2),
            in_ready  => sum_fork_ready(2),
            in_data   => sum_data,
            in_last   => sum_last,
            out_valid => sum_held_3_valid,
            out_ready => sum_held_3_ready,
            out_data  => sum_held_3_data,
            out_last  => sum_held_3_last
        );

    -- down: max_pool2d, 4x4x1 to 2x2x1, window 2x2 every 2x2
    --   output -127 to 127, scale 0.0157480315
    --   16 clocks an image
    down : entity work.max_pool_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 1,
            KERNEL_HEIGHT => 2,
            KERNEL_WIDTH  => 2,
            STRIDE_HEIGHT => 2,
            STRIDE_WIDTH  => 2,
            PAD_TOP       => 0,
            PAD_BOTTOM    => 0,
            PAD_LEFT      => 0,
            PAD_RIGHT     => 0,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            OUT_LOW       => -127,
            OUT_HIGH      => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => sum_held_1_valid,
            in_ready  => sum_held_1_ready,
            in_data   => sum_held_1_data,
            in_last   => sum_held_1_last,
            out_valid => down_valid,
            out_ready => down_ready,
            out_data  => down_data,
            out_last  => down_last
        );

    down_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 1,
                FILE_NAME => "tap_down.bin"
            )
            port map (
                clk   => clk,
                valid => down_valid,
                ready => down_ready,
                data  => down_data
            );
    end generate;

    down_held : entity work.register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => down_valid,
            in_ready  => down_ready,
            in_data   => down_data,
            in_last   => down_last,
            out_valid => down_held_valid,
            out_ready => down_held_ready,
            out_data  => down_held_data,
            out_last  => down_held_last
        );

    -- up: upsample2d, 2x2x1 to 4x4x1
    --   output -127 to 127, scale 0.0157480315
    --   16 clocks an image
    up : entity work.upsample_stream
        generic map (
            HEIGHT        => 2,
            WIDTH         => 2,
            CHANNELS      => 1,
            FACTOR_HEIGHT => 2,
            FACTOR_WIDTH  => 2,
            IN_LOW        => -127,
            IN_HIGH       => 127
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => down_held_valid,
            in_ready  => down_held_ready,
            in_data   => down_held_data,
            in_last   => down_held_last,
            out_valid => up_valid,
            out_ready => up_ready,
            out_data  => up_data,
            out_last  => up_last
        );

    up_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 1,
                FILE_NAME => "tap_up.bin"
            )
            port map (
                clk   => clk,
                valid => up_valid,
                ready => up_ready,
                data  => up_data
            );
    end generate;

    up_held : entity work.register_stage
        generic map (
            LANES => 1
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => up_valid,
            in_ready  => up_ready,
            in_data   => up_data,
            in_last   => up_last,
            out_valid => up_held_valid,
            out_ready => up_held_ready,
            out_data  => up_held_data,
            out_last  => up_held_last
        );

    -- both: concat, 4x4x1 to 4x4x3
    --   output -127 to 127, scale 0.0157480315
    --   16 clocks an image
    both : entity work.concat_stream
        generic map (
            INPUTS        => 3,
            OUT_CHANNELS  => 3,
            BEATS         => 16,
            CHANNELS      => (1, 1, 1),
            PE            => 3,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            ZEROS         => (0, 0, 0),
            MULTIPLIERS   => (16384, 26214, 18022),
            SHIFTS        => (14, 15, 14)
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid(0) => up_held_valid,
            in_valid(1) => sum_held_2_valid,
            in_valid(2) => sum_held_3_valid,
            in_ready(0) => up_held_ready,
            in_ready(1) => sum_held_2_ready,
            in_ready(2) => sum_held_3_ready,
            in_last(0) => up_held_last,
            in_last(1) => sum_held_2_last,
            in_last(2) => sum_held_3_last,
            in_data(0 to 0) => up_held_data,
            in_data(1 to 1) => sum_held_2_data,
            in_data(2 to 2) => sum_held_3_data,
            out_valid => both_valid,
            out_ready => both_ready,
            out_data  => both_data,
            out_last  => both_last
        );

    both_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 3,
                FILE_NAME => "tap_both.bin"
            )
            port map (
                clk   => clk,
                valid => both_valid,
                ready => both_ready,
                data  => both_data
            );
    end generate;

    both_held : entity work.register_stage
        generic map (
            LANES => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => both_valid,
            in_ready  => both_ready,
            in_data   => both_data,
            in_last   => both_last,
            out_valid => both_held_valid,
            out_ready => both_held_ready,
            out_data  => both_held_data,
            out_last  => both_held_last
        );

    -- border: zero_pad2d, 4x4x3 to 5x5x3, window 1x1 every 1x1
    --   output -127 to 127, scale 0.0157480315
    --   25 clocks an image
    border : entity work.zero_pad_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 3,
            PAD_TOP       => 0,
            PAD_BOTTOM    => 1,
            PAD_LEFT      => 1,
            PAD_RIGHT     => 0,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            PAD_VALUE     => 0
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => both_held_valid,
            in_ready  => both_held_ready,
            in_data   => both_held_data,
            in_last   => both_held_last,
            out_valid => border_valid,
            out_ready => border_ready,
            out_data  => border_data,
            out_last  => border_last
        );

    border_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 3,
                FILE_NAME => "tap_border.bin"
            )
            port map (
                clk   => clk,
                valid => border_valid,
                ready => border_ready,
                data  => border_data
            );
    end generate;

    border_held : entity work.register_stage
        generic map (
            LANES => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => border_valid,
            in_ready  => border_ready,
            in_data   => border_data,
            in_last   => border_last,
            out_valid => border_held_valid,
            out_ready => border_held_ready,
            out_data  => border_held_data,
            out_last  => border_held_last
        );

    -- mean: average_pool2d, 5x5x3 to 1x1x3, window 5x5 every 5x5
    --   output -127 to 127, scale 0.0157480315
    --   25 clocks an image
    mean : entity work.global_average_pool_stream
        generic map (
            BEATS         => 25,
            CHANNELS      => 3,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            PE            => 3,
            BIAS          => 0,
            OUT_ZERO      => 0,
            MULTIPLIER    => 20972,
            SHIFT         => 19
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => border_held_valid,
            in_ready  => border_held_ready,
            in_data   => border_held_data,
            in_last   => border_held_last,
            out_valid => mean_valid,
            out_ready => mean_ready,
            out_data  => mean_data,
            out_last  => mean_last
        );

    mean_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 3,
                FILE_NAME => "tap_mean.bin"
            )
            port map (
                clk   => clk,
                valid => mean_valid,
                ready => mean_ready,
                data  => mean_data
            );
    end generate;

    mean_ready <= out_ready;

    out_valid <= mean_valid;
    out_data  <= mean_data;
    out_last  <= mean_last;

    -- Listens to the output; always ready, so it never holds it up.
    best_valid <= mean_valid and out_ready;

    best : entity work.arg_max
        generic map (
            LANES => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => best_valid,
            in_ready  => open,
            in_data   => mean_data,
            in_last   => mean_last,
            out_valid => class_valid,
            out_ready => '1',
            out_data  => best_data,
            out_last  => open
        );

    class_index <= best_data(0);

    -- Simulation only, from here on: what happens in the buffers.

    in_held_1_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 0,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => in_fork_valid(0),
                in_ready  => in_fork_ready(0),
                out_valid => in_held_1_valid,
                out_ready => in_held_1_ready,
                out_last  => in_held_1_last
            );
    end generate;

    in_held_2_watch : if PEAKS or PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 1,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => in_fork_valid(1),
                in_ready  => in_fork_ready(1),
                out_valid => in_held_2_valid,
                out_ready => in_held_2_ready,
                out_last  => in_held_2_last
            );
    end generate;

    conv_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 2,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => conv_valid,
                in_ready  => conv_ready,
                out_valid => conv_held_valid,
                out_ready => conv_held_ready,
                out_last  => conv_held_last
            );
    end generate;

    sum_held_1_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 3,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => sum_fork_valid(0),
                in_ready  => sum_fork_ready(0),
                out_valid => sum_held_1_valid,
                out_ready => sum_held_1_ready,
                out_last  => sum_held_1_last
            );
    end generate;

    sum_held_2_watch : if PEAKS or PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 4,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => sum_fork_valid(1),
                in_ready  => sum_fork_ready(1),
                out_valid => sum_held_2_valid,
                out_ready => sum_held_2_ready,
                out_last  => sum_held_2_last
            );
    end generate;

    sum_held_3_watch : if PEAKS or PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 5,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => sum_fork_valid(2),
                in_ready  => sum_fork_ready(2),
                out_valid => sum_held_3_valid,
                out_ready => sum_held_3_ready,
                out_last  => sum_held_3_last
            );
    end generate;

    down_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 6,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => down_valid,
                in_ready  => down_ready,
                out_valid => down_held_valid,
                out_ready => down_held_ready,
                out_last  => down_held_last
            );
    end generate;

    up_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 7,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => up_valid,
                in_ready  => up_ready,
                out_valid => up_held_valid,
                out_ready => up_held_ready,
                out_last  => up_held_last
            );
    end generate;

    both_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 8,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => both_valid,
                in_ready  => both_ready,
                out_valid => both_held_valid,
                out_ready => both_held_ready,
                out_last  => both_held_last
            );
    end generate;

    border_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 9,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => border_valid,
                in_ready  => border_ready,
                out_valid => border_held_valid,
                out_ready => border_held_ready,
                out_last  => border_held_last
            );
    end generate;

end architecture;
