--------------------------------------------------------------------------------
-- tiny_cnn_core: the network tiny_cnn as a stream of layers
--
-- Written by dnn2fpga VERSION from the model "tiny_cnn"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
--   6x6x1 --> conv2d --> max_pooling2d --> dense
--
-- in_data   a beat is 1 value; beats of an image: 36; range -127 to 127,
--           real value = 0.00787401575 * (sample - 0); in_last marks an image's last beat
-- out_data  a beat is all 3 values; beats of an image: 1; range -127 to 127,
--           real value = 0.0157480315 * (sample - 0)
-- class     index of the highest output, the lowest index of equals; comes some clocks after the
--           output beat was taken, and is not held
--
-- With a source and a sink that never wait, an image takes 55 clocks, from the one that
-- takes its first beat to the one that takes its last output beat, and images follow each other
-- every 36 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.tiny_cnn_constants.all;

entity tiny_cnn_core is
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

architecture structure of tiny_cnn_core is

    signal conv2d_valid, conv2d_ready, conv2d_last : std_logic;
    signal conv2d_data : sample_vector(0 to 1);
    signal conv2d_held_valid, conv2d_held_ready, conv2d_held_last : std_logic;
    signal conv2d_held_data : sample_vector(0 to 1);

    signal max_pooling2d_valid, max_pooling2d_ready, max_pooling2d_last : std_logic;
    signal max_pooling2d_data : sample_vector(0 to 1);
    signal max_pooling2d_held_valid, max_pooling2d_held_ready, max_pooling2d_held_last : std_logic;
    signal max_pooling2d_held_data : sample_vector(0 to 1);

    signal dense_valid, dense_ready, dense_last : std_logic;
    signal dense_data : sample_vector(0 to 2);

    signal best_valid : std_logic;
    signal best_data  : sample_vector(0 to 0);

begin

    -- conv2d: conv2d, 6x6x1 to 4x4x2, window 3x3 every 1x1
    --   weights of 8 bits, accumulator of 18 bits; output 0 to 127, scale 0.0157480315
    --   PE 2 x SIMD 9: 18 multipliers, 1 clock for each window; 36 clocks an image
    conv2d : entity work.conv2d_stream
        generic map (
            HEIGHT        => 6,
            WIDTH         => 6,
            CHANNELS      => 1,
            FILTERS       => 2,
            KERNEL_HEIGHT => 3,
            KERNEL_WIDTH  => 3,
            STRIDE_HEIGHT => 1,
            STRIDE_WIDTH  => 1,
            PAD_TOP       => 0,
            PAD_BOTTOM    => 0,
            PAD_LEFT      => 0,
            PAD_RIGHT     => 0,
            PE            => 2,
            SIMD          => 9,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            PAD_VALUE     => 0,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => 0,
            OUT_HIGH      => 127,
            WEIGHTS       => CONV2D_WEIGHTS,
            BIAS          => CONV2D_BIAS,
            MULTIPLIERS   => CONV2D_MULTIPLIERS,
            SHIFTS        => CONV2D_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            in_data   => in_data,
            in_last   => in_last,
            out_valid => conv2d_valid,
            out_ready => conv2d_ready,
            out_data  => conv2d_data,
            out_last  => conv2d_last
        );

    conv2d_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 2,
                FILE_NAME => "tap_conv2d.bin"
            )
            port map (
                clk   => clk,
                valid => conv2d_valid,
                ready => conv2d_ready,
                data  => conv2d_data
            );
    end generate;

    conv2d_held : entity work.register_stage
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

    -- max_pooling2d: max_pool2d, 4x4x2 to 2x2x2, window 2x2 every 2x2
    --   output -127 to 127, scale 0.0157480315
    --   16 clocks an image
    max_pooling2d : entity work.max_pool_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 2,
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
            in_valid  => conv2d_held_valid,
            in_ready  => conv2d_held_ready,
            in_data   => conv2d_held_data,
            in_last   => conv2d_held_last,
            out_valid => max_pooling2d_valid,
            out_ready => max_pooling2d_ready,
            out_data  => max_pooling2d_data,
            out_last  => max_pooling2d_last
        );

    max_pooling2d_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 2,
                FILE_NAME => "tap_max_pooling2d.bin"
            )
            port map (
                clk   => clk,
                valid => max_pooling2d_valid,
                ready => max_pooling2d_ready,
                data  => max_pooling2d_data
            );
    end generate;

    max_pooling2d_held : entity work.register_stage
        generic map (
            LANES => 2
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => max_pooling2d_valid,
            in_ready  => max_pooling2d_ready,
            in_data   => max_pooling2d_data,
            in_last   => max_pooling2d_last,
            out_valid => max_pooling2d_held_valid,
            out_ready => max_pooling2d_held_ready,
            out_data  => max_pooling2d_held_data,
            out_last  => max_pooling2d_held_last
        );

    -- dense: dense, 2x2x2 to 3
    --   weights of 8 bits, accumulator of 18 bits; output -127 to 127, scale 0.0157480315
    --   PE 3 x SIMD 2: 6 multipliers, 1 clock for each beat; 4 clocks an image
    dense : entity work.dense_stream
        generic map (
            IN_LANES      => 2,
            BEATS         => 4,
            OUTPUTS       => 3,
            PE            => 3,
            SIMD          => 2,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => DENSE_WEIGHTS,
            BIAS          => DENSE_BIAS,
            MULTIPLIERS   => DENSE_MULTIPLIERS,
            SHIFTS        => DENSE_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => max_pooling2d_held_valid,
            in_ready  => max_pooling2d_held_ready,
            in_data   => max_pooling2d_held_data,
            in_last   => max_pooling2d_held_last,
            out_valid => dense_valid,
            out_ready => dense_ready,
            out_data  => dense_data,
            out_last  => dense_last
        );

    dense_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 3,
                FILE_NAME => "tap_dense.bin"
            )
            port map (
                clk   => clk,
                valid => dense_valid,
                ready => dense_ready,
                data  => dense_data
            );
    end generate;

    dense_ready <= out_ready;

    out_valid <= dense_valid;
    out_data  <= dense_data;
    out_last  <= dense_last;

    -- Listens to the output; always ready, so it never holds it up.
    best_valid <= dense_valid and out_ready;

    best : entity work.arg_max
        generic map (
            LANES => 3
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => best_valid,
            in_ready  => open,
            in_data   => dense_data,
            in_last   => dense_last,
            out_valid => class_valid,
            out_ready => '1',
            out_data  => best_data,
            out_last  => open
        );

    class_index <= best_data(0);

    -- Simulation only, from here on: what happens in the buffers.

    conv2d_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 0,
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

    max_pooling2d_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 1,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => max_pooling2d_valid,
                in_ready  => max_pooling2d_ready,
                out_valid => max_pooling2d_held_valid,
                out_ready => max_pooling2d_held_ready,
                out_last  => max_pooling2d_held_last
            );
    end generate;

end architecture;
