--------------------------------------------------------------------------------
-- weight_loader: loads the weight memories of a network, sums up what they hold, and lets images in
--
-- Generics
--   BYTES                 of all weights together
--   IN_BEATS, OUT_BEATS   of an image
--
-- Weights come as bytes in the style of AXI4-Stream, those of all weight_memory entities in the
-- order of their chain; s_weights_tlast goes with the last one. After that, and after a pulse on
-- weights_check, every memory is read through, and weights_sum is the checksum of its bytes:
--
--   a := 1; b := 0
--   for each byte:  a := (a + byte) mod 65536;  b := (b + a) mod 65536
--   weights_sum = b * 65536 + a
--
-- (weights_checksum() in src/hw/weights_file.c is the same.) weights_sum_valid is high from then
-- until the next load or check is asked for: at the second clock edge after that it is low. If
-- s_weights_tlast comes with another byte than the last one, weights_error goes high until the next
-- load begins; what comes behind the last byte is dropped, up to s_weights_tlast.
--
-- The network is held in reset, and takes no image, while there are no weights: before the first
-- load, during loads and checks, after an error, and after a reset. A load or a check that is asked
-- for while images are under way waits until these have left, and no other begins: every answer
-- comes from the weights that were there when its image began. (An image whose source stops half-way
-- holds up the load for as long.) A check without weights does nothing; one that is asked for
-- together with a load is that of the load.
--
-- Images pass through it on their way in, without a register (in_*), and are only listened to on
-- their way out (out_valid, out_ready).
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity weight_loader is
    generic (
        BYTES, IN_BEATS, OUT_BEATS : positive
    );
    port (
        clk               : in  std_logic;
        rst               : in  std_logic;
        s_weights_tvalid  : in  std_logic;
        s_weights_tready  : out std_logic;
        s_weights_tdata   : in  std_logic_vector(7 downto 0);
        s_weights_tlast   : in  std_logic;
        weights_check     : in  std_logic;
        weights_sum       : out std_logic_vector(31 downto 0);
        weights_sum_valid : out std_logic;
        weights_error     : out std_logic;

        -- to the chain of memories, and back from its end
        restart           : out std_logic;
        loading           : out std_logic;
        reading           : out std_logic;
        byte_valid        : out std_logic;
        through           : in  std_logic;
        back_valid        : in  std_logic;
        back_data         : in  std_logic_vector(7 downto 0);

        -- images
        hold              : out std_logic;  -- reset of the network
        in_valid          : in  std_logic;
        in_ready          : out std_logic;
        network_valid     : out std_logic;
        network_ready     : in  std_logic;
        out_valid         : in  std_logic;
        out_ready         : in  std_logic
    );
end entity;

architecture rtl of weight_loader is

    -- EMPTY and RUNNING wait for something to do; LEAVING: images are under way; BEGIN_LOAD and
    -- BEGIN_READ restart the chain; FAULTY drops bytes up to the last one.
    type state_t is (EMPTY, RUNNING, LEAVING, BEGIN_LOAD, LOAD, FAULTY, BEGIN_READ, READ, DONE);

    -- Clocks without an image after which nothing moves in the network any more, arg_max included.
    constant QUIET : positive := 32;

    signal state    : state_t := EMPTY;
    signal mid_in   : std_logic := '0';  -- within an image
    signal admits   : std_logic;
    signal in_takes : std_logic;

begin

    admits        <= '1' when state = RUNNING or (state = LEAVING and mid_in = '1') else '0';
    network_valid <= in_valid and admits;
    in_ready      <= network_ready and admits;
    in_takes      <= in_valid and network_ready and admits;

    hold             <= '0' when state = RUNNING or state = LEAVING else '1';
    s_weights_tready <= '1' when state = LOAD or state = FAULTY else '0';
    byte_valid       <= s_weights_tvalid when state = LOAD else '0';
    restart          <= '1' when state = BEGIN_LOAD or state = BEGIN_READ else '0';
    loading          <= '1' when state = LOAD else '0';
    reading          <= '1' when state = READ or state = DONE else '0';

    process (clk)
        variable place_in  : natural range 0 to IN_BEATS - 1 := 0;
        variable place_out : natural range 0 to OUT_BEATS - 1 := 0;
        variable inside    : natural range 0 to 65535 := 0;  -- images that began and did not end
        variable silence   : natural range 0 to QUIET := 0;
        variable asked     : boolean := false;               -- for a check
        variable count     : natural range 0 to BYTES - 1 := 0;
        variable low, high : unsigned(15 downto 0) := (others => '0');
    begin
        if rising_edge(clk) then
            -- The images that are under way.
            if in_takes = '1' then
                if place_in = 0 then
                    inside := inside + 1;
                end if;
                if place_in = IN_BEATS - 1 then
                    place_in := 0;
                else
                    place_in := place_in + 1;
                end if;
            end if;
            if out_valid = '1' and out_ready = '1' then
                if place_out = OUT_BEATS - 1 then
                    place_out := 0;
                    inside    := inside - 1;
                else
                    place_out := place_out + 1;
                end if;
            end if;
            if inside > 0 then
                silence := 0;
            elsif silence < QUIET then
                silence := silence + 1;
            end if;
            if place_in = 0 then
                mid_in <= '0';
            else
                mid_in <= '1';
            end if;

            if weights_check = '1' then
                asked := true;
            end if;
            if state = EMPTY then
                asked := false;
                if s_weights_tvalid = '1' then
                    state <= BEGIN_LOAD;
                end if;
            elsif state = RUNNING then
                if s_weights_tvalid = '1' or asked then
                    weights_sum_valid <= '0';
                    state             <= LEAVING;
                end if;
            elsif state = LEAVING then
                if silence = QUIET then
                    if s_weights_tvalid = '1' then
                        state <= BEGIN_LOAD;
                    else
                        state <= BEGIN_READ;
                    end if;
                end if;
            elsif state = BEGIN_LOAD then
                count         := 0;
                weights_error <= '0';
                state         <= LOAD;
            elsif state = LOAD then
                if s_weights_tvalid = '1' then
                    if s_weights_tlast = '1' and count = BYTES - 1 then
                        state <= BEGIN_READ;
                    elsif s_weights_tlast = '1' then
                        weights_error <= '1';
                        state         <= EMPTY;
                    elsif count = BYTES - 1 then
                        weights_error <= '1';
                        state         <= FAULTY;
                    else
                        count := count + 1;
                    end if;
                end if;
            elsif state = FAULTY then
                if s_weights_tvalid = '1' and s_weights_tlast = '1' then
                    state <= EMPTY;
                end if;
            elsif state = BEGIN_READ then
                asked := false;
                low   := to_unsigned(1, 16);
                high  := to_unsigned(0, 16);
                state <= READ;
            elsif state = READ then
                if back_valid = '1' then
                    low  := low + unsigned(back_data);
                    high := high + low;
                end if;
                if through = '1' then
                    state <= DONE;  -- the last byte may come with this clock
                end if;
            else  -- DONE
                weights_sum       <= std_logic_vector(high & low);
                weights_sum_valid <= '1';
                state             <= RUNNING;
            end if;

            if rst = '1' then
                place_in          := 0;
                place_out         := 0;
                inside            := 0;
                silence           := 0;
                asked             := false;
                mid_in            <= '0';
                weights_sum_valid <= '0';
                weights_error     <= '0';
                state             <= EMPTY;
            end if;
        end if;
    end process;

end architecture;
