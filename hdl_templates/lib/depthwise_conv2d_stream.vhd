--------------------------------------------------------------------------------
-- depthwise_conv2d_stream: two-dimensional convolution of each channel on its own, requantized
--
--   in_data --> window --> PE x SIMD multipliers --> requantize --> out_data
--   (pixel)     (held)     F steps for each window   (PE at once)   (pixel of FILTERS)
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS        input image, pixels and samples of a pixel
--   MULTIPLIER                     filters of each channel; filter f works on channel f/MULTIPLIER
--   KERNEL_*, STRIDE_*, PAD_*      window, pixels; the border has the value PAD_VALUE
--   PE, SIMD                       filters and window elements of one fold step;
--                                  PE divides FILTERS, SIMD divides K
--   IN_LOW, IN_HIGH                range of the input samples
--   WEIGHT_LOW, WEIGHT_HIGH        range of the weights
--   OUT_ZERO, OUT_LOW, OUT_HIGH    zero point and clamp of the output
--   LOADABLE                       WEIGHTS is not used: a weight_memory gives the rows
--   WEIGHTS                        one row of PE*SIMD values for each fold step; step = filter
--                                  group * (K/SIMD) + group of window elements; in a row the
--                                  elements of a filter follow each other
--   BIAS, MULTIPLIERS, SHIFTS      one value for each filter
--
--   FILTERS = CHANNELS * MULTIPLIER    K = KERNEL_HEIGHT * KERNEL_WIDTH
--   F = (FILTERS/PE) * (K/SIMD)
--
-- Timing: that of conv2d_stream with this F. It is a conv2d_stream, with DEPTHWISE.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity depthwise_conv2d_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS, MULTIPLIER      : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        PE, SIMD                                 : positive;
        IN_LOW, IN_HIGH, PAD_VALUE               : integer;
        WEIGHT_LOW, WEIGHT_HIGH                  : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH              : integer;
        LOADABLE                                 : boolean := false;
        WEIGHTS                                  : sample_vector := NO_WEIGHTS;
        BIAS, MULTIPLIERS, SHIFTS                : integer_vector
    );
    port (
        clk           : in  std_logic;
        rst           : in  std_logic;
        in_valid      : in  std_logic;
        in_ready      : out std_logic;
        in_data       : in  sample_vector(0 to CHANNELS - 1);
        in_last       : in  std_logic;
        out_valid     : out std_logic;
        out_ready     : in  std_logic;
        out_data      : out sample_vector(0 to CHANNELS * MULTIPLIER - 1);
        out_last      : out std_logic;
        -- LOADABLE, to a weight_memory: the row of this step, when enabled, at the next edge
        weight_step   : out natural := 0;
        weight_enable : out std_logic;
        weight_row    : in  sample_vector(0 to PE * SIMD - 1) := (others => 0)
    );
end entity;

architecture rtl of depthwise_conv2d_stream is
begin

    convolution : entity work.conv2d_stream
        generic map (
            HEIGHT        => HEIGHT,
            WIDTH         => WIDTH,
            CHANNELS      => CHANNELS,
            FILTERS       => CHANNELS * MULTIPLIER,
            KERNEL_HEIGHT => KERNEL_HEIGHT,
            KERNEL_WIDTH  => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT,
            STRIDE_WIDTH  => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,
            PAD_BOTTOM    => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,
            PAD_RIGHT     => PAD_RIGHT,
            PE            => PE,
            SIMD          => SIMD,
            IN_LOW        => IN_LOW,
            IN_HIGH       => IN_HIGH,
            PAD_VALUE     => PAD_VALUE,
            WEIGHT_LOW    => WEIGHT_LOW,
            WEIGHT_HIGH   => WEIGHT_HIGH,
            OUT_ZERO      => OUT_ZERO,
            OUT_LOW       => OUT_LOW,
            OUT_HIGH      => OUT_HIGH,
            DEPTHWISE     => true,
            LOADABLE      => LOADABLE,
            WEIGHTS       => WEIGHTS,
            BIAS          => BIAS,
            MULTIPLIERS   => MULTIPLIERS,
            SHIFTS        => SHIFTS
        )
        port map (
            clk           => clk,
            rst           => rst,
            in_valid      => in_valid,
            in_ready      => in_ready,
            in_data       => in_data,
            in_last       => in_last,
            out_valid     => out_valid,
            out_ready     => out_ready,
            out_data      => out_data,
            out_last      => out_last,
            weight_step   => weight_step,
            weight_enable => weight_enable,
            weight_row    => weight_row
        );

end architecture;
