--------------------------------------------------------------------------------
-- global_max_pool_stream_bench: random images against a straight loop
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity global_max_pool_stream_bench is
    generic (
        BEATS                                    : positive := 15;
        CHANNELS                                 : positive := 3;
        IN_BITS                                  : positive := 8;
        OUT_LOW                                  : integer  := -100;
        OUT_HIGH                                 : integer  := 120;
        IMAGES                                   : positive := 9;
        IN_STALL, OUT_STALL                      : natural  := 0;  -- percent
        RESTART_AFTER                            : natural  := 0;  -- clocks, 0: no second reset
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of global_max_pool_stream_bench is

    constant IN_LOW  : integer := -2 ** (IN_BITS - 1);
    constant IN_HIGH : integer := 2 ** (IN_BITS - 1) - 1;

    constant DATA : sample_vector(0 to IMAGES * BEATS * CHANNELS - 1)
        := random_samples(IMAGES * BEATS * CHANNELS, IN_LOW, IN_HIGH, SEED);

    function highest return sample_vector is
        variable result : sample_vector(0 to IMAGES * CHANNELS - 1);
        variable value  : integer;
    begin
        for image in 0 to IMAGES - 1 loop
            for c in 0 to CHANNELS - 1 loop
                value := -32768;
                for beat in 0 to BEATS - 1 loop
                    value := maximum(value,
                                     integer(DATA((image * BEATS + beat) * CHANNELS + c)));
                end loop;
                result(image * CHANNELS + c)
                    := sample_t(minimum(maximum(value, OUT_LOW), OUT_HIGH));
            end loop;
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data, out_data              : sample_vector(0 to CHANNELS - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (CHANNELS, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.global_max_pool_stream
        generic map (
            BEATS => BEATS, CHANNELS => CHANNELS, IN_LOW => IN_LOW, IN_HIGH => IN_HIGH,
            OUT_LOW => OUT_LOW, OUT_HIGH => OUT_HIGH
        )
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "global_max_pool_stream", LANES => CHANNELS, BEATS => 1,
            EXPECTED => highest, STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS + 2, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
