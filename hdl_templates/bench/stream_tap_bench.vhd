--------------------------------------------------------------------------------
-- stream_tap_bench: a tap on a stalled stream; the runner compares the two files
--
-- TAP_FILE is written by the tap, EXPECTED_FILE by the bench, a byte at a time by division.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity stream_tap_bench is
    generic (
        LANES               : positive := 3;
        BEATS               : positive := 30;
        IMAGES              : positive := 4;
        IN_STALL, OUT_STALL : natural  := 0;  -- percent
        TAP_FILE            : string   := "tap.bin";
        EXPECTED_FILE       : string   := "expected.bin";
        SEED                : natural  := 1
    );
end entity;

architecture bench of stream_tap_bench is

    constant DATA : sample_vector(0 to IMAGES * BEATS * LANES - 1)
        := random_samples(IMAGES * BEATS * LANES, -32768, 32767, SEED);

    signal clk, rst           : std_logic;
    signal valid, ready, last : std_logic;
    signal beat               : sample_vector(0 to LANES - 1);

begin

    clock : entity work.bench_clock
        generic map (0)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 1)
        port map (clk, rst, valid, ready, beat, last);

    dut : entity work.stream_tap
        generic map (LANES, TAP_FILE)
        port map (clk, valid, ready, beat);

    checker : entity work.stream_checker
        generic map (
            NAME => "stream_tap", LANES => LANES, BEATS => BEATS, EXPECTED => DATA,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 2,
            CHECK_TIMING => false, LATENCY => 0, INTERVAL => 0
        )
        port map (clk, rst, valid, ready, beat, last, valid, ready);

    process
        type byte_file is file of character;
        file expected      : byte_file open write_mode is EXPECTED_FILE;
        variable value     : integer;
        variable high, low : natural;
    begin
        for i in DATA'range loop
            value := integer(DATA(i));
            if value < 0 then
                value := 65536 + value;
            end if;
            high := value / 256;
            low  := value - 256 * high;
            write(expected, character'val(low));
            write(expected, character'val(high));
        end loop;
        wait;
    end process;

end architecture;
