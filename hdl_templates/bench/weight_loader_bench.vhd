--------------------------------------------------------------------------------
-- weight_loader_bench: a network of two layers whose weights are loaded, against a straight loop
--
-- Images are offered all the time. Beside them weights are loaded (before, between and within
-- images), read back, cut short, sent on for too long, changed in one bit, and interrupted by a
-- reset. Every answer must come from the weights that were complete when its image began; an image
-- must never begin without any, nor a load while one is under way.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;
use work.bench_pkg.all;

entity weight_loader_bench is
    generic (
        PE, SIMD      : positive := 1;   -- of the first layer
        FIRST_BITS    : positive := 8;   -- of its weights: bytes
        SECOND_BITS   : positive := 12;  -- of the second layer's: two bytes each
        BEATS         : positive := 3;   -- of an image
        IN_STALL, OUT_STALL, WEIGHT_STALL : natural := 0;  -- percent
        SEED          : natural := 1
    );
end entity;

architecture bench of weight_loader_bench is

    constant LANES   : positive := 4;
    constant HIDDEN  : positive := 6;  -- outputs of the first layer
    constant OUTPUTS : positive := 3;
    constant PICTURES : positive := 20;  -- images that differ
    constant SETS    : positive := 4;    -- of weights; the last is the first, but for one bit

    -- What a layer of the network is made of.
    type shape_t is record
        inputs, lanes, outputs, pe, simd, bits : positive;
    end record;
    constant FIRST  : shape_t := (BEATS * LANES, LANES, HIDDEN, PE, SIMD, FIRST_BITS);
    constant SECOND : shape_t := (HIDDEN, HIDDEN, OUTPUTS, 1, 2, SECOND_BITS);

    function bytes_of (shape : shape_t) return positive is
    begin
        if shape.bits > 8 then
            return 2 * shape.inputs * shape.outputs;
        end if;
        return shape.inputs * shape.outputs;
    end function;

    constant FIRST_BYTES : positive := bytes_of(FIRST);
    constant BYTES       : positive := FIRST_BYTES + bytes_of(SECOND);

    constant DATA : sample_vector(0 to PICTURES * FIRST.inputs - 1)
        := random_samples(PICTURES * FIRST.inputs, -128, 127, SEED);
    constant BIAS : integer_vector(0 to HIDDEN - 1)
        := random_integers(HIDDEN, -1000, 1000, SEED + 1);
    constant MULTIPLIERS : integer_vector(0 to HIDDEN - 1)
        := random_integers(HIDDEN, 16384, 32767, SEED + 2);
    -- sums spread over the output range, some beyond
    constant FIRST_SHIFTS  : integer_vector(0 to HIDDEN - 1)
        := (others => 15 + FIRST_BITS - 2);
    constant SECOND_SHIFTS : integer_vector(0 to OUTPUTS - 1)
        := (others => 15 + SECOND_BITS - 2);

    -- ---- weights as they are loaded: fold step by fold step ----

    function weights_of (shape : shape_t; set, start : natural) return sample_vector is
        variable list : sample_vector(0 to shape.inputs * shape.outputs - 1) := random_samples(
            shape.inputs * shape.outputs, -2 ** (shape.bits - 1), 2 ** (shape.bits - 1) - 1,
            start + set mod (SETS - 1));
    begin
        return list;
    end function;

    type octets is array (natural range <>) of natural range 0 to 255;

    function file_of (set : natural) return octets is
        variable list : octets(0 to BYTES - 1);
        variable at   : natural := 0;

        procedure add (shape : shape_t; values : sample_vector) is
        begin
            for i in values'range loop
                list(at) := integer(values(i)) mod 256;
                at       := at + 1;
                if shape.bits > 8 then
                    list(at) := integer(values(i)) mod 65536 / 256;
                    at       := at + 1;
                end if;
            end loop;
        end procedure;
    begin
        add(FIRST, weights_of(FIRST, set, SEED + 10));
        add(SECOND, weights_of(SECOND, set, SEED + 20));
        if set = SETS - 1 then
            list(FIRST_BYTES / 2) := (list(FIRST_BYTES / 2) / 2) * 2
                                     + 1 - list(FIRST_BYTES / 2) mod 2;
        end if;
        return list;
    end function;

    function sum_of (set : natural) return unsigned is
        constant list : octets := file_of(set);
        variable a    : natural := 1;
        variable b    : natural := 0;
    begin
        for i in list'range loop
            a := (a + list(i)) mod 65536;
            b := (b + a) mod 65536;
        end loop;
        return to_unsigned(b, 16) & to_unsigned(a, 16);
    end function;

    -- The weight between an input and an output of a layer whose bytes begin at `start`.
    function weight (list : octets; shape : shape_t; start, output, input : natural)
        return integer is
        constant GROUPS : positive := shape.lanes / shape.simd;
        constant STEP   : natural := (input / shape.lanes * (shape.outputs / shape.pe)
                                      + output / shape.pe) * GROUPS
                                     + input mod shape.lanes / shape.simd;
        constant PLACE  : natural := (STEP * shape.pe + output mod shape.pe) * shape.simd
                                     + input mod shape.simd;
        variable value  : integer;
    begin
        if shape.bits > 8 then
            value := list(start + 2 * PLACE) + 256 * list(start + 2 * PLACE + 1);
            value := value - 65536 * (value / 32768);
        else
            value := list(start + PLACE);
            value := value - 256 * (value / 128);
        end if;
        return value;
    end function;

    function layer (list : octets; shape : shape_t; start : natural; x : sample_vector;
                    shifts : integer_vector) return sample_vector is
        alias    inputs : sample_vector(0 to x'length - 1) is x;
        variable result : sample_vector(0 to shape.outputs - 1);
        variable sum    : integer;
    begin
        for o in result'range loop
            sum := BIAS(o);
            for i in inputs'range loop
                sum := sum + integer(inputs(i)) * weight(list, shape, start, o, i);
            end loop;
            result(o) := reference_requantize(sum, MULTIPLIERS(o), shifts(o), 0, -128, 127);
        end loop;
        return result;
    end function;

    function answer (set, picture : natural) return sample_vector is
        constant LIST : octets := file_of(set);
    begin
        return layer(LIST, SECOND, FIRST_BYTES,
                     layer(LIST, FIRST, 0,
                           DATA(picture * FIRST.inputs to (picture + 1) * FIRST.inputs - 1),
                           FIRST_SHIFTS),
                     SECOND_SHIFTS);
    end function;

    -- ---- signals ----

    signal clk, rst : std_logic := '1';

    signal w_valid, w_last, w_check : std_logic := '0';
    signal w_ready, sum_valid, refused : std_logic;
    signal w_data : std_logic_vector(7 downto 0) := (others => '0');
    signal sum    : std_logic_vector(31 downto 0);

    signal restart, loading, reading, byte_valid, hold : std_logic;
    signal through_1, back_valid_1, through_2, back_valid_2 : std_logic;
    signal back_data_1, back_data_2 : std_logic_vector(7 downto 0);
    signal step_1, step_2     : natural;
    signal enable_1, enable_2 : std_logic;
    signal row_1 : sample_vector(0 to PE * SIMD - 1);
    signal row_2 : sample_vector(0 to SECOND.pe * SECOND.simd - 1);

    signal in_valid, in_last : std_logic := '0';
    signal in_ready, network_valid, network_ready : std_logic;
    signal in_data : sample_vector(0 to LANES - 1);
    signal a_valid, a_ready, a_last, b_valid, b_ready, b_last : std_logic;
    signal a_data, b_data : sample_vector(0 to HIDDEN - 1);
    signal out_valid, out_last : std_logic;
    signal out_ready : std_logic := '0';
    signal out_data  : sample_vector(0 to OUTPUTS - 1);

    signal target   : integer := -1;  -- the set that is loaded, or on its way; -1: none that is whole
    signal accepted : natural := 0;   -- images that began
    signal answered : natural := 0;   -- images that were answered, or lost to a reset
    signal changed  : natural := 0;   -- answers that the set before would have given otherwise
    signal within   : boolean := false;  -- an image has begun and has beats to come
    signal values   : natural := 0;

    procedure fail (message : string) is
    begin
        report "BENCH weight_loader failed: " & message severity error;
        std.env.stop(1);
    end procedure;

begin

    clk <= not clk after 5 ns;

    loader : entity work.weight_loader
        generic map (BYTES => BYTES, IN_BEATS => BEATS, OUT_BEATS => 1)
        port map (clk, rst, w_valid, w_ready, w_data, w_last, w_check, sum, sum_valid, refused,
                  restart, loading, reading, byte_valid, through_2, back_valid_2, back_data_2,
                  hold, in_valid, in_ready, network_valid, network_ready, out_valid, out_ready);

    memory_1 : entity work.weight_memory
        generic map (
            ROWS => FIRST.inputs * FIRST.outputs / (PE * SIMD), VALUES => PE * SIMD,
            LOW  => -2 ** (FIRST_BITS - 1), HIGH => 2 ** (FIRST_BITS - 1) - 1
        )
        port map (clk, restart, loading, reading, '1', through_1, byte_valid, w_data,
                  '0', "00000000", back_valid_1, back_data_1, step_1, enable_1, row_1);

    memory_2 : entity work.weight_memory
        generic map (
            ROWS => HIDDEN * OUTPUTS / 2, VALUES => 2,
            LOW  => -2 ** (SECOND_BITS - 1), HIGH => 2 ** (SECOND_BITS - 1) - 1
        )
        port map (clk, restart, loading, reading, through_1, through_2, byte_valid, w_data,
                  back_valid_1, back_data_1, back_valid_2, back_data_2, step_2, enable_2, row_2);

    first_layer : entity work.dense_stream
        generic map (
            IN_LANES => LANES, BEATS => BEATS, OUTPUTS => HIDDEN, PE => PE, SIMD => SIMD,
            IN_LOW => -128, IN_HIGH => 127,
            WEIGHT_LOW => -2 ** (FIRST_BITS - 1), WEIGHT_HIGH => 2 ** (FIRST_BITS - 1) - 1,
            OUT_ZERO => 0, OUT_LOW => -128, OUT_HIGH => 127, LOADABLE => true,
            BIAS => BIAS, MULTIPLIERS => MULTIPLIERS, SHIFTS => FIRST_SHIFTS
        )
        port map (clk, hold, network_valid, network_ready, in_data, in_last,
                  a_valid, a_ready, a_data, a_last, step_1, enable_1, row_1);

    between : entity work.register_stage
        generic map (LANES => HIDDEN)
        port map (clk, hold, a_valid, a_ready, a_data, a_last, b_valid, b_ready, b_data, b_last);

    second_layer : entity work.dense_stream
        generic map (
            IN_LANES => HIDDEN, BEATS => 1, OUTPUTS => OUTPUTS, PE => 1, SIMD => 2,
            IN_LOW => -128, IN_HIGH => 127,
            WEIGHT_LOW => -2 ** (SECOND_BITS - 1), WEIGHT_HIGH => 2 ** (SECOND_BITS - 1) - 1,
            OUT_ZERO => 0, OUT_LOW => -128, OUT_HIGH => 127, LOADABLE => true,
            BIAS => BIAS(0 to OUTPUTS - 1), MULTIPLIERS => MULTIPLIERS(0 to OUTPUTS - 1),
            SHIFTS => SECOND_SHIFTS
        )
        port map (clk, hold, b_valid, b_ready, b_data, b_last,
                  out_valid, out_ready, out_data, out_last, step_2, enable_2, row_2);

    -- Images without end, and what they are answered.
    images : process (clk)
        type integer_list is array (0 to 1023) of integer;
        variable random   : random_state := seeded(SEED + 3);
        variable set_for  : integer_list;  -- by image
        variable before   : integer := -1;
        variable beat     : natural range 0 to BEATS - 1 := 0;
        variable begun    : natural := 0;
        variable ended    : natural := 0;
        variable pause    : boolean;
        variable wanted   : sample_vector(0 to OUTPUTS - 1);
    begin
        if rising_edge(clk) then
            if in_valid = '1' and in_ready = '1' then
                if beat = 0 then
                    if target < 0 or sum_valid /= '1' then
                        fail("an image began without weights");
                    end if;
                    set_for(begun) := target;
                    begun := begun + 1;
                end if;
                beat     := (beat + 1) mod BEATS;
                in_valid <= '0';
            end if;
            if in_valid /= '1' or in_ready = '1' then
                chance(random, IN_STALL, pause);
                if not pause then
                    in_valid <= '1';
                    in_last  <= '1' when beat = BEATS - 1 else '0';
                    for lane in 0 to LANES - 1 loop
                        in_data(lane) <= DATA((begun - boolean'pos(beat > 0)) mod PICTURES
                                              * FIRST.inputs + beat * LANES + lane);
                    end loop;
                end if;
            end if;

            if out_valid = '1' and out_ready = '1' then
                if ended = begun then
                    fail("an answer without an image");
                end if;
                wanted := answer(set_for(ended), ended mod PICTURES);
                if out_data /= wanted then
                    fail("image " & integer'image(ended) & " with set "
                         & integer'image(set_for(ended)));
                end if;
                if set_for(ended) /= set_for(maximum(ended, 1) - 1) then
                    before := set_for(ended - 1);
                end if;
                if before >= 0 and wanted /= answer(before, ended mod PICTURES) then
                    changed <= changed + 1;
                end if;
                ended  := ended + 1;
                values <= values + OUTPUTS;
            end if;
            chance(random, OUT_STALL, pause);
            out_ready <= '0' when pause else '1';

            if rst = '1' then  -- images that are under way are lost
                ended    := begun;
                beat     := 0;
                in_valid <= '0';
            end if;
            accepted <= begun;
            answered <= ended;
            within   <= beat > 0;
        end if;
    end process;

    weights : process
        variable random : random_state := seeded(SEED + 4);
        constant LIMIT  : positive := 100000;  -- clocks in which anything must have happened

        procedure tick (clocks : positive := 1) is
        begin
            for i in 1 to clocks loop
                wait until rising_edge(clk);
            end loop;
        end procedure;

        -- `count` bytes of a set, the last of which is marked, into memories that then have `becomes`.
        procedure send (set, count : natural; becomes : integer; marked : boolean := true) is
            constant LIST : octets := file_of(set);
            variable pause : boolean;
        begin
            for i in 0 to count - 1 loop
                chance(random, WEIGHT_STALL, pause);
                while pause and i > 0 loop
                    tick;
                    chance(random, WEIGHT_STALL, pause);
                end loop;
                w_valid <= '1';
                w_data  <= std_logic_vector(to_unsigned(LIST(i mod BYTES), 8));
                w_last  <= '1' when marked and i = count - 1 else '0';
                for waited in 0 to LIMIT loop
                    tick;
                    exit when w_ready = '1';
                    if waited = LIMIT then
                        fail("no byte of weights is taken");
                    end if;
                end loop;
                if i = 0 then
                    if accepted /= answered then
                        fail("a load began while an image was under way");
                    end if;
                    target <= becomes;
                end if;
                w_valid <= '0';
                w_last  <= '0';
            end loop;
        end procedure;

        procedure expect_sum (set : natural) is
        begin
            for waited in 0 to LIMIT loop
                tick;
                exit when sum_valid = '1';
                if waited = LIMIT then
                    fail("no checksum");
                end if;
            end loop;
            if refused /= '0' or unsigned(sum) /= sum_of(set) then
                fail("checksum of set " & integer'image(set));
            end if;
        end procedure;

        procedure load (set : natural) is
        begin
            send(set, BYTES, set);
            expect_sum(set);
        end procedure;

        -- Nothing is taken, for there are no weights.
        procedure expect_hold (wanted : std_logic) is
            constant SO_FAR : natural := accepted;
        begin
            tick(3);
            w_check <= '1';
            tick;
            w_check <= '0';
            tick(150);
            if accepted /= SO_FAR or sum_valid /= '0' or refused /= wanted then
                fail("images or a checksum without weights, or no error");
            end if;
        end procedure;

        procedure run_images (count : positive) is
            constant GOAL : natural := answered + count;
        begin
            for waited in 0 to LIMIT loop
                tick;
                exit when answered >= GOAL;
                if waited = LIMIT then
                    fail("no answers");
                end if;
            end loop;
        end procedure;

        procedure enter_image is
        begin
            tick;
            while not within and BEATS > 1 loop
                tick;
            end loop;
        end procedure;
    begin
        tick(3);
        rst <= '0';
        expect_hold('0');
        load(0);
        run_images(6);

        enter_image;
        w_check <= '1';
        tick;
        w_check <= '0';
        tick(2);
        if sum_valid /= '0' then
            fail("the sum of before is still there");
        end if;
        expect_sum(0);
        run_images(5);

        enter_image;
        load(1);
        run_images(6);

        load(SETS - 1);
        if sum_of(SETS - 1) = sum_of(0) then
            fail("a bit that is wrong does not change the checksum");
        end if;
        run_images(3);

        send(2, BYTES - 3, -1);  -- short
        expect_hold('1');
        send(2, 2 * BYTES, -1);  -- long
        expect_hold('1');
        load(2);
        run_images(5);

        send(1, BYTES / 2, -1, marked => false);
        rst <= '1';
        tick(2);
        rst <= '0';
        expect_hold('0');
        load(1);
        run_images(4);

        enter_image;  -- both at once: the load's own check is the answer
        w_check <= '1';
        w_valid <= '1';
        w_data  <= std_logic_vector(to_unsigned(file_of(0)(0), 8));
        tick;
        w_check <= '0';
        load(0);
        run_images(4);

        if changed = 0 then
            fail("other weights give the same answers");
        end if;
        report "BENCH weight_loader values=" & integer'image(values) & " errors=0";
        std.env.stop(0);
        wait;
    end process;

end architecture;
