--------------------------------------------------------------------------------
-- float_probe: one floating-point entity of the library, between two bridges and behind plain
-- ports, to be synthesized
--
-- What synth_probe is for the integer entities, with the same ports: 4 lanes of 8-bit samples in
-- images of 36 beats, 4 lanes out. Number 0 has nothing but a register stage between the bridges.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity float_probe is
    generic (
        ENTITY_NUMBER : natural := 0
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  std_logic_vector(31 downto 0);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out std_logic_vector(63 downto 0);
        out_last  : out std_logic
    );
end entity;

architecture rtl of float_probe is

    -- Something like weights: of 0.25 to 1, both signs, a negative zero at the end.
    function scattered (count : natural) return float_vector is
        variable list  : float_vector(0 to count - 1);
        variable value : natural := 1;
    begin
        for i in list'range loop
            value   := (value * 75 + 74) mod 65537;
            list(i) := 1048576000 + value * 255;
            if value mod 2 = 1 then
                list(i) := list(i) + integer'low;
            end if;
        end loop;
        list(count - 1) := -2147483648;
        return list;
    end function;

    constant BIAS    : float_vector(0 to 3)   := scattered(4);
    constant WEIGHTS : float_vector(0 to 63)  := scattered(64);

    constant TENTH : integer := 1036831949;  -- 0.1
    constant EIGHT : integer := 1090519040;  -- 8.0
    constant HALF  : integer := 1056964608;  -- 0.5

    signal samples, results                  : sample_vector(0 to 3);
    signal from_valid, from_ready, from_last : std_logic;
    signal to_valid, to_ready, to_last       : std_logic;
    signal from_data, to_data                : float_vector(0 to 3);

begin

    lanes : for lane in 0 to 3 generate
        samples(lane) <= sample_t(to_integer(signed(in_data(8 * lane + 7 downto 8 * lane))));
        out_data(16 * lane + 15 downto 16 * lane)
            <= std_logic_vector(to_signed(integer(results(lane)), 16));
    end generate;

    bridge_in : entity work.int_to_float_stream
        generic map (LANES => 4, IN_LOW => -128, IN_HIGH => 127, ZERO => 3, SCALE => TENTH)
        port map (clk, rst, in_valid, in_ready, samples, in_last,
                  from_valid, from_ready, from_data, from_last);

    staged : if ENTITY_NUMBER = 0 generate
        dut : entity work.float_register_stage
            generic map (LANES => 4)
            port map (clk, rst, from_valid, from_ready, from_data, from_last,
                      to_valid, to_ready, to_data, to_last);
    end generate;

    -- A border, two filter groups.
    conv2d : if ENTITY_NUMBER = 1 generate
        dut : entity work.conv2d_float_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, FILTERS => 4,
                KERNEL_HEIGHT => 2, KERNEL_WIDTH => 1, STRIDE_HEIGHT => 1, STRIDE_WIDTH => 2,
                PAD_TOP => 1, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 1,
                PE => 2, RELU => false, WEIGHTS => WEIGHTS(32 to 63), BIAS => BIAS
            )
            port map (clk, rst, from_valid, from_ready, from_data, from_last,
                      to_valid, to_ready, to_data, to_last);
    end generate;

    -- Behind a pool that leaves four beats, so that an image takes few clocks; two output groups.
    dense : if ENTITY_NUMBER = 2 generate
        signal pool_valid, pool_ready, pool_last : std_logic;
        signal pool_data                         : float_vector(0 to 3);
    begin
        pool : entity work.max_pool_float_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                KERNEL_HEIGHT => 1, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 5, STRIDE_WIDTH => 3,
                PAD_TOP => 0, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 0, RELU => true
            )
            port map (clk, rst, from_valid, from_ready, from_data, from_last,
                      pool_valid, pool_ready, pool_data, pool_last);

        dut : entity work.dense_float_stream
            generic map (
                IN_LANES => 4, BEATS => 4, OUTPUTS => 4, PE => 2, RELU => false,
                WEIGHTS => WEIGHTS, BIAS => BIAS
            )
            port map (clk, rst, pool_valid, pool_ready, pool_data, pool_last,
                      to_valid, to_ready, to_data, to_last);
    end generate;

    max_pool : if ENTITY_NUMBER = 3 generate
        dut : entity work.max_pool_float_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                KERNEL_HEIGHT => 2, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 2, STRIDE_WIDTH => 1,
                PAD_TOP => 0, PAD_BOTTOM => 1, PAD_LEFT => 2, PAD_RIGHT => 0, RELU => false
            )
            port map (clk, rst, from_valid, from_ready, from_data, from_last,
                      to_valid, to_ready, to_data, to_last);
    end generate;

    average_pool : if ENTITY_NUMBER = 4 generate
        dut : entity work.average_pool_float_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                KERNEL_HEIGHT => 1, KERNEL_WIDTH => 2, STRIDE_HEIGHT => 1, STRIDE_WIDTH => 2,
                SCALE => HALF, RELU => false
            )
            port map (clk, rst, from_valid, from_ready, from_data, from_last,
                      to_valid, to_ready, to_data, to_last);
    end generate;

    bridge_out : entity work.float_to_int_stream
        generic map (LANES => 4, INVERSE_SCALE => EIGHT, ZERO => -3, OUT_LOW => -128,
                     OUT_HIGH => 127)
        port map (clk, rst, to_valid, to_ready, to_data, to_last,
                  out_valid, out_ready, results, out_last);

end architecture;
