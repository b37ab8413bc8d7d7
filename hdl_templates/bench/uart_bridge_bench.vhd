-- uart_bridge_bench: images over the serial line to a network that sums SPAN bytes into each byte of
-- its answer; before the last image a piece of one and silence, which the bridge must forget. With
-- WEIGHTS, these are loaded before the first image, between two, and after the silence.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity uart_bridge_bench is
    generic (
        CLOCKS_PER_BIT : positive := 8;
        SPAN           : positive := 2;
        ANSWER         : positive := 3;  -- bytes
        WEIGHTS        : natural  := 0;  -- bytes; 0: none are loaded
        IMAGES         : positive := 5
    );
end entity;

architecture bench of uart_bridge_bench is

    constant QUIET_BITS : positive := 40;
    constant BIT_TIME   : time := CLOCKS_PER_BIT * 10 ns;

    signal clk     : std_logic := '0';
    signal rst     : std_logic := '1';
    signal rx      : std_logic := '1';
    signal tx      : std_logic;
    signal restart : std_logic;
    signal image_valid, image_ready, image_last    : std_logic;
    signal answer_valid, answer_ready, answer_last : std_logic := '0';
    signal image_data, answer_data : std_logic_vector(7 downto 0);
    signal weight_valid, weight_last      : std_logic;
    signal weight_ready, sum_valid        : std_logic := '0';
    signal weight_data                    : std_logic_vector(7 downto 0);
    signal weights_sum                    : std_logic_vector(31 downto 0) := (others => '0');
    signal answered : natural := 0;      -- images
    signal loaded   : natural := 0;      -- times
    signal done : boolean := false;

    -- A byte that tells image and place apart.
    function byte_of (image, number : natural) return natural is
    begin
        return (image * 37 + number * 11 + 5) mod 256;
    end function;

    function answer_of (image, number : natural) return natural is
        variable sum : natural := 0;
    begin
        for i in 0 to SPAN - 1 loop
            sum := (sum + byte_of(image, number * SPAN + i)) mod 256;
        end loop;
        return sum;
    end function;

    -- Weights are loaded before this image.
    function loads_before (image : natural) return boolean is
    begin
        return WEIGHTS > 0 and (image = 0 or image = 2 or image = IMAGES - 1);
    end function;

    -- Stands for the checksum; `load` counts from 0.
    function sum_of_weights (load : natural) return natural is
        variable sum : natural := 16#1020304#;
    begin
        for i in 0 to WEIGHTS - 1 loop
            sum := sum + byte_of(100 + load, i) * 257;
        end loop;
        return sum;
    end function;

