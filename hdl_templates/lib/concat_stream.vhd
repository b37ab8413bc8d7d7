--------------------------------------------------------------------------------
-- concat_stream: several streams side by side, channel after channel, requantized to one scale
--
--   in_data --> beat   --> subtract the zero points --> requantize --> out_data
--   (a beat of  (held)     F steps for each beat        (PE at once)   (beat of OUT_CHANNELS)
--   each input)
--
-- A beat is taken from all inputs at once, when all of them are valid.
--
-- Generics
--   INPUTS                       streams
--   CHANNELS                     samples of a beat, one value for each input
--   OUT_CHANNELS                 their sum
--   BEATS                        beats of an image, the same for all streams
--   PE                           channels of one fold step; divides OUT_CHANNELS
--   IN_LOW, IN_HIGH              range of the input samples, of whichever stream
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   ZEROS                        zero points of the inputs, one value for each
--   MULTIPLIERS, SHIFTS          one value for each input; 16384 and 14 is the identity, and costs
--                                no multiplier when all steps have the same scales
--
-- Ports: in_data has the beats of all inputs one after the other.
--
--   F = OUT_CHANNELS/PE
--
-- Timing, in clocks with the output not stalled
--   A beat taken at clock t computes at t+1 .. t+F; its result is valid after t+F+1. An image
--   takes BEATS * F clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity concat_stream is
    generic (
        INPUTS, OUT_CHANNELS, BEATS : positive;
        CHANNELS                    : integer_vector;
        PE                          : positive;
        IN_LOW, IN_HIGH             : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        ZEROS, MULTIPLIERS, SHIFTS  : integer_vector
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic_vector(0 to INPUTS - 1);
        in_ready  : out std_logic_vector(0 to INPUTS - 1);
        in_data   : in  sample_vector(0 to OUT_CHANNELS - 1);
        in_last   : in  std_logic_vector(0 to INPUTS - 1);
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to OUT_CHANNELS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of concat_stream is

    constant STEPS : positive := OUT_CHANNELS / PE;

    function total (list : integer_vector) return natural is
        variable sum : natural := 0;
    begin
        for i in list'range loop
            sum := sum + list(i);
        end loop;
        return sum;
    end function;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(CHANNELS'length = INPUTS, "concat_stream: CHANNELS: one for each input")
        and require(total(CHANNELS) = OUT_CHANNELS, "concat_stream: OUT_CHANNELS is not the sum")
        and require(OUT_CHANNELS mod PE = 0, "concat_stream: PE must divide OUT_CHANNELS")
        and require(ZEROS'length = INPUTS, "concat_stream: ZEROS: one for each input")
        and require_scales(MULTIPLIERS, SHIFTS, INPUTS);

    subtype channel_index is natural range 0 to OUT_CHANNELS - 1;
    subtype pe_index is natural range 0 to PE - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);
    type element_vector is array (natural range <>) of element_t;
    type result_vector is array (natural range <>) of result_t;
    subtype beat_t is element_vector(channel_index);
    subtype results_t is result_vector(channel_index);
    subtype result_row_t is result_vector(pe_index);
    type integer_row_t is array (pe_index) of integer;  -- one value for each channel of a step
    type integer_rom_t is array (0 to STEPS - 1) of integer_row_t;

    -- The value of its input for each channel, step by step.
    function to_rom (list : integer_vector) return integer_rom_t is
        alias values     : integer_vector(0 to INPUTS - 1) is list;
        alias widths     : integer_vector(0 to INPUTS - 1) is CHANNELS;
        variable rom     : integer_rom_t;
        variable channel : natural := 0;
    begin
        for i in 0 to INPUTS - 1 loop
            for c in 1 to widths(i) loop
                rom(channel / PE)(channel mod PE) := values(i);
                channel := channel + 1;
            end loop;
        end loop;
        return rom;
    end function;

    constant ZERO_ROM       : integer_rom_t := to_rom(ZEROS);
    constant MULTIPLIER_ROM : integer_rom_t := to_rom(MULTIPLIERS);
    constant SHIFT_ROM      : integer_rom_t := to_rom(SHIFTS);

    function all_steps_equal return boolean is
    begin
        for step in ZERO_ROM'range loop
            if ZERO_ROM(step) /= ZERO_ROM(0) or MULTIPLIER_ROM(step) /= MULTIPLIER_ROM(0)
                or SHIFT_ROM(step) /= SHIFT_ROM(0) then
                return false;
            end if;
        end loop;
        return true;
    end function;

    constant CONSTANT_SCALES : boolean := all_steps_equal;

    function scaled (differences, multiplier_row, shift_row : integer_row_t) return result_row_t is
        variable results : result_row_t;
        variable value   : integer;
    begin
        for p in pe_index loop
            if not CONSTANT_SCALES then
                value := requantize(differences(p), multiplier_row(p), shift_row(p));
            elsif MULTIPLIER_ROM(0)(p) = 16384 and SHIFT_ROM(0)(p) = 14 then
                value := differences(p);
            else
                value := requantize(differences(p), MULTIPLIER_ROM(0)(p), SHIFT_ROM(0)(p));
            end if;
            results(p) := saturate(value, OUT_ZERO, OUT_LOW, OUT_HIGH);
        end loop;
        return results;
    end function;

    signal all_valid  : std_logic;
    signal can_accept : std_logic := '0';

begin

    all_valid <= and in_valid;
    in_ready  <= (others => all_valid and can_accept and (out_ready or not out_valid));

    process (clk)
        -- the beat that is held; the channels of the next step come first
        variable computing : boolean := false;
        variable beat      : beat_t;
        variable beat_last : std_logic;
        variable number    : natural range 0 to BEATS - 1 := 0;  -- of the next beat
        variable step      : natural range 0 to STEPS - 1 := 0;
        variable zero_row  : integer_row_t := ZERO_ROM(0);
        -- the channels of the last step
        variable group_done     : boolean := false;
        variable beat_done      : boolean := false;
        variable done_last      : std_logic;
        variable differences    : integer_row_t;
        variable multiplier_row : integer_row_t := MULTIPLIER_ROM(0);
        variable shift_row      : integer_row_t := SHIFT_ROM(0);
        variable results        : results_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if group_done then
                    if STEPS > 1 then
                        results(0 to OUT_CHANNELS - PE - 1) := results(PE to OUT_CHANNELS - 1);
                    end if;
                    results(OUT_CHANNELS - PE to OUT_CHANNELS - 1)
                        := scaled(differences, multiplier_row, shift_row);
                    if beat_done then
                        for c in channel_index loop
                            out_data(c) <= results(c);
                        end loop;
                        out_valid <= '1';
                        out_last  <= done_last;
                    end if;
                end if;

                -- 2. compute
                group_done := computing;
                if computing then
                    for p in pe_index loop
                        differences(p) := integer(beat(p)) - zero_row(p);
                    end loop;
                    done_last := beat_last;
                    beat_done := step = STEPS - 1;
                    if STEPS > 1 then
                        beat(0 to OUT_CHANNELS - PE - 1) := beat(PE to OUT_CHANNELS - 1);
                        multiplier_row := MULTIPLIER_ROM(step);
                        shift_row      := SHIFT_ROM(step);
                    end if;
                    if beat_done then
                        step      := 0;
                        computing := false;
                    else
                        step := step + 1;
                    end if;
                end if;

                -- 3. accept
                if not computing and all_valid = '1' then
                    for c in channel_index loop
                        beat(c) := in_data(c);
                    end loop;
                    for i in in_last'range loop
                        assert (in_last(i) = '1') = (number = BEATS - 1)
                            report "concat_stream: in_last does not mark the last beat"
                            severity failure;
                    end loop;
                    if number < BEATS - 1 then
                        number := number + 1;
                    else
                        number := 0;
                    end if;
                    beat_last := in_last(0);
                    computing := true;
                end if;
            end if;

            if rst = '1' then
                number     := 0;
                computing  := false;
                step       := 0;
                group_done := false;
                out_valid  <= '0';
            end if;

            -- What the next step needs is read now: the ROM has a clocked read.
            if STEPS > 1 then
                zero_row := ZERO_ROM(step);
            end if;
            can_accept <= '1' when not computing or step = STEPS - 1 else '0';
        end if;
    end process;

end architecture;
