--------------------------------------------------------------------------------
-- upsample_stream: every pixel FACTOR_WIDTH times, every row FACTOR_HEIGHT times (nearest)
--
--   in_data --+----------------------> pixel --> out_data
--             |                          ^
--             +--> memory of one row ----+
--
-- The first copy of a row goes out while it comes in; the others come from the memory, whose read
-- is clocked, one position ahead.
--
-- Generics
--   HEIGHT, WIDTH, CHANNELS       input image, pixels and samples of a pixel
--   FACTOR_HEIGHT, FACTOR_WIDTH   copies of a row, and of a pixel in it
--   IN_LOW, IN_HIGH               range of the samples
--
-- Timing, in clocks with the output not stalled
--   Each position of the output image takes one clock and gives a beat; those at multiples of both
--   factors take a pixel. A pixel taken at clock t is valid at the output after t+2.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity upsample_stream is
    generic (
        HEIGHT, WIDTH, CHANNELS     : positive;
        FACTOR_HEIGHT, FACTOR_WIDTH : positive;
        IN_LOW, IN_HIGH             : integer
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

architecture rtl of upsample_stream is

    -- The only pixel of a row need not be read back.
    constant HAS_MEMORY : boolean := FACTOR_HEIGHT > 1 and WIDTH > 1;

    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    type pixel_t is array (channel_index) of element_t;
    type line_memory_t is array (0 to WIDTH - 1) of pixel_t;

    -- A position of the output image: a pixel of the input, and which of its copies.
    type place_t is record
        x      : natural range 0 to WIDTH - 1;
        y      : natural range 0 to HEIGHT - 1;
        x_copy : natural range 0 to FACTOR_WIDTH - 1;
        y_copy : natural range 0 to FACTOR_HEIGHT - 1;
    end record;

    constant ORIGIN : place_t := (x => 0, y => 0, x_copy => 0, y_copy => 0);

    function takes_pixel (place : place_t) return boolean is
    begin
        return place.x_copy = 0 and place.y_copy = 0;
    end function;

    function is_last_pixel (place : place_t) return boolean is
    begin
        return place.x = WIDTH - 1 and place.y = HEIGHT - 1;
    end function;

    function is_last_place (place : place_t) return boolean is
    begin
        return is_last_pixel(place)
           and place.x_copy = FACTOR_WIDTH - 1 and place.y_copy = FACTOR_HEIGHT - 1;
    end function;

    -- The position after this one, row by row; after the last comes ORIGIN.
    function next_place (place : place_t) return place_t is
        variable result : place_t := place;
    begin
        if place.x_copy < FACTOR_WIDTH - 1 then
            result.x_copy := place.x_copy + 1;
            return result;
        end if;
        result.x_copy := 0;
        if place.x < WIDTH - 1 then
            result.x := place.x + 1;
            return result;
        end if;
        result.x := 0;
        if place.y_copy < FACTOR_HEIGHT - 1 then
            result.y_copy := place.y_copy + 1;
            return result;
        end if;
        result.y_copy := 0;
        if place.y < HEIGHT - 1 then
            result.y := place.y + 1;
            return result;
        end if;
        return ORIGIN;
    end function;

    signal can_accept : std_logic := '0';

begin

    in_ready <= can_accept and (out_ready or not out_valid);

    process (clk)
        -- the pixel under way, and the next position of the output image
        variable place     : place_t := ORIGIN;
        variable here      : natural range 0 to WIDTH - 1;
        variable pixel     : pixel_t;
        variable memory    : line_memory_t;
        variable word      : pixel_t;  -- what the memory has for the next position
        variable computing : boolean := false;
        variable fresh     : boolean;  -- the pixel came in just now
        variable beat_last : boolean := false;
        -- the result
        variable done       : boolean := false;
        variable image_done : boolean := false;
        variable result     : pixel_t;
    begin
        if rising_edge(clk) then
            if out_ready = '1' or out_valid = '0' then

                -- 1. output
                out_valid <= '0';
                if done then
                    for c in channel_index loop
                        out_data(c) <= result(c);
                    end loop;
                    out_valid <= '1';
                    out_last  <= '1' when image_done else '0';
                end if;

                -- 2. compute
                done := computing;
                if computing then
                    result     := pixel;
                    image_done := beat_last;
                end if;

                -- 3. accept
                fresh     := takes_pixel(place);
                computing := in_valid = '1' or not fresh;
                if computing then
                    if fresh then
                        for c in channel_index loop
                            pixel(c) := in_data(c);
                        end loop;
                        assert (in_last = '1') = is_last_pixel(place)
                            report "upsample_stream: in_last does not mark the last pixel"
                            severity failure;
                    elsif HAS_MEMORY and place.x_copy = 0 then
                        pixel := word;
                    end if;
                    beat_last := is_last_place(place);
                    here      := place.x;
                    place     := next_place(place);
                    if HAS_MEMORY then
                        word := memory(place.x);
                        if fresh then
                            memory(here) := pixel;
                        end if;
                    end if;
                end if;
            end if;

            if rst = '1' then
                place     := ORIGIN;
                computing := false;
                done      := false;
                out_valid <= '0';
            end if;
            can_accept <= '1' when takes_pixel(place) else '0';
        end if;
    end process;

end architecture;
