--------------------------------------------------------------------------------
-- stream_fork_bench: every reader gets every beat once, in order, under its own pauses
--
-- The pauses of reader i are those of a chance of OUT_STALL percent, of its own; reader 0 never
-- pauses, so that it runs ahead wherever the fork lets it: it must have the beat in the clock in
-- which the fork first offers it.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity stream_fork_bench is
    generic (
        OUTPUTS       : positive := 3;
        LANES         : positive := 2;
        BEATS         : positive := 40;
        IMAGES        : positive := 5;
        IN_STALL      : natural  := 0;  -- percent, on the input side
        OUT_STALL     : natural  := 0;  -- percent, of each reader but the first
        RESTART_AFTER : natural  := 0;  -- clocks until a second reset, 0: none
        SEED          : natural  := 1
    );
end entity;

architecture bench of stream_fork_bench is

    constant TOTAL       : positive := IMAGES * BEATS;
    constant CLOCKS_LATE : natural  := 100;    -- watched for a beat too many
    constant PATIENCE    : natural  := 20000;  -- clocks without a beat
    constant DATA        : sample_vector(0 to TOTAL * LANES - 1)
        := random_samples(TOTAL * LANES, -32768, 32767, SEED);

    signal clk, rst                    : std_logic;
    signal in_valid, in_ready, in_last : std_logic;
    signal data_in                     : sample_vector(0 to LANES - 1);
    signal out_valid                   : std_logic_vector(0 to OUTPUTS - 1);
    signal out_ready                   : std_logic_vector(0 to OUTPUTS - 1) := (others => '0');

begin

    clock : entity work.bench_clock
        generic map (RESTART_AFTER)
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, IN_STALL, SEED + 1)
        port map (clk, rst, in_valid, in_ready, data_in, in_last);

    dut : entity work.stream_fork
        generic map (OUTPUTS)
        port map (clk, rst, in_valid, in_ready, out_valid, out_ready);

    readers : process (clk)
        type counts_t is array (0 to OUTPUTS - 1) of natural;
        variable random : random_state := seeded(SEED + 2);
        variable pause  : boolean;
        variable taken  : counts_t := (others => 0);  -- beats, by each reader
        variable sent   : natural := 0;               -- beats the fork took
        variable quiet  : natural := 0;               -- clocks since the last beat
        variable clocks : natural := 0;               -- since the first beat

        procedure demand (condition : boolean; message : string) is
        begin
            if not condition then
                report "BENCH stream_fork failed: " & message
                     & " (input beat " & integer'image(sent) & ")"
                    severity error;
                std.env.stop(1);
            end if;
        end procedure;

        procedure check_reader (reader : natural) is
        begin
            demand((out_valid(reader) = '1') = (in_valid = '1' and taken(reader) = sent),
                   "valid of reader " & integer'image(reader) & " is wrong");
            if out_valid(reader) = '1' and out_ready(reader) = '1' then
                demand(data_in = DATA(sent * LANES to sent * LANES + LANES - 1),
                       "the beat changed before all had it");
                taken(reader) := taken(reader) + 1;
            end if;
        end procedure;

        -- After the readers of this clock: the beat is over when all have it.
        procedure check_input is
            variable all_have : boolean := true;
        begin
            for reader in counts_t'range loop
                all_have := all_have and taken(reader) = sent + 1;
            end loop;
            if in_valid = '1' then
                demand((in_ready = '1') = all_have, "in_ready is wrong");
            end if;
            if all_have then
                sent  := sent + 1;
                quiet := 0;
            end if;
        end procedure;
    begin
        if rising_edge(clk) and rst = '0' then
            quiet := quiet + 1;
            if in_valid = '1' or sent > 0 then
                clocks := clocks + 1;
            end if;
            for reader in counts_t'range loop
                check_reader(reader);
            end loop;
            check_input;
            if IN_STALL = 0 and OUT_STALL = 0 and sent = TOTAL and quiet = 0 then
                demand(clocks = TOTAL, "not one beat at every clock");
            end if;
            demand(quiet < PATIENCE, "nothing came for a long time");
            if sent = TOTAL and quiet = CLOCKS_LATE then
                report "BENCH stream_fork values=" & integer'image(TOTAL * OUTPUTS * LANES)
                     & " errors=0"
                    severity note;
                std.env.stop(0);
            end if;
        end if;
        if rising_edge(clk) then
            out_ready(0) <= '1';
            for reader in 1 to OUTPUTS - 1 loop
                chance(random, OUT_STALL, pause);
                out_ready(reader) <= '0' when pause else '1';
            end loop;
            if rst = '1' then
                taken  := (others => 0);
                sent   := 0;
                quiet  := 0;
                clocks := 0;
            end if;
        end if;
    end process;

end architecture;
