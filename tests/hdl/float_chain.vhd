--------------------------------------------------------------------------------
-- float_chain: every floating-point entity in one design, for ghdl --synth
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity float_chain is
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to 3);
        out_last  : out std_logic
    );
end entity;

architecture structure of float_chain is

    -- 1.0, -0.5, 0.0, 1.5 and so on; what they are does not matter, but -0.0 must pass.
    function some_words (count : natural) return float_vector is
        variable words : float_vector(0 to count - 1);
    begin
        for i in words'range loop
            words(i) := 1056964608 + (i * 7919) mod 8388608;
            if i mod 3 = 0 then
                words(i) := words(i) + integer'low;
            end if;
        end loop;
        words(count - 1) := -2147483648;
        return words;
    end function;

    type valid_t is array (0 to 5) of std_logic;

    signal valid, ready, last : valid_t;
    signal data0              : float_vector(0 to 1);
    signal data1, data2       : float_vector(0 to 3);
    signal data3, data4       : float_vector(0 to 3);
    signal data5              : float_vector(0 to 3);

begin

    bridge_in : entity work.int_to_float_stream
        generic map (LANES => 2, IN_LOW => -128, IN_HIGH => 127, ZERO => 3, SCALE => 1008981770)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  valid(0), ready(0), data0, last(0));

    convolution : entity work.conv2d_float_stream
        generic map (
            HEIGHT => 8, WIDTH => 8, CHANNELS => 2, FILTERS => 4,
            KERNEL_HEIGHT => 3, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 1, STRIDE_WIDTH => 1,
            PAD_TOP => 1, PAD_BOTTOM => 1, PAD_LEFT => 1, PAD_RIGHT => 1, PE => 2, RELU => true,
            WEIGHTS => some_words(72), BIAS => some_words(4)
        )
        port map (clk, rst, valid(0), ready(0), data0, last(0),
                  valid(1), ready(1), data1, last(1));

    stage : entity work.float_register_stage
        generic map (LANES => 4)
        port map (clk, rst, valid(1), ready(1), data1, last(1),
                  valid(2), ready(2), data2, last(2));

    highest : entity work.max_pool_float_stream
        generic map (
            HEIGHT => 8, WIDTH => 8, CHANNELS => 4, KERNEL_HEIGHT => 2, KERNEL_WIDTH => 2,
            STRIDE_HEIGHT => 2, STRIDE_WIDTH => 2,
            PAD_TOP => 0, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 0, RELU => false
        )
        port map (clk, rst, valid(2), ready(2), data2, last(2),
                  valid(3), ready(3), data3, last(3));

    mean : entity work.average_pool_float_stream
        generic map (
            HEIGHT => 4, WIDTH => 4, CHANNELS => 4, KERNEL_HEIGHT => 2, KERNEL_WIDTH => 2,
            STRIDE_HEIGHT => 2, STRIDE_WIDTH => 2, SCALE => 1048576000, RELU => false
        )
        port map (clk, rst, valid(3), ready(3), data3, last(3),
                  valid(4), ready(4), data4, last(4));

    dense : entity work.dense_float_stream
        generic map (
            IN_LANES => 4, BEATS => 4, OUTPUTS => 4, PE => 2, RELU => false,
            WEIGHTS => some_words(64), BIAS => some_words(4)
        )
        port map (clk, rst, valid(4), ready(4), data4, last(4),
                  valid(5), ready(5), data5, last(5));

    bridge_out : entity work.float_to_int_stream
        generic map (LANES => 4, INVERSE_SCALE => 1120403456, ZERO => 0, OUT_LOW => -128,
                     OUT_HIGH => 127)
        port map (clk, rst, valid(5), ready(5), data5, last(5),
                  out_valid, out_ready, out_data, out_last);

end architecture;
