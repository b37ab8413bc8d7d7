--------------------------------------------------------------------------------
-- folded_net_core: the network folded_net as a stream of layers
--
-- Written by dnn2fpga VERSION from the model "Folded net"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
--   4x4x2 --> signal_layer --> batch_norm --> average
--
-- in_data   a beat is 1 pixel of 2 values; beats of an image: 16; range -127 to 127,
--           real value = 0.00787401575 * (sample - 0); in_last marks an image's last beat
-- out_data  a beat is all 4 values; beats of an image: 1; range -127 to 127,
--           real value = 0.0157480315 * (sample - 0)
-- class     index of the highest output, the lowest index of equals; comes some clocks after the
--           output beat was taken, and is not held
--
-- With a source and a sink that never wait, an image takes 60 clocks, from the one that
-- takes its first beat to the one that takes its last output beat, and images follow each other
-- every 45 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.folded_net_constants.all;

entity folded_net_core is
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
        in_data     : in  sample_vector(0 to 1);
        in_last     : in  std_logic;
        out_valid   : out std_logic;
        out_ready   : in  std_logic;
        out_data    : out sample_vector(0 to 3);
        out_last    : out std_logic;
        class_valid : out std_logic;
        class_index : out sample_t
    );
end entity;

architecture structure of folded_net_core is

    signal signal_layer_valid, signal_layer_ready, signal_layer_last : std_logic;
    signal signal_layer_data : sample_vector(0 to 3);
    signal signal_layer_held_valid, signal_layer_held_ready, signal_layer_held_last : std_logic;
    signal signal_layer_held_data : sample_vector(0 to 3);

    signal batch_norm_valid, batch_norm_ready, batch_norm_last : std_logic;
    signal batch_norm_data : sample_vector(0 to 3);
    signal batch_norm_held_valid, batch_norm_held_ready, batch_norm_held_last : std_logic;
    signal batch_norm_held_data : sample_vector(0 to 3);

    signal average_valid, average_ready, average_last : std_logic;
    signal average_data : sample_vector(0 to 3);

    signal best_valid : std_logic;
    signal best_data  : sample_vector(0 to 0);

