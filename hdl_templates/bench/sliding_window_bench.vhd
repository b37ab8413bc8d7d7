--------------------------------------------------------------------------------
-- sliding_window_bench: every window of random images, element by element
--
-- The package has no clock: the bench walks through the positions of some padded images and
-- looks the expected elements up in them.
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity sliding_window_bench is
    generic (
        HEIGHT, WIDTH                            : positive := 6;
        CHANNELS                                 : positive := 2;
        KERNEL_HEIGHT, KERNEL_WIDTH              : positive := 3;
        STRIDE_HEIGHT, STRIDE_WIDTH              : positive := 1;
        PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT : natural  := 0;
        PAD_VALUE                                : integer  := -7;
        IMAGES                                   : positive := 3;
        SEED                                     : natural  := 1
    );
end entity;

architecture bench of sliding_window_bench is

    constant LOW  : integer := -128;
    constant HIGH : integer := 127;

    package image is new work.sliding_window
        generic map (
            HEIGHT        => HEIGHT,        WIDTH        => WIDTH,        CHANNELS => CHANNELS,
            KERNEL_HEIGHT => KERNEL_HEIGHT, KERNEL_WIDTH => KERNEL_WIDTH,
            STRIDE_HEIGHT => STRIDE_HEIGHT, STRIDE_WIDTH => STRIDE_WIDTH,
            PAD_TOP       => PAD_TOP,       PAD_BOTTOM   => PAD_BOTTOM,
            PAD_LEFT      => PAD_LEFT,      PAD_RIGHT    => PAD_RIGHT,
            LOW           => LOW,           HIGH         => HIGH,         PAD_VALUE => PAD_VALUE
        );
    use image.all;

    constant DATA : sample_vector(0 to IMAGES * HEIGHT * WIDTH * CHANNELS - 1)
        := random_samples(IMAGES * HEIGHT * WIDTH * CHANNELS, LOW, HIGH, SEED);
    constant DOWN   : natural := windows(HEIGHT, KERNEL_HEIGHT, STRIDE_HEIGHT, PAD_TOP + PAD_BOTTOM);
    constant ACROSS : natural := windows(WIDTH, KERNEL_WIDTH, STRIDE_WIDTH, PAD_LEFT + PAD_RIGHT);

    impure function is_inside (y, x : integer) return boolean is
    begin
        return y >= PAD_TOP and y < PAD_TOP + HEIGHT and x >= PAD_LEFT and x < PAD_LEFT + WIDTH;
    end function;

    -- A sample of the image with its border.
    impure function padded (number, y, x, c : integer) return sample_t is
    begin
        if not is_inside(y, x) then
            return sample_t(PAD_VALUE);
        end if;
        return DATA(((number * HEIGHT + y - PAD_TOP) * WIDTH + x - PAD_LEFT) * CHANNELS + c);
    end function;

begin

    process
        variable place   : place_t := ORIGIN;
        variable pixel   : pixel_t;
        variable window  : window_t;
        variable column  : column_t;
        variable memory  : line_memory_t;
        variable values  : natural := 0;
        variable found   : natural;  -- windows of the image
        variable ends    : boolean;
        variable is_last : boolean;

        procedure demand (condition : boolean; message : string) is
        begin
            if not condition then
                report "BENCH sliding_window failed: " & message
                     & " (value " & integer'image(values) & ")"
                    severity error;
                std.env.stop(1);
            end if;
        end procedure;

        procedure check_window (number, y, x : integer) is
            variable element : natural := 0;
        begin
            for ky in 1 - KERNEL_HEIGHT to 0 loop
                for kx in 1 - KERNEL_WIDTH to 0 loop
                    for c in 0 to CHANNELS - 1 loop
                        demand(window(element) = padded(number, y + ky, x + kx, c),
                               "wrong element " & integer'image(element));
                        element := element + 1;
                        values  := values + 1;
                    end loop;
                end loop;
            end loop;
        end procedure;

        -- True where a window ends, by division: the package counts.
        impure function ends_window (y, x : integer) return boolean is
        begin
            return y >= KERNEL_HEIGHT - 1 and (y - KERNEL_HEIGHT + 1) mod STRIDE_HEIGHT = 0
               and x >= KERNEL_WIDTH - 1 and (x - KERNEL_WIDTH + 1) mod STRIDE_WIDTH = 0;
        end function;
    begin
        for number in 0 to IMAGES - 1 loop
            found := 0;
            for y in 0 to PAD_TOP + HEIGHT + PAD_BOTTOM - 1 loop
                for x in 0 to PAD_LEFT + WIDTH + PAD_RIGHT - 1 loop
                    demand(is_padding(place) = not is_inside(y, x), "is_padding is wrong");
                    demand(is_last_pixel(place)
                           = (y = PAD_TOP + HEIGHT - 1 and x = PAD_LEFT + WIDTH - 1),
                           "is_last_pixel is wrong");
                    for c in 0 to CHANNELS - 1 loop
                        pixel(c) := padded(number, y, x, c);
                    end loop;
                    ends    := completes_window(place);
                    is_last := completes_last_window(place);
                    demand(ends = ends_window(y, x), "completes_window is wrong");
                    advance(pixel, place, window, column, memory);
                    if ends then
                        found := found + 1;
                        check_window(number, y, x);
                        demand(is_last = (found = DOWN * ACROSS), "completes_last_window is wrong");
                    end if;
                end loop;
            end loop;
            demand(found = DOWN * ACROSS, "the number of windows is wrong");
        end loop;
        report "BENCH sliding_window values=" & integer'image(values) & " errors=0"
            severity note;
        std.env.stop(0);
        wait;
    end process;

end architecture;
