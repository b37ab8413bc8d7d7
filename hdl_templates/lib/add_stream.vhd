--------------------------------------------------------------------------------
-- add_stream: the weighted sum of several streams, sample by sample, requantized
--
--   in_data --> beats  --> PE sums of INPUTS products --> requantize --> out_data
--   (a beat of  (held)     F steps for each beat          (PE at once)   (beat of CHANNELS)
--   each input)
--
-- A beat is taken from all inputs at once, when all of them are valid.
--
-- Generics
--   INPUTS                       streams to be added
--   CHANNELS, BEATS              samples of a beat, beats of an image, the same for all streams
--   PE                           channels of one fold step; divides CHANNELS
--   IN_LOW, IN_HIGH              range of the input samples, of whichever stream
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   WEIGHTS                      one value for each input
--   BIAS                         added to each sum: takes the zero points of the inputs away
--   MULTIPLIER, SHIFT            requantization of the sum
--
-- Ports: in_data has the beats of all inputs one after the other.
--
--   F = CHANNELS/PE
--
-- Timing, in clocks with the output not stalled
--   A beat taken at clock t computes at t+1 .. t+F; its result is valid after t+F+1. An image
--   takes BEATS * F clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity add_stream is
    generic (
        INPUTS, CHANNELS, BEATS     : positive;
        PE                          : positive;
        IN_LOW, IN_HIGH             : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        WEIGHTS                     : sample_vector;
        BIAS, MULTIPLIER, SHIFT     : integer
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic_vector(0 to INPUTS - 1);
        in_ready  : out std_logic_vector(0 to INPUTS - 1);
        in_data   : in  sample_vector(0 to INPUTS * CHANNELS - 1);
        in_last   : in  std_logic_vector(0 to INPUTS - 1);
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to CHANNELS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of add_stream is

    constant STEPS : positive := CHANNELS / PE;

    constant GENERICS_ARE_LEGAL : boolean :=
            require(CHANNELS mod PE = 0, "add_stream: PE must divide CHANNELS")
        and require(WEIGHTS'length = INPUTS, "add_stream: WEIGHTS needs one value for each input")
        and require_scales((0 => MULTIPLIER), (0 => SHIFT), 1);

    subtype input_index is natural range 0 to INPUTS - 1;
    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype pe_index is natural range 0 to PE - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);
    type element_vector is array (natural range <>) of element_t;
    type result_vector is array (natural range <>) of result_t;
    subtype beat_t is element_vector(channel_index);
    subtype results_t is result_vector(channel_index);
    type beats_t is array (input_index) of beat_t;
    type weights_t is array (input_index) of sample_t;

    -- No sum is larger.
    function highest_sum return natural is
        constant MAGNITUDE : natural := maximum(abs IN_LOW, abs IN_HIGH);
        variable sum       : natural := abs BIAS;
    begin
        for i in WEIGHTS'range loop
            sum := sum + MAGNITUDE * abs integer(WEIGHTS(i));
        end loop;
        return sum;
    end function;

    constant SUM_HIGH : natural := highest_sum;

    subtype sum_t is integer range -SUM_HIGH to SUM_HIGH;
    type sums_t is array (pe_index) of sum_t;

    function to_weights (list : sample_vector) return weights_t is
        alias values : sample_vector(0 to list'length - 1) is list;
        variable row : weights_t;
    begin
        for i in input_index loop
            row(i) := values(i);
        end loop;
        return row;
    end function;

    constant WEIGHT_ROW : weights_t := to_weights(WEIGHTS);

    -- The sums of the first PE channels. A function keeps its variables in registers when
    -- simulated; see folded_mac.
    function weighted (operands : beats_t) return sums_t is
        variable sums : sums_t := (others => BIAS);
    begin
        for i in input_index loop
            for p in pe_index loop
                if product_fits(IN_LOW, IN_HIGH,
                                integer(WEIGHT_ROW(i)), integer(WEIGHT_ROW(i))) then
                    sums(p) := sums(p) + integer(WEIGHT_ROW(i) * operands(i)(p));
                else
                    sums(p) := sums(p) + integer(WEIGHT_ROW(i)) * integer(operands(i)(p));
                end if;
            end loop;
        end loop;
        return sums;
    end function;

    signal all_valid  : std_logic;
    signal can_accept : std_logic := '0';

begin

    all_valid <= and in_valid;
    in_ready  <= (others => all_valid and can_accept and (out_ready or not out_valid));

    process (clk)
        -- the beats that are held; the channels of the next step come first
        variable computing : boolean := false;
        variable operands  : beats_t;
        variable beat_last : std_logic;
        variable number    : natural range 0 to BEATS - 1 := 0;  -- of the next beat
        variable step      : natural range 0 to STEPS - 1 := 0;
        -- the channels that were added last
        variable group_done : boolean := false;
        variable beat_done  : boolean := false;
        variable done_last  : std_logic;
        variable sums       : sums_t;
        variable results    : results_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if group_done then
                    if STEPS > 1 then
                        results(0 to CHANNELS - PE - 1) := results(PE to CHANNELS - 1);
                    end if;
                    for p in pe_index loop
                        results(CHANNELS - PE + p) := saturate(
                            requantize(sums(p), MULTIPLIER, SHIFT), OUT_ZERO, OUT_LOW, OUT_HIGH);
                    end loop;
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
                    sums      := weighted(operands);
                    done_last := beat_last;
                    beat_done := step = STEPS - 1;
                    if STEPS > 1 then
                        for i in input_index loop
                            operands(i)(0 to CHANNELS - PE - 1) := operands(i)(PE to CHANNELS - 1);
                        end loop;
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
                    for i in input_index loop
                        for c in channel_index loop
                            operands(i)(c) := in_data(i * CHANNELS + c);
                        end loop;
                        assert (in_last(i) = '1') = (number = BEATS - 1)
                            report "add_stream: in_last does not mark the last beat"
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
            can_accept <= '1' when not computing or step = STEPS - 1 else '0';
        end if;
    end process;

end architecture;
