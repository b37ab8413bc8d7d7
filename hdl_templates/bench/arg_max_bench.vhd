--------------------------------------------------------------------------------
-- arg_max_bench: random scores, many of them equal, against a straight search
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity arg_max_bench is
    generic (
        LANES               : positive := 10;
        BEATS               : positive := 20;
        IN_LOW              : integer  := -4;  -- a narrow range makes ties
        IN_HIGH             : integer  := 4;
        IMAGES              : positive := 5;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        RESTART_AFTER       : natural  := 0;  -- clocks, 0: no second reset
        SEED                : natural  := 1
    );
end entity;

architecture bench of arg_max_bench is

    constant DATA : sample_vector(0 to IMAGES * BEATS * LANES - 1)
        := random_samples(IMAGES * BEATS * LANES, IN_LOW, IN_HIGH, SEED);

    function levels return natural is
        variable result : natural := 0;
    begin
        while 2 ** result < LANES loop
            result := result + 1;
        end loop;
        return result;
    end function;

    -- The first of the highest.
    function searched return sample_vector is
        variable result : sample_vector(0 to IMAGES * BEATS - 1);
        variable best   : natural;
    begin
        for beat in result'range loop
            best := 0;
            for lane in 1 to LANES - 1 loop
                if DATA(beat * LANES + lane) > DATA(beat * LANES + best) then
                    best := lane;
                end if;
            end loop;
            result(beat) := sample_t(best);
        end loop;
        return result;
    end function;

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data                        : sample_vector(0 to LANES - 1);
    signal out_data                       : sample_vector(0 to 1 - 1);

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 5)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.arg_max
        generic map (LANES => LANES)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last);

    checker : entity work.stream_checker
        generic map (
            NAME => "arg_max", LANES => 1, BEATS => BEATS, EXPECTED => searched,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 6,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS + 1 + levels, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

end architecture;