begin

    -- signal: conv2d, 4x4x2 to 2x2x4, window 3x3 every 2x2
    --   weights of 8 bits, accumulator of 19 bits; output -127 to 127, scale 0.0157480315
    --   PE 2 x SIMD 6: 12 multipliers, 6 clocks for each window; 45 clocks an image
    signal_layer : entity work.conv2d_stream
        generic map (
            HEIGHT        => 4,
            WIDTH         => 4,
            CHANNELS      => 2,
            FILTERS       => 4,
            KERNEL_HEIGHT => 3,
            KERNEL_WIDTH  => 3,
            STRIDE_HEIGHT => 2,
            STRIDE_WIDTH  => 2,
            PAD_TOP       => 0,
            PAD_BOTTOM    => 1,
            PAD_LEFT      => 0,
            PAD_RIGHT     => 1,
            PE            => 2,
            SIMD          => 6,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            PAD_VALUE     => 0,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => SIGNAL_LAYER_WEIGHTS,
            BIAS          => SIGNAL_LAYER_BIAS,
            MULTIPLIERS   => SIGNAL_LAYER_MULTIPLIERS,
            SHIFTS        => SIGNAL_LAYER_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => in_valid,
            in_ready  => in_ready,
            in_data   => in_data,
            in_last   => in_last,
            out_valid => signal_layer_valid,
            out_ready => signal_layer_ready,
            out_data  => signal_layer_data,
            out_last  => signal_layer_last
        );

    signal_layer_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_signal_layer.bin"
            )
            port map (
                clk   => clk,
                valid => signal_layer_valid,
                ready => signal_layer_ready,
                data  => signal_layer_data
            );
    end generate;

    signal_layer_held : entity work.register_stage
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => signal_layer_valid,
            in_ready  => signal_layer_ready,
            in_data   => signal_layer_data,
            in_last   => signal_layer_last,
            out_valid => signal_layer_held_valid,
            out_ready => signal_layer_held_ready,
            out_data  => signal_layer_held_data,
            out_last  => signal_layer_held_last
        );

    -- batch/norm: affine, 2x2x4 to 2x2x4
    --   weights of 8 bits, accumulator of 15 bits; output -127 to 127, scale 0.0157480315
    --   4 clocks an image
    batch_norm : entity work.affine_stream
        generic map (
            CHANNELS      => 4,
            BEATS         => 4,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            WEIGHT_LOW    => -128,
            WEIGHT_HIGH   => 127,
            OUT_ZERO      => 0,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            WEIGHTS       => BATCH_NORM_WEIGHTS,
            BIAS          => BATCH_NORM_BIAS,
            MULTIPLIERS   => BATCH_NORM_MULTIPLIERS,
            SHIFTS        => BATCH_NORM_SHIFTS
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => signal_layer_held_valid,
            in_ready  => signal_layer_held_ready,
            in_data   => signal_layer_held_data,
            in_last   => signal_layer_held_last,
            out_valid => batch_norm_valid,
            out_ready => batch_norm_ready,
            out_data  => batch_norm_data,
            out_last  => batch_norm_last
        );

    batch_norm_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_batch_norm.bin"
            )
            port map (
                clk   => clk,
                valid => batch_norm_valid,
                ready => batch_norm_ready,
                data  => batch_norm_data
            );
    end generate;

    batch_norm_held : entity work.register_stage
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => batch_norm_valid,
            in_ready  => batch_norm_ready,
            in_data   => batch_norm_data,
            in_last   => batch_norm_last,
            out_valid => batch_norm_held_valid,
            out_ready => batch_norm_held_ready,
            out_data  => batch_norm_held_data,
            out_last  => batch_norm_held_last
        );

    -- average: average_pool2d, 2x2x4 to 1x1x4, window 2x2 every 1x1
    --   output -127 to 127, scale 0.0157480315
    --   4 clocks an image
    average : entity work.global_average_pool_stream
        generic map (
            BEATS         => 4,
            CHANNELS      => 4,
            IN_LOW        => -127,
            IN_HIGH       => 127,
            OUT_LOW       => -127,
            OUT_HIGH      => 127,
            PE            => 4,
            BIAS          => 0,
            OUT_ZERO      => 0,
            MULTIPLIER    => 16384,
            SHIFT         => 16
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => batch_norm_held_valid,
            in_ready  => batch_norm_held_ready,
            in_data   => batch_norm_held_data,
            in_last   => batch_norm_held_last,
            out_valid => average_valid,
            out_ready => average_ready,
            out_data  => average_data,
            out_last  => average_last
        );

    average_tap : if TAPS generate
        tap : entity work.stream_tap
            generic map (
                LANES     => 4,
                FILE_NAME => "tap_average.bin"
            )
            port map (
                clk   => clk,
                valid => average_valid,
                ready => average_ready,
                data  => average_data
            );
    end generate;

    average_ready <= out_ready;

    out_valid <= average_valid;
    out_data  <= average_data;
    out_last  <= average_last;

    -- Listens to the output; always ready, so it never holds it up.
    best_valid <= average_valid and out_ready;

    best : entity work.arg_max
        generic map (
            LANES => 4
        )
        port map (
            clk       => clk,
            rst       => rst,
            in_valid  => best_valid,
            in_ready  => open,
            in_data   => average_data,
            in_last   => average_last,
            out_valid => class_valid,
            out_ready => '1',
            out_data  => best_data,
            out_last  => open
        );

    class_index <= best_data(0);

    -- Simulation only, from here on: what happens in the buffers.

    signal_layer_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 0,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => signal_layer_valid,
                in_ready  => signal_layer_ready,
                out_valid => signal_layer_held_valid,
                out_ready => signal_layer_held_ready,
                out_last  => signal_layer_held_last
            );
    end generate;

    batch_norm_held_watch : if PATIENCE > 0 generate
        watch : entity work.buffer_watch
            generic map (
                INDEX    => 1,
                PATIENCE => PATIENCE
            )
            port map (
                clk       => clk,
                rst       => rst,
                in_valid  => batch_norm_valid,
                in_ready  => batch_norm_ready,
                out_valid => batch_norm_held_valid,
                out_ready => batch_norm_held_ready,
                out_last  => batch_norm_held_last
            );
    end generate;

end architecture;
