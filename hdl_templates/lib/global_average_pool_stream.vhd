--------------------------------------------------------------------------------
-- global_average_pool_stream: the mean of each image, channel by channel, requantized
--
--   in_data --> sum of each channel --> requantize --> out_data (one beat for each image)
--                                       F steps, PE channels at once
--
-- Generics
--   BEATS, CHANNELS              pixels of an image, samples of a pixel
--   PE                           channels that are requantized in one step; divides CHANNELS
--   IN_LOW, IN_HIGH              range of the input samples
--   BIAS                         added to each sum: takes the zero point of the input away
--   OUT_ZERO, OUT_LOW, OUT_HIGH  zero point and clamp of the output
--   MULTIPLIER, SHIFT            requantization, 1/n of the mean folded in
--
--   F = CHANNELS/PE
--
-- Timing, in clocks with the output not stalled
--   The result is valid F+1 clocks after the last pixel was taken. Each pixel takes one clock,
--   the last one F: an image takes BEATS + F - 1 clocks.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity global_average_pool_stream is
    generic (
        BEATS, CHANNELS             : positive;
        PE                          : positive;
        IN_LOW, IN_HIGH, BIAS       : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH : integer;
        MULTIPLIER, SHIFT           : integer
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

architecture rtl of global_average_pool_stream is

    constant STEPS : positive := CHANNELS / PE;

    -- The sum never leaves these bounds on its way.
    constant SUM_LOW  : integer := minimum(BIAS, BIAS + BEATS * IN_LOW);
    constant SUM_HIGH : integer := maximum(BIAS, BIAS + BEATS * IN_HIGH);

    constant GENERICS_ARE_LEGAL : boolean :=
            require(CHANNELS mod PE = 0, "global_average_pool_stream: PE must divide CHANNELS")
        and require_scales((0 => MULTIPLIER), (0 => SHIFT), 1);

    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype pe_index is natural range 0 to PE - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype sum_t is integer range SUM_LOW to SUM_HIGH;
    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);
    type pixel_t is array (channel_index) of element_t;
    type sum_vector is array (natural range <>) of sum_t;
    type result_vector is array (natural range <>) of result_t;
    subtype sums_t is sum_vector(channel_index);
    subtype results_t is result_vector(channel_index);

    function added (sums : sums_t; pixel : pixel_t) return sums_t is
        variable result : sums_t;
    begin
        for c in channel_index loop
            result(c) := sums(c) + integer(pixel(c));
        end loop;
        return result;
    end function;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);

    process (clk)
        -- the pixel that is held
        variable computing : boolean := false;
        variable pixel     : pixel_t;
        variable number    : natural range 0 to BEATS - 1 := 0;  -- of the next pixel
        variable is_first  : boolean := false;
        variable is_last   : boolean := false;
        variable step      : natural range 0 to STEPS - 1 := 0;  -- of the last pixel
        -- the sums; once complete, the channels of the next step come first
        variable sums       : sums_t;
        variable group_done : boolean := false;
        variable image_done : boolean := false;
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
                    if STEPS > 1 then
                        sums(0 to CHANNELS - PE - 1) := sums(PE to CHANNELS - 1);
                    end if;
                    if image_done then
                        for c in channel_index loop
                            out_data(c) <= results(c);
                        end loop;
                        out_valid <= '1';
                        out_last  <= '1';
                    end if;
                end if;

                -- 2. compute
                group_done := computing and is_last;
                if computing then
                    if step = 0 then
                        if is_first then
                            sums := (others => BIAS);
                        end if;
                        sums := added(sums, pixel);
                    end if;
                    image_done := step = STEPS - 1;
                    if is_last and not image_done then
                        step := step + 1;
                    else
                        step      := 0;
                        computing := false;
                    end if;
                end if;

                -- 3. accept
                if not computing and in_valid = '1' then
                    for c in channel_index loop
                        pixel(c) := in_data(c);
                    end loop;
                    is_first := number = 0;
                    is_last  := number = BEATS - 1;
                    assert (in_last = '1') = is_last
                        report "global_average_pool_stream: in_last does not mark the last pixel"
                        severity failure;
                    if is_last then
                        number := 0;
                    else
                        number := number + 1;
                    end if;
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
            can_accept <= '1' when not computing or not is_last or step = STEPS - 1 else '0';
        end if;
    end process;

end architecture;
