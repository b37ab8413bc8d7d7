--------------------------------------------------------------------------------
-- synth_probe: one entity of the library behind plain ports, to be synthesized
--
-- `ghdl --synth -gENTITY=n synth_probe` shows that entity n passes, and its netlist has ports that
-- netlist_bench can drive. Every probe takes 4 lanes of 8-bit samples, in images of 36 beats, and
-- gives 4 lanes; the generics are such that fold steps, borders and groups all occur.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;

entity synth_probe is
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

architecture rtl of synth_probe is

    -- Something like weights: no pattern, both signs.
    function scattered (count : natural; low, high : integer) return sample_vector is
        variable list  : sample_vector(0 to count - 1);
        variable value : natural := 1;
    begin
        for i in list'range loop
            value   := (value * 75 + 74) mod 65537;
            list(i) := sample_t(low + value mod (high - low + 1));
        end loop;
        return list;
    end function;

    constant WEIGHTS_9   : sample_vector(0 to 143) := scattered(144, -127, 127);
    constant WEIGHTS_36  : sample_vector(0 to 575) := scattered(576, -127, 127);
    constant WEIGHTS_K   : sample_vector(0 to 35) := scattered(36, -127, 127);
    constant WEIGHTS_1   : sample_vector(0 to 3) := scattered(4, -127, 127);
    constant SIGMOID     : sample_vector(0 to 255) := scattered(256, -128, 127);
    constant BIAS        : integer_vector(0 to 3) := (100, -200, 3000, -4000);
    constant MULTIPLIERS : integer_vector(0 to 3) := (20000, 17000, 30000, 23456);
    constant LONG        : integer_vector(0 to 3) := (21, 20, 22, 21);
    constant ALIKE       : integer_vector(0 to 3) := (20000, 20000, 20000, 20000);
    constant SHORT       : integer_vector(0 to 3) := (14, 15, 16, 17);

    signal samples : sample_vector(0 to 3);
    signal results : sample_vector(0 to 3);

