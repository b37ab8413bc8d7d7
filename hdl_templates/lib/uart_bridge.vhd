--------------------------------------------------------------------------------
-- uart_bridge: images over a serial line to a network, its answers back
--
--   rx --> receiver --> byte buffer --> image_* (AXI4-Stream of bytes, to the network), weight_*
--   tx <-- transmitter <-- frame <----- answer_*, weights_sum
--
-- From the host: the IMAGE_BYTES bytes of an image; nothing else. To the host, for each image, one
-- frame:
--     mark          16#D2#
--     payload       the bytes of the answer, up to answer_last
--     sum           of the payload, modulo 256
--     sum           of the image's bytes as they came, modulo 256
--
-- With WEIGHT_BYTES, the network's weights are loaded the same way, as often as the host likes: a
-- byte in front says what follows, `I` an image, `W` all the weights; any other is taken for damage.
-- The payload that answers weights is the checksum of what the memories then hold, four bytes, the
-- low one first (see weight_loader). After `restart` there are no weights, and no image is answered.
--
-- The host waits for the frame before it sends the next image. When it gives up in the middle of
-- one, or bytes were lost because the network is slower than the line, it stays silent for
-- QUIET_BITS bit times: then the bridge forgets what it has and resets the network (`restart`).
--
-- Generics
--   CLOCKS_PER_BIT   clock frequency / baud rate, at least 4
--   IMAGE_BYTES      of an image
--   WEIGHT_BYTES     of all weights; 0: none are loaded
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
        WEIGHT_BYTES   : natural  := 0;
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
        answer_last  : in  std_logic;
        -- to weight_loader, and what it says
        weight_valid      : out std_logic;
        weight_ready      : in  std_logic := '1';
        weight_data       : out std_logic_vector(7 downto 0);
        weight_last       : out std_logic;
        weights_sum       : in  std_logic_vector(31 downto 0) := (others => '0');
        weights_sum_valid : in  std_logic := '0'
    );
end entity;

architecture rtl of uart_bridge is

    constant FRAME_MARK   : std_logic_vector(7 downto 0) := x"D2";
    constant IMAGE_MARK   : std_logic_vector(7 downto 0) := x"49";
    constant WEIGHTS_MARK : std_logic_vector(7 downto 0) := x"57";

    constant LOADS   : boolean  := WEIGHT_BYTES > 0;
    constant LONGEST : positive := maximum(IMAGE_BYTES, WEIGHT_BYTES);

    signal clear : std_logic := '1';  -- all but the line itself starts anew

    signal received_valid : std_logic;
    signal received_data  : std_logic_vector(7 downto 0);

    signal announced    : std_logic := '0';  -- LOADS: what follows is known
    signal is_weights   : std_logic := '0';  -- what came last, or is on its way
    signal stored_valid : std_logic;
    signal stored_ready : std_logic;
    signal stored_data  : sample_vector(0 to 0);
    signal stored_last  : std_logic;
    signal waiting_valid, waiting_ready, waiting_last : std_logic;
    signal waiting_data : sample_vector(0 to 0);
    signal weights_sent : std_logic := '0';  -- all of them went to the loader, unanswered as yet

    signal image_sum      : unsigned(7 downto 0);  -- of what was received last
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
        variable bytes : natural range 0 to LONGEST - 1 := 0;
        variable final : natural range 0 to LONGEST - 1 := IMAGE_BYTES - 1;  -- number of the last
        variable sum   : unsigned(7 downto 0) := (others => '0');
        variable lost  : boolean := false;
    begin
        if rising_edge(clk) then
            clear <= '0';
            if sum_sent = '1' then
                image_complete <= '0';
            end if;
            if received_valid = '1' and LOADS and announced = '0' then
                quiet := 0;
                if received_data = WEIGHTS_MARK then
                    announced  <= '1';
                    is_weights <= '1';
                    final      := maximum(WEIGHT_BYTES, 1) - 1;
                elsif received_data = IMAGE_MARK then
                    announced  <= '1';
                    is_weights <= '0';
                    final      := IMAGE_BYTES - 1;
                else
                    lost := true;
                end if;
            elsif received_valid = '1' then
                quiet := 0;
                if stored_ready = '0' then
                    lost := true;
                end if;
                sum := sum + unsigned(received_data);
                if bytes = final then
                    image_sum      <= sum;
                    image_complete <= '1';
                    announced      <= '0';
                    bytes := 0;
                    sum   := (others => '0');
                else
                    bytes := bytes + 1;
                end if;
            elsif ticks > 0 then
                ticks := ticks - 1;
            else
                ticks := CLOCKS_PER_BIT - 1;
                if bytes = 0 and announced = '0' and not lost then
                    quiet := 0;
                elsif quiet < QUIET_BITS then
                    quiet := quiet + 1;
                else
                    clear     <= '1';
                    announced <= '0';
                    lost      := false;
                    quiet     := 0;
                    bytes     := 0;
                    sum       := (others => '0');
                end if;
            end if;

            if clear = '1' then
                image_complete <= '0';
            end if;
            stored_last <= '1' when bytes = final else '0';  -- the next byte is
            if rst = '1' then
                clear     <= '1';
                announced <= '0';
                lost      := false;
                bytes     := 0;
                quiet     := 0;
                sum       := (others => '0');
            end if;
        end if;
    end process;

    stored_valid   <= received_valid when announced = '1' or not LOADS else '0';
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
            in_valid  => stored_valid,
            in_ready  => stored_ready,
            in_data   => stored_data,
            in_last   => stored_last,
            out_valid => waiting_valid,
            out_ready => waiting_ready,
            out_data  => waiting_data,
            out_last  => waiting_last,
            peak      => open
        );

    -- The host waits for an answer: what waits is of the kind that came last.
    waiting_ready <= weight_ready when is_weights = '1' else image_ready;
    image_valid   <= waiting_valid and not is_weights;
    image_last    <= waiting_last;
    image_data    <= std_logic_vector(to_unsigned(integer(waiting_data(0)) mod 256, 8));
    weight_valid  <= waiting_valid and is_weights;
    weight_last   <= waiting_last;
    weight_data   <= image_data;

    -- One frame for each image, or for weights.
    reply : process (clk)
        type state_t is (MARK, PAYLOAD, WEIGHTS_PAYLOAD, PAYLOAD_SUM, RECEIVED_SUM);
        variable state : state_t := MARK;
        variable sum   : unsigned(7 downto 0) := (others => '0');
        variable octet : natural range 0 to 3 := 0;  -- of weights_sum, the next
    begin
        if rising_edge(clk) then
            answer_ready <= '0';
            sum_sent     <= '0';
            if weight_valid = '1' and weight_ready = '1' and waiting_last = '1' then
                weights_sent <= '1';
            end if;
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
                    elsif weights_sent = '1' and weights_sum_valid = '1' then
                        send_valid   <= '1';
                        send_data    <= FRAME_MARK;
                        sum          := (others => '0');
                        weights_sent <= '0';
                        octet        := 0;
                        state        := WEIGHTS_PAYLOAD;
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
                elsif state = WEIGHTS_PAYLOAD then
                    for i in 0 to 3 loop
                        if octet = i then
                            send_data <= weights_sum(8 * i + 7 downto 8 * i);
                            sum       := sum + unsigned(weights_sum(8 * i + 7 downto 8 * i));
                        end if;
                    end loop;
                    send_valid <= '1';
                    if octet = 3 then
                        state := PAYLOAD_SUM;
                    else
                        octet := octet + 1;
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
                weights_sent <= '0';
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
