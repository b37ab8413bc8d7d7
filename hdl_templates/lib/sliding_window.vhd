--------------------------------------------------------------------------------
-- sliding_window: the moving window of convolution and pooling, as a generic package
--
-- A layer instantiates the package with its shape, keeps one variable of each type below in its
-- clocked process, and calls `advance` once for every position of the padded image. Positions
-- come row by row; the layer feeds PAD_PIXEL where `is_padding` says so.
--
--   image WIDTH x HEIGHT with its padding         variables of the layer
--   +-----------------------------+
--   |      rows still needed      |   lines    KERNEL_HEIGHT-1 pixels for each column (a RAM)
--   |   +---------+               |
--   |   |         | column        |   column   the pixels above the next position, read from
--   |   | window  |   |           |            `lines` one step ahead (the RAM's clocked read)
--   |   |         |   v           |   window   KERNEL_HEIGHT x KERNEL_WIDTH pixels
--   |   +---------+ <- next pixel |   place    where the next pixel goes
--   |                             |
--   +-----------------------------+
--
-- Generics (pixels unless said otherwise)
--   HEIGHT, WIDTH, CHANNELS                   shape of the image
--   KERNEL_HEIGHT, KERNEL_WIDTH               shape of the window
--   STRIDE_HEIGHT, STRIDE_WIDTH               step between windows
--   PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT  border added around the image
--   LOW, HIGH                                 range of a sample, PAD_VALUE included
--   PAD_VALUE                                 every channel of a border pixel
--
-- Window elements are ordered (row, column, channel), channel fastest. The line memory has one
-- dynamic write and one read ahead, and is never touched as a whole: that is what makes it a
-- block RAM, and keeps clear of a fault of ghdl --synth (see the README of this folder).
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package sliding_window is
    generic (
        HEIGHT, WIDTH, CHANNELS                  : positive;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural;
        LOW, HIGH, PAD_VALUE                     : integer
    );

    constant PADDED_HEIGHT : positive := PAD_TOP + HEIGHT + PAD_BOTTOM;
    constant PADDED_WIDTH  : positive := PAD_LEFT + WIDTH + PAD_RIGHT;
    constant OUT_HEIGHT    : positive := (PADDED_HEIGHT - KERNEL_HEIGHT) / STRIDE_HEIGHT + 1;
    constant OUT_WIDTH     : positive := (PADDED_WIDTH - KERNEL_WIDTH) / STRIDE_WIDTH + 1;
    constant ROW_LENGTH    : positive := KERNEL_WIDTH * CHANNELS;  -- of the window, in samples
    constant WINDOW_LENGTH : positive := KERNEL_HEIGHT * ROW_LENGTH;
    -- A window one pixel high needs no lines; one is declared all the same, and goes unused.
    constant LINES         : positive := maximum(KERNEL_HEIGHT - 1, 1);

    subtype element_t is sample_t range sample_t(LOW) to sample_t(HIGH);
    type element_vector is array (natural range <>) of element_t;

    subtype channel_index is natural range 0 to CHANNELS - 1;
    subtype column_index is natural range 0 to LINES * CHANNELS - 1;
    subtype window_index is natural range 0 to WINDOW_LENGTH - 1;

    subtype pixel_t is element_vector(channel_index);
    subtype column_t is element_vector(column_index);
    subtype window_t is element_vector(window_index);
    type line_memory_t is array (0 to PADDED_WIDTH - 1) of column_t;

    constant PAD_PIXEL : pixel_t := (others => sample_t(PAD_VALUE));

    -- A position of the padded image; the two counters say how many more columns and rows it
    -- takes to complete a window (0: this position completes one).
    type place_t is record
        x             : natural range 0 to PADDED_WIDTH - 1;
        y             : natural range 0 to PADDED_HEIGHT - 1;
        columns_to_go : natural range 0 to maximum(KERNEL_WIDTH, STRIDE_WIDTH) - 1;
        rows_to_go    : natural range 0 to maximum(KERNEL_HEIGHT, STRIDE_HEIGHT) - 1;
    end record;

    constant ORIGIN : place_t := (x => 0, y => 0, columns_to_go => KERNEL_WIDTH - 1,
                                  rows_to_go => KERNEL_HEIGHT - 1);

    function is_padding (place : place_t) return boolean;
    function completes_window (place : place_t) return boolean;
    function completes_last_window (place : place_t) return boolean;
    -- The last pixel that comes from outside, not the last position.
    function is_last_pixel (place : place_t) return boolean;

    -- Takes one pixel into the window and moves on by one position.
    procedure advance (
        pixel           : in    pixel_t;
        variable place  : inout place_t;
        variable window : inout window_t;
        variable column : inout column_t;
        variable memory : inout line_memory_t
    );
end package;

package body sliding_window is

    function is_padding (place : place_t) return boolean is
    begin
        return place.y < PAD_TOP or place.y >= PAD_TOP + HEIGHT
            or place.x < PAD_LEFT or place.x >= PAD_LEFT + WIDTH;
    end function;

    function completes_window (place : place_t) return boolean is
    begin
        return place.columns_to_go = 0 and place.rows_to_go = 0;
    end function;

    function completes_last_window (place : place_t) return boolean is
    begin
        return place.x = (OUT_WIDTH - 1) * STRIDE_WIDTH + KERNEL_WIDTH - 1
           and place.y = (OUT_HEIGHT - 1) * STRIDE_HEIGHT + KERNEL_HEIGHT - 1;
    end function;

    function is_last_pixel (place : place_t) return boolean is
    begin
        return place.x = PAD_LEFT + WIDTH - 1 and place.y = PAD_TOP + HEIGHT - 1;
    end function;

    -- Every row of the window moves left by one pixel; the new column enters on the right.
    procedure shift_window (
        pixel           : in    pixel_t;
        column          : in    column_t;
        variable window : inout window_t
    ) is
        variable first, last : natural;  -- the row's samples
    begin
        for row in 0 to KERNEL_HEIGHT - 1 loop
            first := row * ROW_LENGTH;
            last  := first + ROW_LENGTH - 1;
            if KERNEL_WIDTH > 1 then
                window(first to last - CHANNELS) := window(first + CHANNELS to last);
            end if;
            if row < KERNEL_HEIGHT - 1 then
                window(last - CHANNELS + 1 to last)
                    := column(row * CHANNELS to row * CHANNELS + CHANNELS - 1);
            else
                window(last - CHANNELS + 1 to last) := pixel;
            end if;
        end loop;
    end procedure;

    -- The position after this one, row by row; after the last comes ORIGIN.
    procedure move_on (variable place : inout place_t) is
    begin
        if place.x < PADDED_WIDTH - 1 then
            place.x := place.x + 1;
            if place.columns_to_go > 0 then
                place.columns_to_go := place.columns_to_go - 1;
            else
                place.columns_to_go := STRIDE_WIDTH - 1;
            end if;
        elsif place.y < PADDED_HEIGHT - 1 then
            place.x             := 0;
            place.y             := place.y + 1;
            place.columns_to_go := KERNEL_WIDTH - 1;
            if place.rows_to_go > 0 then
                place.rows_to_go := place.rows_to_go - 1;
            else
                place.rows_to_go := STRIDE_HEIGHT - 1;
            end if;
        else
            place := ORIGIN;
        end if;
    end procedure;

    procedure advance (
        pixel           : in    pixel_t;
        variable place  : inout place_t;
        variable window : inout window_t;
        variable column : inout column_t;
        variable memory : inout line_memory_t
    ) is
        variable moved : column_t := column;  -- becomes the column one row further down
        variable here  : natural range 0 to PADDED_WIDTH - 1;
    begin
        shift_window(pixel, column, window);
        here := place.x;
        move_on(place);
        if KERNEL_HEIGHT > 1 then
            if KERNEL_HEIGHT > 2 then
                moved(0 to (LINES - 1) * CHANNELS - 1) := column(CHANNELS to column'high);
            end if;
            moved((LINES - 1) * CHANNELS to moved'high) := pixel;
            if PADDED_WIDTH > 1 then
                column := memory(place.x);
            else
                column := moved;  -- the next position is this one again
            end if;
            memory(here) := moved;
        end if;
    end procedure;

end package body;
