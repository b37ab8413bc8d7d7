--------------------------------------------------------------------------------
-- stream_fifo: elastic buffer of DEPTH beats between layers
--
--   in --+--------------------------------------+
--        |                                      v
--        +--> memory (DEPTH-1 beats) --+--> out register --> out
--        |                             ^
--        +--> newest ------------------+
--
-- With `held` the number of beats inside, before a clock edge:
--   in_ready = held < DEPTH, out_valid = held > 0; both are registers, and a beat written at edge t
--   can be read from edge t+1 on. register_stage is the same with a DEPTH of 2.
--
-- What the out register needs next is read from the memory one step ahead: a clocked read, for
-- which a deep buffer becomes block RAM. A beat written at that very edge comes from `newest`.
--
-- Generics
--   LANES       samples of a beat
--   DEPTH       beats, 2 or more
--   LOW, HIGH   range of the samples
--
-- Ports: `peak` is the highest `held` since reset, in simulation only: synthesis sees a constant.
-- It may be left open.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;

entity stream_fifo is
    generic (
        LANES, DEPTH : positive;
        LOW, HIGH    : integer
    );
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;
        in_valid  : in  std_logic;
        in_ready  : out std_logic;
        in_data   : in  sample_vector(0 to LANES - 1);
        in_last   : in  std_logic;
        out_valid : out std_logic;
        out_ready : in  std_logic;
        out_data  : out sample_vector(0 to LANES - 1);
        out_last  : out std_logic;
        peak      : out natural range 0 to DEPTH := 0
    );
end entity;

architecture rtl of stream_fifo is

    constant GENERICS_ARE_LEGAL : boolean :=
            require(DEPTH >= 2, "stream_fifo: DEPTH must be 2 or more");

    subtype lane_index is natural range 0 to LANES - 1;
    subtype slot_index is natural range 0 to DEPTH - 2;
    subtype element_t is sample_t range sample_t(LOW) to sample_t(HIGH);
    type beat_t is array (lane_index) of element_t;
    type word_t is record
        data : beat_t;
        last : std_logic;
    end record;
    type memory_t is array (slot_index) of word_t;

    function next_slot (slot : slot_index) return slot_index is
    begin
        if slot = DEPTH - 2 then
            return 0;
        end if;
        return slot + 1;
    end function;

begin

    process (clk)
        variable memory      : memory_t;
        variable read_slot   : slot_index := 0;                    -- of the oldest beat in it
        variable write_slot  : slot_index := 0;                    -- of the next one
        variable waiting     : natural range 0 to DEPTH - 1 := 0;  -- beats in it
        variable word        : word_t;                             -- what read_slot held
        variable newest      : word_t;
        variable take_newest : boolean := false;  -- `word` was read before that was written
        variable filled      : boolean := false;  -- the out register has a beat
        variable stored      : boolean;
        variable highest     : natural range 0 to DEPTH := 0;
    begin
        if rising_edge(clk) then
            stored := in_valid = '1' and in_ready = '1';

            -- 1. output
            if out_ready = '1' or not filled then
                filled := true;
                if waiting = 0 then
                    filled := stored;
                    stored := false;
                    if filled then
                        out_data <= in_data;
                        out_last <= in_last;
                    end if;
                else
                    if take_newest then
                        word := newest;
                    end if;
                    for lane in lane_index loop
                        out_data(lane) <= word.data(lane);
                    end loop;
                    out_last  <= word.last;
                    waiting   := waiting - 1;
                    read_slot := next_slot(read_slot);
                end if;
            end if;

            -- 2. read
            take_newest := stored and waiting = 0;
            word        := memory(read_slot);

            -- 3. write
            if stored then
                for lane in lane_index loop
                    newest.data(lane) := in_data(lane);
                end loop;
                newest.last        := in_last;
                memory(write_slot) := newest;
                write_slot         := next_slot(write_slot);
                waiting            := waiting + 1;
            end if;

            if rst = '1' then
                filled     := false;
                waiting    := 0;
                read_slot  := 0;
                write_slot := 0;
            end if;
            out_valid <= '1' when filled else '0';
            in_ready  <= '0' when waiting = DEPTH - 1 else '1';

            -- pragma translate_off
            if rst = '1' then
                highest := 0;
            elsif filled then
                highest := maximum(highest, waiting + 1);
            end if;
            -- pragma translate_on
            peak <= highest;
        end if;
    end process;

end architecture;
