--------------------------------------------------------------------------------
-- uart_bridge: images over a serial line to a network, its answers back
--
--   rx --> receiver --> byte buffer --> image_* (AXI4-Stream of bytes, to the network)
--   tx <-- transmitter <-- frame <----- answer_*
--
-- From the host: the IMAGE_BYTES bytes of an image; nothing else. To the host, for each image, one
-- frame:
--     mark          16#D2#
--     payload       the bytes of the answer, up to answer_last
--     sum           of the payload, modulo 256
--     sum           of the image's bytes as they came, modulo 256
--
-- The host waits for the frame before it sends the next image. When it gives up in the middle of
-- one, or bytes were lost because the network is slower than the line, it stays silent for
-- QUIET_BITS bit times: then the bridge forgets what it has and resets the network (`restart`).
--
-- Generics
--   CLOCKS_PER_BIT   clock frequency / baud rate, at least 4
--   IMAGE_BYTES      of an image
--   BUFFER_BYTES     between the line and the network
--   QUIET_BITS       bit times of silence that end an image
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;

entity uart_bridge is
    generic (
        CLOCKS_PER_BIT : positive;
        IMAGE_BYTES    : positive;
        BUFFER_BYTES   : positive := 512;
        QUIET_BITS     : positive := 65536
    );
    port (
        clk          : in  std_logic;
        rst          : in  std_logic;
        rx           : in  std_logic;
        tx           : out std_logic;
        restart      : out std_logic;
        image_valid  : out std_logic;
        image_ready  : in  std_logic;
        image_data   : out std_logic_vector(7 downto 0);
        image_last   : out std_logic;
        answer_valid : in  std_logic;
        answer_ready : out std_logic;
        answer_data  : in  std_logic_vector(7 downto 0);
        answer_last  : in  std_logic
    );
end entity;

architecture rtl of uart_bridge is

    constant FRAME_MARK : std_logic_vector(7 downto 0) := x"D2";

    signal clear : std_logic := '1';  -- all but the line itself starts anew

    signal received_valid : std_logic;
    signal received_data  : std_logic_vector(7 downto 0);

    signal stored_ready : std_logic;
    signal stored_data  : sample_vector(0 to 0);
    signal stored_last  : std_logic;
    signal waiting_data : sample_vector(0 to 0);

    signal image_sum      : unsigned(7 downto 0);  -- of the image that was received last
    signal image_complete : std_logic := '0';      -- and its sum was not sent yet
    signal sum_sent       : std_logic := '0';

    signal send_valid : std_logic := '0';
    signal send_ready : std_logic;
    signal send_data  : std_logic_vector(7 downto 0);

begin

    restart <= clear;

    receiver : entity work.uart_receiver
        generic map (
            CLOCKS_PER_BIT => CLOCKS_PER_BIT
        )
        port map (
            clk   => clk,
            rst   => rst,
            rx    => rx,
            valid => received_valid,
            data  => received_data
        );

    -- What was lost, the sum of an image, and the end of one that is not continued.
    line_watch : process (clk)
        variable ticks : natural range 0 to CLOCKS_PER_BIT - 1 := 0;
        variable quiet : natural range 0 to QUIET_BITS := 0;  -- bit times since the last byte
        variable bytes : natural range 0 to IMAGE_BYTES - 1 := 0;
        variable sum   : unsigned(7 downto 0) := (others => '0');
        variable lost  : boolean := false;
    begin
        if rising_edge(clk) then
            clear <= '0';
            if sum_sent = '1' then
                image_complete <= '0';
            end if;
            if received_valid = '1' then
                quiet := 0;
                if stored_ready = '0' then
                    lost := true;
                end if;
                sum := sum + unsigned(received_data);
                if bytes = IMAGE_BYTES - 1 then
                    image_sum      <= sum;
                    image_complete <= '1';
                    bytes := 0;
                    sum   := (others => '0');
                else
                    bytes := bytes + 1;
                end if;
            elsif ticks > 0 then
                ticks := ticks - 1;
            else
                ticks := CLOCKS_PER_BIT - 1;
                if bytes = 0 and not lost then
                    quiet := 0;
                elsif quiet < QUIET_BITS then
                    quiet := quiet + 1;
                else
                    clear <= '1';
                    lost  := false;
                    quiet := 0;
                    bytes := 0;
                    sum   := (others => '0');
                end if;
            end if;

            if clear = '1' then
                image_complete <= '0';
            end if;
            stored_last <= '1' when bytes = IMAGE_BYTES - 1 else '0';  -- the next byte is
            if rst = '1' then
                clear <= '1';
                lost  := false;
                bytes := 0;
                quiet := 0;
                sum   := (others => '0');
            end if;
        end if;
    end process;

    stored_data(0) <= sample_t(to_integer(unsigned(received_data)));

    byte_buffer : entity work.stream_fifo
        generic map (
            LANES => 1,
            DEPTH => BUFFER_BYTES,
            LOW   => 0,
            HIGH  => 255
        )
        port map (
            clk       => clk,
            rst       => clear,
            in_valid  => received_valid,
            in_ready  => stored_ready,
            in_data   => stored_data,
            in_last   => stored_last,
            out_valid => image_valid,
            out_ready => image_ready,
            out_data  => waiting_data,
            out_last  => image_last,
            peak      => open
        );

    image_data <= std_logic_vector(to_unsigned(integer(waiting_data(0)) mod 256, 8));

    -- One frame for each image.
    reply : process (clk)
        type state_t is (MARK, PAYLOAD, PAYLOAD_SUM, RECEIVED_SUM);
        variable state : state_t := MARK;
        variable sum   : unsigned(7 downto 0) := (others => '0');
    begin
        if rising_edge(clk) then
            answer_ready <= '0';
            sum_sent     <= '0';
            if send_ready = '1' then
                send_valid <= '0';
            end if;
            -- One byte at a time: the next is offered when the last is on the line.
            if send_valid = '0' and send_ready = '1' then
                if state = MARK then
                    if answer_valid = '1' then
                        send_valid <= '1';
                        send_data  <= FRAME_MARK;
                        sum        := (others => '0');
                        state      := PAYLOAD;
                    end if;
                elsif state = PAYLOAD then
                    if answer_valid = '1' then
                        send_valid   <= '1';
                        send_data    <= answer_data;
                        answer_ready <= '1';
                        sum          := sum + unsigned(answer_data);
                        if answer_last = '1' then
                            state := PAYLOAD_SUM;
                        end if;
                    end if;
                elsif state = PAYLOAD_SUM then
                    send_valid <= '1';
                    send_data  <= std_logic_vector(sum);
                    state      := RECEIVED_SUM;
                elsif image_complete = '1' then  -- RECEIVED_SUM
                    send_valid <= '1';
                    send_data  <= std_logic_vector(image_sum);
                    sum_sent   <= '1';
                    state      := MARK;
                end if;
            end if;

            if clear = '1' then
                state        := MARK;
                send_valid   <= '0';
                answer_ready <= '0';
            end if;
        end if;
    end process;

    transmitter : entity work.uart_transmitter
        generic map (
            CLOCKS_PER_BIT => CLOCKS_PER_BIT
        )
        port map (
            clk   => clk,
            rst   => rst,
            valid => send_valid,
            ready => send_ready,
            data  => send_data,
            tx    => tx
        );

end architecture;
