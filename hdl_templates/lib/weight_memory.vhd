--------------------------------------------------------------------------------
-- weight_memory: the weights of one layer in a memory that is loaded and read back
--
--   byte_data --> shift register --> memory --> row --> the layer
--   (a byte)      (a row) ^                      |
--                         +----------------------+--> back_data (a byte)
--
-- Generics
--   ROWS, VALUES   rows (fold steps) of the layer, and weights of a row (PE*SIMD)
--   LOW, HIGH      all there is in two's complement of some width: -128 and 127
--
-- A weight is one byte when it fits, otherwise two, the low one first; in two's complement, and
-- what a byte says beyond the width of a weight is lost. Weights come, and go back, in the order of
-- the rows and of the values in a row.
--
-- The memories of a design form a chain, in the order of its layers. `restart` is a clock that
-- begins anew. After it each one waits for its `turn`, then
--   while `loading` takes a byte at each clock with byte_valid, until it is full;
--   while `reading` gives its bytes back, one for each clock with back_valid;
-- and says with turn_next that it is through. back_valid and back_data of the next one in the chain
-- are those of this one as well, so that the last one has the bytes of all.
--
-- For the layer: `row` has row number `step` at the clock after one with `enable`. One port writes,
-- one clocked port reads: that is a block RAM. While `reading` the layer gets what comes along.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;

entity weight_memory is
    generic (
        ROWS, VALUES : positive;
        LOW, HIGH    : integer
    );
    port (
        clk           : in  std_logic;
        restart       : in  std_logic;
        loading       : in  std_logic;
        reading       : in  std_logic;
        turn          : in  std_logic;
        turn_next     : out std_logic;
        byte_valid    : in  std_logic;
        byte_data     : in  std_logic_vector(7 downto 0);
        back_valid_in : in  std_logic;
        back_data_in  : in  std_logic_vector(7 downto 0);
        back_valid    : out std_logic;
        back_data     : out std_logic_vector(7 downto 0);
        step          : in  natural;
        enable        : in  std_logic;
        row           : out sample_vector(0 to VALUES - 1) := (others => 0)
    );
end entity;

architecture rtl of weight_memory is

    -- Bits of a weight.
    function width return positive is
    begin
        for bits in 2 to 15 loop
            if HIGH < power_of_two(bits - 1) then
                return bits;
            end if;
        end loop;
        return 16;
    end function;

    constant BITS : positive := width;
    constant WIDE : boolean  := BITS > 8;  -- two bytes

    constant GENERICS_ARE_LEGAL : boolean :=
        require(HIGH = power_of_two(BITS - 1) - 1 and LOW = -power_of_two(BITS - 1),
                "weight_memory: LOW and HIGH must be those of two's complement");

    subtype weight_t is sample_t range sample_t(LOW) to sample_t(HIGH);
    subtype row_index is natural range 0 to ROWS - 1;
    subtype value_index is natural range 0 to VALUES - 1;
    type row_t is array (value_index) of weight_t;
    type memory_t is array (row_index) of row_t;

    -- What a read-back of a row has come to.
    type phase_t is (FETCH, COPY, SEND);

    signal own_valid : std_logic := '0';
    signal own_data  : std_logic_vector(7 downto 0) := (others => '0');
    signal through   : std_logic := '0';

begin

    turn_next  <= through;
    back_valid <= own_valid or back_valid_in;
    back_data  <= own_data when own_valid = '1' else back_data_in;

    process (clk)
        variable memory   : memory_t;
        variable read     : row_t;                 -- from it, now
        variable shifting : row_t;                 -- on its way in, or out
        variable number   : row_index := 0;        -- of that row
        variable address  : row_index;
        variable value    : value_index := 0;      -- which of the row is next
        variable full     : boolean := false;      -- the row is to be written
        variable second   : boolean := false;      -- byte of a weight
        variable low_byte : std_logic_vector(7 downto 0);
        variable word     : signed(15 downto 0);
        variable moves    : boolean;               -- a weight, through the shift register
        variable last     : boolean;               -- ... of the row
        variable phase    : phase_t := FETCH;
    begin
        if rising_edge(clk) then
            -- The memory: a read, a write.
            if reading = '1' then
                address := number;
            else
                address := step;
            end if;
            if enable = '1' or reading = '1' then
                read := memory(address);
                for i in value_index loop
                    row(i) <= read(i);
                end loop;
            end if;
            if full then
                memory(number) := shifting;
            end if;
            if phase = COPY then
                for i in value_index loop
                    shifting(i) := row(i);
                end loop;
            end if;
            if full and number < ROWS - 1 then
                number := number + 1;
            end if;
            full := false;

            -- The bytes.
            own_valid <= '0';
            moves     := false;
            last      := value = VALUES - 1;
            word      := to_signed(integer(shifting(0)), 16);
            if turn = '1' and through = '0' then
                if loading = '1' and byte_valid = '1' then
                    if WIDE then
                        word := signed(byte_data) & signed(low_byte);
                    else
                        word := resize(signed(byte_data), 16);
                    end if;
                    low_byte := byte_data;
                    moves    := second or not WIDE;
                    second   := WIDE and not second;
                    full     := moves and last;
                    if full and number = ROWS - 1 then
                        through <= '1';
                    end if;
                elsif reading = '1' then
                    if phase = FETCH then
                        phase := COPY;
                    elsif phase = COPY then
                        phase := SEND;
                    else  -- SEND
                        own_valid <= '1';
                        if second then
                            own_data <= std_logic_vector(word(15 downto 8));
                        else
                            own_data <= std_logic_vector(word(7 downto 0));
                        end if;
                        moves  := second or not WIDE;
                        second := WIDE and not second;
                        if moves and last then
                            phase := FETCH;
                            if number = ROWS - 1 then
                                through <= '1';
                            else
                                number := number + 1;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
            if moves then
                for i in 0 to VALUES - 2 loop
                    shifting(i) := shifting(i + 1);
                end loop;
                shifting(VALUES - 1) := sample_t(to_integer(word(BITS - 1 downto 0)));
                if last then
                    value := 0;
                else
                    value := value + 1;
                end if;
            end if;

            if restart = '1' then
                number  := 0;
                value   := 0;
                full    := false;
                second  := false;
                phase   := FETCH;
                through <= '0';
            end if;
        end if;
    end process;

end architecture;
