-- uart_bridge_bench: images over the serial line to a network that answers each beat with the beat
-- plus one; before the last of them a piece of a beat and silence, which the bridge must forget.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity uart_bridge_bench is
    generic (
        CLOCKS_PER_BIT : positive := 8;
        BYTES          : positive := 2;  -- of a beat
        BEATS          : positive := 3;
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
    signal image_data, answer_data : std_logic_vector(8 * BYTES - 1 downto 0);
    signal sent : natural := 0;      -- images
    signal done : boolean := false;

    -- A byte that tells image and place apart.
    function byte_of (image, number : natural) return natural is
    begin
        return (image * 37 + number * 11 + 5) mod 256;
    end function;

    -- The beat of an image as the network's answer has it.
    function answer_of (image, beat : natural) return unsigned is
        variable value : unsigned(8 * BYTES - 1 downto 0);
    begin
        for k in 0 to BYTES - 1 loop
            value(8 * k + 7 downto 8 * k) := to_unsigned(byte_of(image, beat * BYTES + k), 8);
        end loop;
        return value + 1;
    end function;

begin

    clk <= not clk after 5 ns when not done else '0';
    rst <= '0' after 52 ns;

    bridge : entity work.uart_bridge
        generic map (
            CLOCKS_PER_BIT => CLOCKS_PER_BIT,
            IN_BYTES       => BYTES,
            IN_BEATS       => BEATS,
            OUT_BYTES      => BYTES,
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
            answer_last  => answer_last
        );

    image_ready <= not answer_valid;

    network : process (clk)
    begin
        if rising_edge(clk) then
            if answer_ready = '1' then
                answer_valid <= '0';
            end if;
            if image_valid = '1' and image_ready = '1' then
                answer_valid <= '1';
                answer_data  <= std_logic_vector(unsigned(image_data) + 1);
                answer_last  <= image_last;
            end if;
            if restart = '1' then
                answer_valid <= '0';
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
    begin
        wait until rst = '0';
        wait for 200 ns;
        for image in 0 to IMAGES - 1 loop
            if image = IMAGES - 1 and BYTES > 1 then
                send(16#55#);
                wait for (QUIET_BITS + 20) * BIT_TIME;
            end if;
            for i in 0 to BYTES * BEATS - 1 loop
                send(byte_of(image, i));
            end loop;
            wait until sent = image + 1;
        end loop;
        wait;
    end process;

    receiver : process
        variable values, errors, image_sum, answer_sum, answer : natural := 0;

        procedure expect (wanted : natural) is
            variable bits : unsigned(7 downto 0);
        begin
            if tx = '1' then
                wait until tx = '0' for 200 * (BYTES * BEATS + QUIET_BITS) * BIT_TIME;
            end if;
            assert tx = '0' report "uart_bridge_bench: no answer" severity failure;
            wait for 1.5 * BIT_TIME;
            for i in 0 to 7 loop
                bits(i) := tx;
                wait for BIT_TIME;
            end loop;
            assert tx = '1' report "uart_bridge_bench: no stop bit" severity failure;
            values := values + 1;
            if bits /= wanted then
                errors := errors + 1;
                report "uart_bridge_bench: expected " & integer'image(wanted) & ", found "
                    & integer'image(to_integer(bits)) severity error;
            end if;
        end procedure;
    begin
        for image in 0 to IMAGES - 1 loop
            expect(16#D2#);
            answer_sum := 0;
            for beat in 0 to BEATS - 1 loop
                for k in 0 to BYTES - 1 loop
                    answer := to_integer(answer_of(image, beat)(8 * k + 7 downto 8 * k));
                    expect(answer);
                    answer_sum := (answer_sum + answer) mod 256;
                end loop;
            end loop;
            expect(answer_sum);
            image_sum := 0;
            for i in 0 to BYTES * BEATS - 1 loop
                image_sum := (image_sum + byte_of(image, i)) mod 256;
            end loop;
            expect(image_sum);
            sent <= image + 1;
        end loop;
        report "BENCH uart_bridge values=" & integer'image(values) & " errors="
            & integer'image(errors);
        done <= true;
        std.env.stop(0);
        wait;
    end process;

end architecture;
