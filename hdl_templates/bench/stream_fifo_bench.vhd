--------------------------------------------------------------------------------
-- stream_fifo_bench: what goes in comes out, in order; in_ready, out_valid and `peak` are those of
-- a counter of tokens, at every clock
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity stream_fifo_bench is
    generic (
        LANES         : positive := 3;
        DEPTH         : positive := 5;
        BITS          : positive := 8;
        BEATS         : positive := 40;
        IMAGES        : positive := 5;
        IN_STALL      : natural  := 0;  -- percent, on the input side
        OUT_STALL     : natural  := 0;  -- percent, on the output side
        RESTART_AFTER : natural  := 0;  -- clocks until a second reset, 0: none
        SEED          : natural  := 1
    );
end entity;

architecture bench of stream_fifo_bench is

    constant LOW  : integer := -2 ** (BITS - 1);
    constant HIGH : integer := 2 ** (BITS - 1) - 1;
    constant DATA : sample_vector := random_samples(IMAGES * BEATS * LANES, LOW, HIGH, SEED);

    signal clk, rst                       : std_logic;
    signal in_valid, in_ready, in_last    : std_logic;
    signal out_valid, out_ready, out_last : std_logic;
    signal in_data, out_data              : sample_vector(0 to LANES - 1);
    signal peak                           : natural range 0 to DEPTH;

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 1)
        port map (clk, rst, in_valid, in_ready, in_data, in_last);

    dut : entity work.stream_fifo
        generic map (LANES, DEPTH, LOW, HIGH)
        port map (clk, rst, in_valid, in_ready, in_data, in_last,
                  out_valid, out_ready, out_data, out_last, peak);

    checker : entity work.stream_checker
        generic map (
            NAME => "stream_fifo", LANES => LANES, BEATS => BEATS, EXPECTED => DATA,
            STALL_PERCENT => OUT_STALL, SEED => SEED + 2,
            CHECK_TIMING => IN_STALL = 0 and OUT_STALL = 0,
            LATENCY => BEATS, INTERVAL => BEATS
        )
        port map (clk, rst, out_valid, out_ready, out_data, out_last, in_valid, in_ready);

    tokens : process (clk)
        variable known        : boolean := false;  -- a reset has come
        variable held, before : natural := 0;
        variable highest      : natural := 0;

        procedure demand (condition : boolean; message : string) is
        begin
            if not condition then
                report "BENCH stream_fifo failed: " & message & " with "
                     & integer'image(held) & " beats held"
                    severity error;
                std.env.stop(1);
            end if;
        end procedure;
    begin
        if rising_edge(clk) then
            if known then
                demand((in_ready = '1') = (held < DEPTH), "in_ready is wrong");
                demand((out_valid = '1') = (held > 0), "out_valid is wrong");
                demand(peak = highest, "peak is wrong");
            end if;
            before := held;
            if in_valid = '1' and before < DEPTH then
                held := held + 1;
            end if;
            if out_ready = '1' and before > 0 then
                held := held - 1;
            end if;
            highest := maximum(highest, held);
            if rst = '1' then
                known   := true;
                held    := 0;
                highest := 0;
            end if;
        end if;
    end process;

end architecture;
