--------------------------------------------------------------------------------
-- stream_checker: takes the output of an entity with random pauses and compares it
--
-- Stops the simulation: with status 1 at the first wrong value, a wrong `last`, an output that
-- changes while it is stalled, a beat too many, wrong timing, or when nothing came for 20,000
-- clocks; with status 0 after the last value and the line
--
--   BENCH NAME values=N errors=0
--
-- Generics
--   NAME            of the entity under test
--   LANES, BEATS    samples of an output beat, output beats of an image
--   EXPECTED        images one after the other, beat by beat
--   STALL_PERCENT   probability of not being ready in a clock
--   SEED            of the pauses
--   LATENCY         clocks from the first input beat taken to the last output beat of the first
--                   image taken
--   INTERVAL        clocks between the last output beats of two images
--                   (both checked when CHECK_TIMING: nothing may stall the entity then)
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity stream_checker is
    generic (
        NAME              : string;
        LANES, BEATS      : positive;
        EXPECTED          : sample_vector;
        STALL_PERCENT     : natural;
        SEED              : natural;
        CHECK_TIMING      : boolean;
        LATENCY, INTERVAL : natural
    );
    port (
        clk     : in  std_logic;
        rst     : in  std_logic;
        valid   : in  std_logic;
        ready   : out std_logic := '0';
        data    : in  sample_vector(0 to LANES - 1);
        last    : in  std_logic;
        -- the input side of the entity, for the latency
        in_valid : in std_logic;
        in_ready : in std_logic
    );
end entity;

architecture bench of stream_checker is

    constant PATIENCE    : natural := 20000;  -- clocks without a beat
    constant CLOCKS_LATE : natural := 100;    -- watched for a beat too many

begin

    process (clk)
        alias list       : sample_vector(0 to EXPECTED'length - 1) is EXPECTED;
        variable random  : random_state := seeded(SEED);
        variable pause   : boolean;
        variable beat    : natural := 0;
        variable quiet   : natural := 0;  -- clocks since the last beat
        variable now_at  : natural := 0;  -- clocks since reset
        variable started : boolean := false;
        variable start   : natural := 0;  -- when the first input beat was taken
        variable finish  : natural := 0;  -- when the last image was complete
        variable stalled : boolean := false;
        variable held    : sample_vector(0 to LANES - 1);

        procedure demand (condition : boolean; message : string) is
        begin
            if not condition then
                report "BENCH " & NAME & " failed: " & message
                     & " (output beat " & integer'image(beat) & ")"
                    severity error;
                std.env.stop(1);
            end if;
        end procedure;

        procedure check_values is
        begin
            demand(beat * LANES < list'length, "a beat too many");
            for lane in 0 to LANES - 1 loop
                demand(data(lane) = list(beat * LANES + lane),
                       "lane " & integer'image(lane)
                     & " expected " & integer'image(integer(list(beat * LANES + lane)))
                     & " got " & integer'image(integer(data(lane))));
            end loop;
            demand((last = '1') = (beat mod BEATS = BEATS - 1), "last is wrong");
        end procedure;

        procedure check_time is
        begin
            if CHECK_TIMING and beat = BEATS - 1 then
                demand(now_at - start = LATENCY,
                       "latency expected " & integer'image(LATENCY)
                     & " got " & integer'image(now_at - start));
            elsif CHECK_TIMING and beat mod BEATS = BEATS - 1 then
                demand(now_at - finish = INTERVAL,
                       "interval expected " & integer'image(INTERVAL)
                     & " got " & integer'image(now_at - finish));
            end if;
            if beat mod BEATS = BEATS - 1 then
                finish := now_at;
            end if;
        end procedure;
    begin
        if rising_edge(clk) then
            now_at := now_at + 1;
            quiet  := quiet + 1;
            if in_valid = '1' and in_ready = '1' and not started then
                started := true;
                start   := now_at;
            end if;
            if stalled then
                demand(valid = '1' and data = held, "the output changed while it was stalled");
            end if;
            stalled := valid = '1' and ready = '0';
            held    := data;
            if valid = '1' and ready = '1' then
                check_values;
                check_time;
                beat  := beat + 1;
                quiet := 0;
            end if;
            demand(quiet < PATIENCE, "nothing came for a long time");
            if beat * LANES = list'length and quiet = CLOCKS_LATE then
                report "BENCH " & NAME & " values=" & integer'image(list'length) & " errors=0"
                    severity note;
                std.env.stop(0);
            end if;

            chance(random, STALL_PERCENT, pause);
            ready <= '0' when pause else '1';
            if rst = '1' then
                beat    := 0;
                quiet   := 0;
                now_at  := 0;
                started := false;
                stalled := false;
            end if;
        end if;
    end process;

end architecture;
