--------------------------------------------------------------------------------
-- affine_stream: weight * sample + bias for each channel, requantized (a batch normalization that
-- was not folded into its neighbour)
--
--   in_data --> CHANNELS multipliers --> add BIAS --> requantize --> out_data
--
-- Generics
--   CHANNELS                     samples of a beat
--   BEATS                        beats of an image
--   IN_LOW, IN_HIGH              range of the input samples
--   WEIGHT_LOW, WEIGHT_HIGH      range of the weights
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   WEIGHTS, BIAS                one value for each channel
--   MULTIPLIERS, SHIFTS          one value for each channel
--
-- Timing: a beat taken at clock t gives a valid output after t+2; one beat at every clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity affine_stream is
    generic (
        CHANNELS, BEATS             : positive;
        IN_LOW, IN_HIGH             : integer;
        WEIGHT_LOW, WEIGHT_HIGH     : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        WEIGHTS                     : sample_vector;
        BIAS, MULTIPLIERS, SHIFTS   : integer_vector
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to CHANNELS - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to CHANNELS - 1);
        out_last  : out std_logic
    );
end entity;

architecture rtl of affine_stream is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(WEIGHTS'length = CHANNELS, "affine_stream: WEIGHTS: one for each channel")
        and require(BIAS'length = CHANNELS, "affine_stream: BIAS: one for each channel")
        and require_scales(MULTIPLIERS, SHIFTS, CHANNELS);

    constant NARROW : boolean := product_fits(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH);

    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype weight_t is sample_t range sample_t(WEIGHT_LOW) to sample_t(WEIGHT_HIGH);
    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);
    type beat_t is array (channel_index) of element_t;
    type weight_row_t is array (channel_index) of weight_t;
    type integer_row_t is array (channel_index) of integer;

    function to_weight_row (list : sample_vector) return weight_row_t is
        alias values : sample_vector(0 to list'length - 1) is list;
        variable row : weight_row_t;
    begin
        for c in channel_index loop
            row(c) := values(c);
        end loop;
        return row;
    end function;

    function to_row (list : integer_vector) return integer_row_t is
        alias values : integer_vector(0 to list'length - 1) is list;
        variable row : integer_row_t;
    begin
        for c in channel_index loop
            row(c) := values(c);
        end loop;
        return row;
    end function;

    constant WEIGHT_ROW     : weight_row_t  := to_weight_row(WEIGHTS);
    constant BIAS_ROW       : integer_row_t := to_row(BIAS);
    constant MULTIPLIER_ROW : integer_row_t := to_row(MULTIPLIERS);
    constant SHIFT_ROW      : integer_row_t := to_row(SHIFTS);

    -- A function keeps its variables in registers when simulated; see folded_mac.
    function weighted (beat : beat_t) return integer_row_t is
        variable sums : integer_row_t;
    begin
        for c in channel_index loop
            if NARROW then
                sums(c) := BIAS_ROW(c) + integer(WEIGHT_ROW(c) * beat(c));
            else
                sums(c) := BIAS_ROW(c) + integer(WEIGHT_ROW(c)) * integer(beat(c));
            end if;
        end loop;
        return sums;
    end function;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        variable computing : boolean := false;
        variable beat      : beat_t;
        variable number    : natural range 0 to BEATS - 1 := 0;  -- of the next beat
        variable beat_last : std_logic;
        variable done      : boolean := false;
        variable sums      : integer_row_t;
        variable done_last : std_logic;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= result_t(
                            saturate(requantize(sums(c), MULTIPLIER_ROW(c), SHIFT_ROW(c)),
                                     OUT_ZERO, OUT_LOW, OUT_HIGH));
                    end loop;
                    out_valid <= '1';
                    out_last  <= done_last;
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    sums      := weighted(beat);
                    done_last := beat_last;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    for c in channel_index loop
                        beat(c) := in_data(c);
                    end loop;
                    assert (in_last = '1') = (number = BEATS - 1)
                        report "affine_stream: in_last does not mark the last beat"
                        severity failure;
                    if number < BEATS - 1 then
                        number := number + 1;
                    else
                        number := 0;
                    end if;
                    beat_last := in_last;
                end if;
            end if;

            if rst = '1' then
                number    := 0;
                computing := false;
                done      := false;
                out_valid <= '0';
            end if;
        end if;
    end process;

end architecture;