begin

    clk <= not clk after 5 ns when not done else '0';
    rst <= '0' after 52 ns;

    bridge : entity work.uart_bridge
        generic map (
            CLOCKS_PER_BIT => CLOCKS_PER_BIT,
            IMAGE_BYTES    => SPAN * ANSWER,
            WEIGHT_BYTES   => WEIGHTS,
            BUFFER_BYTES   => 16,
            QUIET_BITS     => QUIET_BITS
        )
        port map (
            clk          => clk,
            rst          => rst,
            rx           => rx,
            tx           => tx,
            restart      => restart,
            image_valid  => image_valid,
            image_ready  => image_ready,
            image_data   => image_data,
            image_last   => image_last,
            answer_valid => answer_valid,
            answer_ready => answer_ready,
            answer_data  => answer_data,
            answer_last  => answer_last,
            weight_valid      => weight_valid,
            weight_ready      => weight_ready,
            weight_data       => weight_data,
            weight_last       => weight_last,
            weights_sum       => weights_sum,
            weights_sum_valid => sum_valid
        );

    -- Takes a byte every third clock; the sum takes its time.
    loader : process (clk)
        variable pause, bytes, delay : natural := 0;
        variable sum : natural := 16#1020304#;
    begin
        if rising_edge(clk) then
            pause        := (pause + 1) mod 3;
            weight_ready <= '0';
            if weight_valid = '1' and weight_ready = '1' then
                sum_valid <= '0';
                sum       := sum + to_integer(unsigned(weight_data)) * 257;
                bytes     := bytes + 1;
                assert (weight_last = '1') = (bytes = WEIGHTS)
                    report "uart_bridge_bench: weight_last at the wrong byte" severity failure;
                if weight_last = '1' then
                    delay := 50;
                end if;
            elsif pause = 0 then
                weight_ready <= '1';
            end if;
            if delay > 0 then
                delay := delay - 1;
                if delay = 0 then
                    weights_sum <= std_logic_vector(to_unsigned(sum, 32));
                    sum_valid   <= '1';
                    bytes       := 0;
                    sum         := 16#1020304#;
                end if;
            end if;
        end if;
    end process;

    image_ready <= not answer_valid;

    network : process (clk)
        variable bytes : natural range 0 to SPAN - 1 := 0;
        variable sum   : unsigned(7 downto 0) := (others => '0');
    begin
        if rising_edge(clk) then
            if answer_ready = '1' then
                answer_valid <= '0';
            end if;
            if image_valid = '1' and image_ready = '1' then
                sum := sum + unsigned(image_data);
                if bytes < SPAN - 1 then
                    bytes := bytes + 1;
                    assert image_last = '0' report "uart_bridge_bench: image_last too early"
                        severity failure;
                else
                    bytes        := 0;
                    answer_valid <= '1';
                    answer_data  <= std_logic_vector(sum);
                    answer_last  <= image_last;
                    sum          := (others => '0');
                end if;
            end if;
            if restart = '1' then
                answer_valid <= '0';
                bytes        := 0;
                sum          := (others => '0');
            end if;
        end if;
    end process;

    sender : process
        procedure send (value : natural) is
            constant bits : unsigned(7 downto 0) := to_unsigned(value, 8);
        begin
            rx <= '0';
            wait for BIT_TIME;
            for i in 0 to 7 loop
                rx <= bits(i);
                wait for BIT_TIME;
            end loop;
            rx <= '1';
            wait for BIT_TIME;
        end procedure;
        variable loads : natural := 0;
    begin
        wait until rst = '0';
        wait for 200 ns;
        for image in 0 to IMAGES - 1 loop
            if image = IMAGES - 1 and SPAN > 1 then
                send(16#55#);
                wait for (QUIET_BITS + 20) * BIT_TIME;
            end if;
            if loads_before(image) then
                send(character'pos('W'));
                for i in 0 to WEIGHTS - 1 loop
                    send(byte_of(100 + loads, i));
                end loop;
                loads := loads + 1;
                wait until loaded = loads;
            end if;
            if WEIGHTS > 0 then
                send(character'pos('I'));
            end if;
            for i in 0 to SPAN * ANSWER - 1 loop
                send(byte_of(image, i));
            end loop;
            wait until answered = image + 1;
        end loop;
        wait;
    end process;

    receiver : process
        variable values, errors, image_sum, answer_sum : natural := 0;
        variable loads : natural := 0;

        procedure expect (wanted : natural) is
            variable bits : unsigned(7 downto 0);
        begin
            if tx = '1' then
                wait until tx = '0' for 200 * (SPAN * ANSWER + WEIGHTS + QUIET_BITS) * BIT_TIME;
            end if;
            assert tx = '0' report "BENCH uart_bridge failed: no answer"
                severity failure;
            wait for 1.5 * BIT_TIME;
            for i in 0 to 7 loop
                bits(i) := tx;
                wait for BIT_TIME;
            end loop;
            assert tx = '1' report "uart_bridge_bench: no stop bit" severity failure;
            values := values + 1;
            if bits /= wanted then
                errors := errors + 1;
                report "BENCH uart_bridge failed: expected " & integer'image(wanted) & ", found "
                    & integer'image(to_integer(bits)) severity error;
            end if;
        end procedure;

        procedure expect_weights is
            constant SUM : natural := sum_of_weights(loads);
            variable payload_sum, bytes_sum : natural := 0;
        begin
            expect(16#D2#);
            for i in 0 to 3 loop
                expect(SUM / 256 ** i mod 256);
                payload_sum := payload_sum + SUM / 256 ** i mod 256;
            end loop;
            for i in 0 to WEIGHTS - 1 loop
                bytes_sum := bytes_sum + byte_of(100 + loads, i);
            end loop;
            expect(payload_sum mod 256);
            expect(bytes_sum mod 256);
            loads := loads + 1;
            loaded <= loads;
        end procedure;
    begin
        for image in 0 to IMAGES - 1 loop
            if loads_before(image) then
                expect_weights;
            end if;
            expect(16#D2#);
            answer_sum := 0;
            for i in 0 to ANSWER - 1 loop
                expect(answer_of(image, i));
                answer_sum := (answer_sum + answer_of(image, i)) mod 256;
            end loop;
            expect(answer_sum);
            image_sum := 0;
            for i in 0 to SPAN * ANSWER - 1 loop
                image_sum := (image_sum + byte_of(image, i)) mod 256;
            end loop;
            expect(image_sum);
            answered <= image + 1;
        end loop;
        report "BENCH uart_bridge values=" & integer'image(values) & " errors="
            & integer'image(errors);
        done <= true;
        std.env.stop(0);
        wait;
    end process;

end architecture;
