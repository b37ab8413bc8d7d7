--------------------------------------------------------------------------------
-- global_max_pool_stream: the highest sample of each image, channel by channel
--
--   in_data --> maximum of each channel so far --> clamp --> out_data (one beat for each image)
--
-- Generics
--   BEATS, CHANNELS     pixels of an image, samples of a pixel
--   IN_LOW, IN_HIGH     range of the input samples
--   OUT_LOW, OUT_HIGH   the output is clamped to these
--
-- Timing, in clocks with the output not stalled
--   The result is valid two clocks after the last pixel was taken. Each pixel takes one clock.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity global_max_pool_stream is
    generic (
        BEATS, CHANNELS   : positive;
        IN_LOW, IN_HIGH   : integer;
        OUT_LOW, OUT_HIGH : integer
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

architecture rtl of global_max_pool_stream is

    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    type pixel_t is array (channel_index) of element_t;

    function higher (a, b : pixel_t) return pixel_t is
        variable result : pixel_t := a;
    begin
        for c in channel_index loop
            if b(c) > a(c) then
                result(c) := b(c);
            end if;
        end loop;
        return result;
    end function;

begin

    in_ready <= out_ready or not out_valid;

    process (clk)
        -- the pixel that is held
        variable computing  : boolean := false;
        variable pixel      : pixel_t;
        variable number     : natural range 0 to BEATS - 1 := 0;  -- of the next pixel
        variable is_first   : boolean := false;
        variable is_last    : boolean := false;
        -- the result
        variable done   : boolean := false;
        variable result : pixel_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= saturate(integer(result(c)), 0, OUT_LOW, OUT_HIGH);
                    end loop;
                    out_valid <= '1';
                    out_last  <= '1';
                end if;

                -- 2. compute
                done := computing and is_last;
                if computing then
                    if is_first then
                        result := pixel;
                    else
                        result := higher(result, pixel);
                    end if;
                end if;

                -- 3. accept
                computing := in_valid = '1';
                if computing then
                    for c in channel_index loop
                        pixel(c) := in_data(c);
                    end loop;
                    is_first := number = 0;
                    is_last  := number = BEATS - 1;
                    assert (in_last = '1') = is_last
                        report "global_max_pool_stream: in_last does not mark the last pixel"
                        severity failure;
                    if is_last then
                        number := 0;
                    else
                        number := number + 1;
                    end if;
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