begin

    lanes : for lane in 0 to 3 generate
        samples(lane) <= sample_t(to_integer(signed(in_data(8 * lane + 7 downto 8 * lane))));
        out_data(16 * lane + 15 downto 16 * lane)
            <= std_logic_vector(to_signed(integer(results(lane)), 16));
    end generate;

    -- A border, two filter groups of three steps each, a scale for each filter.
    folded_conv2d : if ENTITY_NUMBER = 0 generate
        dut : entity work.conv2d_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, FILTERS => 4,
                KERNEL_HEIGHT => 3, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 1, STRIDE_WIDTH => 2,
                PAD_TOP => 1, PAD_BOTTOM => 1, PAD_LEFT => 1, PAD_RIGHT => 0,
                PE => 2, SIMD => 12, IN_LOW => -128, IN_HIGH => 127, PAD_VALUE => 5,
                WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => -3, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_9, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    -- All at once, one scale.
    parallel_conv2d : if ENTITY_NUMBER = 1 generate
        dut : entity work.conv2d_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, FILTERS => 4,
                KERNEL_HEIGHT => 3, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 1, STRIDE_WIDTH => 1,
                PAD_TOP => 0, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 0,
                PE => 4, SIMD => 36, IN_LOW => -128, IN_HIGH => 127, PAD_VALUE => 0,
                WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => 0, OUT_LOW => 0, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_9, BIAS => BIAS, MULTIPLIERS => ALIKE, SHIFTS => (0 to 3 => 22)
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    folded_dense : if ENTITY_NUMBER = 2 generate
        dut : entity work.dense_stream
            generic map (
                IN_LANES => 4, BEATS => 36, OUTPUTS => 4, PE => 2, SIMD => 2,
                IN_LOW => -128, IN_HIGH => 127, WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => 0, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_36, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    parallel_dense : if ENTITY_NUMBER = 3 generate
        dut : entity work.dense_stream
            generic map (
                IN_LANES => 4, BEATS => 36, OUTPUTS => 4, PE => 4, SIMD => 4,
                IN_LOW => -128, IN_HIGH => 127, WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => 0, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_36, BIAS => BIAS, MULTIPLIERS => ALIKE, SHIFTS => (0 to 3 => 21)
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    max_pool : if ENTITY_NUMBER = 4 generate
        dut : entity work.max_pool_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                KERNEL_HEIGHT => 3, KERNEL_WIDTH => 2, STRIDE_HEIGHT => 2, STRIDE_WIDTH => 2,
                PAD_TOP => 1, PAD_BOTTOM => 1, PAD_LEFT => 0, PAD_RIGHT => 1,
                IN_LOW => -128, IN_HIGH => 127, OUT_LOW => -100, OUT_HIGH => 100
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    average_pool : if ENTITY_NUMBER = 5 generate
        dut : entity work.average_pool_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                KERNEL_HEIGHT => 2, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 2, STRIDE_WIDTH => 1,
                PAD_TOP => 0, PAD_BOTTOM => 0, PAD_LEFT => 0, PAD_RIGHT => 0,
                IN_LOW => -128, IN_HIGH => 127, BIAS => -6,
                OUT_ZERO => 1, OUT_LOW => -128, OUT_HIGH => 127,
                MULTIPLIER => 21845, SHIFT => 16
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    affine : if ENTITY_NUMBER = 6 generate
        dut : entity work.affine_stream
            generic map (
                CHANNELS => 4, BEATS => 36, IN_LOW => -128, IN_HIGH => 127,
                WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => 9, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_1, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    activation : if ENTITY_NUMBER = 7 generate
        dut : entity work.table_stream
            generic map (LANES => 4, IN_LOW => -128, IN_HIGH => 127, TABLE => SIGMOID)
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    requantizer : if ENTITY_NUMBER = 8 generate
        signal accumulators : integer_vector(0 to 3);
    begin
        widen : for lane in 0 to 3 generate
            accumulators(lane) <= integer(samples(lane)) * 65536 + 12345;
        end generate;

        dut : entity work.requantize_stream
            generic map (
                LANES => 4, OUT_ZERO => -1, OUT_LOW => -32768, OUT_HIGH => 32767,
                MULTIPLIERS => (3, 1, 200, 23456), SHIFTS => SHORT
            )
            port map (clk, rst, in_valid, in_ready, accumulators, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    best : if ENTITY_NUMBER = 9 generate
        results(1 to 3) <= (0, 0, 0);

        dut : entity work.arg_max
            generic map (LANES => 4)
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results(0 to 0), out_last);
    end generate;

    stage : if ENTITY_NUMBER = 10 generate
        dut : entity work.register_stage
            generic map (LANES => 4)
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    -- Two ways from a fork to a sum, one of them through a deep buffer.
    branches : if ENTITY_NUMBER = 11 generate
        signal fork_valid, fork_ready           : std_logic_vector(0 to 1);
        signal join_valid, join_ready, join_last : std_logic_vector(0 to 1);
        signal join_data                        : sample_vector(0 to 7);
    begin
        both : entity work.stream_fork
            generic map (OUTPUTS => 2)
            port map (clk, rst, in_valid, in_ready, fork_valid, fork_ready);

        buffers : for i in 0 to 1 generate
            dut : entity work.stream_fifo
                generic map (LANES => 4, DEPTH => 2 + 20 * i, LOW => -128, HIGH => 127)
                port map (clk, rst, fork_valid(i), fork_ready(i), samples, in_last,
                          join_valid(i), join_ready(i), join_data(4 * i to 4 * i + 3),
                          join_last(i), open);
        end generate;

        sum : entity work.add_stream
            generic map (
                INPUTS => 2, CHANNELS => 4, BEATS => 36, PE => 2, IN_LOW => -128, IN_HIGH => 127,
                OUT_ZERO => 3, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => (12000, -7000), BIAS => 54321, MULTIPLIER => 17000, SHIFT => 28
            )
            port map (clk, rst, join_valid, join_ready, join_data, join_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    -- Two pairs of lanes side by side, a step for each.
    side_by_side : if ENTITY_NUMBER = 12 generate
        signal both_valid, both_ready, both_last : std_logic_vector(0 to 1);
    begin
        both_valid <= (others => in_valid);
        both_last  <= (others => in_last);
        in_ready   <= both_ready(0);

        dut : entity work.concat_stream
            generic map (
                INPUTS => 2, OUT_CHANNELS => 4, BEATS => 36, CHANNELS => (2, 2), PE => 2,
                IN_LOW => -128, IN_HIGH => 127, OUT_ZERO => 3, OUT_LOW => -128, OUT_HIGH => 127,
                ZEROS => (5, -6), MULTIPLIERS => (16384, 30000), SHIFTS => (14, 15)
            )
            port map (clk, rst, both_valid, both_ready, samples, both_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    border : if ENTITY_NUMBER = 13 generate
        dut : entity work.zero_pad_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4,
                PAD_TOP => 1, PAD_BOTTOM => 0, PAD_LEFT => 2, PAD_RIGHT => 1,
                IN_LOW => -128, IN_HIGH => 127, PAD_VALUE => 7
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    enlarger : if ENTITY_NUMBER = 14 generate
        dut : entity work.upsample_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, FACTOR_HEIGHT => 3, FACTOR_WIDTH => 2,
                IN_LOW => -128, IN_HIGH => 127
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    global_max_pool : if ENTITY_NUMBER = 15 generate
        dut : entity work.global_max_pool_stream
            generic map (
                BEATS => 36, CHANNELS => 4, IN_LOW => -128, IN_HIGH => 127,
                OUT_LOW => -100, OUT_HIGH => 120
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    global_average_pool : if ENTITY_NUMBER = 16 generate
        dut : entity work.global_average_pool_stream
            generic map (
                BEATS => 36, CHANNELS => 4, PE => 2, IN_LOW => -128, IN_HIGH => 127, BIAS => -77,
                OUT_ZERO => 1, OUT_LOW => -128, OUT_HIGH => 127, MULTIPLIER => 30000, SHIFT => 17
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    -- A border, two groups of two channels, three steps each.
    depthwise : if ENTITY_NUMBER = 17 generate
        dut : entity work.depthwise_conv2d_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, MULTIPLIER => 1,
                KERNEL_HEIGHT => 3, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 2, STRIDE_WIDTH => 1,
                PAD_TOP => 0, PAD_BOTTOM => 1, PAD_LEFT => 1, PAD_RIGHT => 1,
                PE => 2, SIMD => 3, IN_LOW => -128, IN_HIGH => 127, PAD_VALUE => 5,
                WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => -3, OUT_LOW => -128, OUT_HIGH => 127,
                WEIGHTS => WEIGHTS_K, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

    -- The same with weights of two bytes that are loaded, and 100 clocks later others, and so on.
    loaded : if ENTITY_NUMBER = 18 generate
        signal restart, loading, reading, byte_valid, hold : std_logic;
        signal through, back_valid, weight_enable          : std_logic;
        signal network_valid, network_ready, result_valid  : std_logic;
        signal weight_valid, weight_ready, weight_last     : std_logic := '0';
        signal weight_data, back_data : std_logic_vector(7 downto 0);
        signal step : natural;
        signal row  : sample_vector(0 to 5);
    begin
        out_valid <= result_valid;

        bytes : process (clk)
            variable count : natural range 0 to 71 := 0;
            variable pause : natural range 0 to 100 := 0;
            variable value : unsigned(7 downto 0) := (others => '0');
        begin
            if rising_edge(clk) then
                if weight_valid = '1' and weight_ready = '1' then
                    weight_valid <= '0';
                    value := value + 77;
                    if count = 71 then
                        count := 0;
                        pause := 100;
                    else
                        count := count + 1;
                    end if;
                elsif pause > 0 then
                    pause := pause - 1;
                else
                    weight_valid <= '1';
                end if;
                weight_last <= '0';
                if count = 71 then
                    weight_last <= '1';
                end if;
                if rst = '1' then
                    count := 0;
                    pause := 0;
                    value := (others => '0');
                    weight_valid <= '0';
                end if;
                weight_data <= std_logic_vector(value);
            end if;
        end process;

        loader : entity work.weight_loader
            generic map (BYTES => 72, IN_BEATS => 36, OUT_BEATS => 18)
            port map (clk, rst, weight_valid, weight_ready, weight_data, weight_last, '0',
                      open, open, open, restart, loading, reading, byte_valid, through,
                      back_valid, back_data, hold, in_valid, in_ready, network_valid,
                      network_ready, result_valid, out_ready);

        memory : entity work.weight_memory
            generic map (ROWS => 6, VALUES => 6, LOW => -2048, HIGH => 2047)
            port map (clk, restart, loading, reading, '1', through, byte_valid, weight_data,
                      '0', "00000000", back_valid, back_data, step, weight_enable, row);

        dut : entity work.depthwise_conv2d_stream
            generic map (
                HEIGHT => 6, WIDTH => 6, CHANNELS => 4, MULTIPLIER => 1,
                KERNEL_HEIGHT => 3, KERNEL_WIDTH => 3, STRIDE_HEIGHT => 2, STRIDE_WIDTH => 1,
                PAD_TOP => 0, PAD_BOTTOM => 1, PAD_LEFT => 1, PAD_RIGHT => 1,
                PE => 2, SIMD => 3, IN_LOW => -128, IN_HIGH => 127, PAD_VALUE => 5,
                WEIGHT_LOW => -2048, WEIGHT_HIGH => 2047,
                OUT_ZERO => -3, OUT_LOW => -128, OUT_HIGH => 127, LOADABLE => true,
                BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, hold, network_valid, network_ready, samples, in_last,
                      result_valid, out_ready, results, out_last, step, weight_enable, row);
    end generate;

    -- Pairs of products in the same multipliers.
    packed_dense : if ENTITY_NUMBER = 19 generate
        dut : entity work.dense_stream
            generic map (
                IN_LANES => 4, BEATS => 36, OUTPUTS => 4, PE => 2, SIMD => 2,
                IN_LOW => -128, IN_HIGH => 127, WEIGHT_LOW => -127, WEIGHT_HIGH => 127,
                OUT_ZERO => 0, OUT_LOW => -128, OUT_HIGH => 127, PACKED => true,
                WEIGHTS => WEIGHTS_36, BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => LONG
            )
            port map (clk, rst, in_valid, in_ready, samples, in_last,
                      out_valid, out_ready, results, out_last);
    end generate;

end architecture;
