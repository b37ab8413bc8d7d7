--------------------------------------------------------------------------------
-- netlist_bench: the netlist of an entity does what the entity does
--
-- Drives synth_probe of this library and the netlist that `ghdl --synth --out=vhdl` made of it
-- (analysed into the library `netlist`) with the same random beats and pauses, and compares
-- in_ready, out_valid, and out_data and out_last while valid, at every clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

library netlist;

entity netlist_bench is
    generic (
        ENTITY_NUMBER : natural := 0;
        CLOCKS        : natural := 1500
    );
end entity;

architecture bench of netlist_bench is

    constant LANES : positive := 4;
    constant BEATS : positive := 36;
    constant DATA  : sample_vector(0 to 40 * BEATS * LANES - 1)
        := random_samples(40 * BEATS * LANES, -128, 127, ENTITY_NUMBER);

    signal clk, rst                       : std_logic;
    signal in_valid, in_last              : std_logic;
    signal out_ready                      : std_logic := '0';
    signal samples                        : sample_vector(0 to LANES - 1);
    signal in_data                        : std_logic_vector(31 downto 0);
    signal ready_1, valid_1, last_1       : std_logic;
    signal ready_2, valid_2, last_2       : std_logic;
    signal out_data_1, out_data_2         : std_logic_vector(63 downto 0);

begin

    clock : entity work.bench_clock
        generic map (CLOCKS / 2)  -- a second reset half-way
        port map (clk, rst);

    source : entity work.stream_source
        generic map (LANES, BEATS, DATA, 20, ENTITY_NUMBER + 1)
        port map (clk, rst, in_valid, ready_1, samples, in_last);

    pack : for lane in samples'range generate
        in_data(8 * lane + 7 downto 8 * lane)
            <= std_logic_vector(to_signed(integer(samples(lane)), 8));
    end generate;

    original : entity work.synth_probe
        generic map (ENTITY_NUMBER => ENTITY_NUMBER)
        port map (clk, rst, in_valid, ready_1, in_data, in_last,
                  valid_1, out_ready, out_data_1, last_1);

    made : entity netlist.synth_probe
        port map (clk, rst, in_valid, ready_2, in_data, in_last,
                  valid_2, out_ready, out_data_2, last_2);

    process (clk)
        variable random : random_state := seeded(ENTITY_NUMBER + 2);
        variable pause  : boolean;
        variable age    : natural := 0;
        variable values : natural := 0;
    begin
        if rising_edge(clk) then
            age := age + 1;
            if age > 3 then
                if ready_1 /= ready_2 or valid_1 /= valid_2
                    or (valid_1 = '1' and (out_data_1 /= out_data_2 or last_1 /= last_2)) then
                    report "BENCH netlist failed: entity " & integer'image(ENTITY_NUMBER)
                         & " differs at clock " & integer'image(age)
                        severity error;
                    std.env.stop(1);
                end if;
                if valid_1 = '1' and out_ready = '1' then
                    values := values + 1;
                end if;
            end if;
            chance(random, 30, pause);
            out_ready <= '0' when pause else '1';
            if age = CLOCKS then
                report "BENCH netlist values=" & integer'image(values) & " errors=0" severity note;
                std.env.stop(0);
            end if;
        end if;
    end process;

end architecture;
