--------------------------------------------------------------------------------
-- mixed_bench: runs images through mixed_top and compares every output value
--
-- Written by dnn2fpga VERSION from the model "mixed"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- STIMULUS and EXPECTED hold 16-bit little-endian samples in the order of the streams. The run
-- ends with status 0 only when every value of all IMAGES was equal, and always says how it went:
--
--   DNN2FPGA-RESULT images=.. values=.. mismatches=.. latency_cycles=.. interval_cycles=..
--                   interval_min=.. interval_max=..                         (one line)
--   DNN2FPGA-MISMATCH image=.. element=.. got=.. expected=..                (the first one only)
--   DNN2FPGA-HANG image=..      no output for WATCHDOG clocks (for 8 times as many, with stalls)
--   DNN2FPGA-BUFFER ..          how full a deep buffer gets: see buffer_watch
--   DNN2FPGA-STILL ..           with TAPS: a buffer in which nothing moved for half of that time
--
-- latency_cycles   clocks from the one that takes the first beat of the first image to the one
--                  that takes its last output beat, both counted
-- interval_cycles  clocks from the last output beat of an image to that of the next: of the last
--                  image; interval_min and interval_max are over all images
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_axis_pkg.all;

entity mixed_bench is
    generic (
        STIMULUS    : string   := "stimulus.bin";
        EXPECTED    : string   := "expected.bin";
        OUTPUTS     : string   := "";      -- file for the values that came; "": none
        IMAGES      : positive := 1;
        FIRST_IMAGE : natural  := 0;       -- number of the first one, for messages
        STALL_SEED  : natural  := 0;       -- not 0: source and sink wait at random, and the sink
                                           -- after every other image until all is full
        BEAT_GAP    : natural  := 0;       -- clocks that the source waits after each beat
        TAPS        : boolean  := false;   -- write what each layer puts out
        PROGRESS    : natural  := 0;       -- say so every that many images; 0: never
        WATCHDOG    : positive := 1716
    );
end entity;

architecture simulation of mixed_bench is

    constant IN_BEATS  : positive := 25;
    constant IN_LANES  : positive := 1;
    constant IN_WIDTH  : positive := 8;  -- bits of a field
    constant OUT_BEATS : positive := 1;
    constant OUT_LANES : positive := 3;
    constant OUT_WIDTH : positive := 8;

    -- Clocks without output that are a hang.
    function limit return positive is
    begin
        if STALL_SEED > 0 then
            return WATCHDOG * 8;
        end if;
        return WATCHDOG + IN_BEATS * BEAT_GAP;
    end function;

    -- Clocks in which all buffers fill up, at half the rate, too.
    constant HOLD : positive := WATCHDOG / 2;

    function patience return natural is
    begin
        if TAPS then
            return limit / 2;
        end if;
        return 0;
    end function;

    type byte_file is file of character;

    procedure read_sample (file source : byte_file; variable sample : out sample_t) is
        variable low, high : character;
        variable bits      : natural;
    begin
        read(source, low);
        read(source, high);
        bits := character'pos(high) * 256 + character'pos(low);
        if bits >= 32768 then
            sample := sample_t(bits - 65536);
        else
            sample := sample_t(bits);
        end if;
    end procedure;

    -- A byte of the stimulus as bits.
    subtype byte_bits is std_logic_vector(7 downto 0);
    type byte_table is array (0 to 255) of byte_bits;

    function all_bytes return byte_table is
        variable table : byte_table;
    begin
        for value in table'range loop
            for bit in byte_bits'range loop
                table(value)(bit) := '1' when value / 2 ** bit mod 2 = 1 else '0';
            end loop;
        end loop;
        return table;
    end function;

    constant BYTES : byte_table := all_bytes;

    -- One field of a beat: the bytes of a sample that it has room for.
    subtype field_t is std_logic_vector(IN_WIDTH - 1 downto 0);

    procedure read_field (file source : byte_file; variable field : out field_t) is
        variable low, high : character;
    begin
        read(source, low);
        read(source, high);
        field(7 downto 0) := BYTES(character'pos(low));
        if IN_WIDTH > 8 then
            field(IN_WIDTH - 1 downto IN_WIDTH - 8) := BYTES(character'pos(high));
        end if;
    end procedure;

    procedure write_sample (file target : byte_file; constant sample : in sample_t) is
        variable bits : natural;
    begin
        bits := integer(sample) mod 65536;
        write(target, character'val(bits mod 256));
        write(target, character'val(bits / 256));
    end procedure;

    signal clk       : std_logic := '0';
    signal resetn    : std_logic := '0';
    signal in_valid  : std_logic := '0';
    signal in_ready  : std_logic;
    signal in_data   : std_logic_vector(IN_LANES * IN_WIDTH - 1 downto 0) := (others => '0');
    signal in_last   : std_logic := '0';
    signal out_valid : std_logic;
    signal out_ready : std_logic := '1';
    signal out_data  : std_logic_vector(OUT_LANES * OUT_WIDTH - 1 downto 0);
    signal out_last  : std_logic;
    signal class_valid : std_logic;
    signal class_index : std_logic_vector(15 downto 0);

begin

    clk <= not clk after 5 ns;
    resetn <= '1' after 42 ns;

    design : entity work.mixed_top
        generic map (
            TAPS     => TAPS,
            PEAKS    => true,
            PATIENCE => patience
        )
        port map (
            aclk          => clk,
            aresetn       => resetn,
            s_axis_tvalid => in_valid,
            s_axis_tready => in_ready,
            s_axis_tdata  => in_data,
            s_axis_tlast  => in_last,
            m_axis_tvalid => out_valid,
            m_axis_tready => out_ready,
            m_axis_tdata  => out_data,
            m_axis_tlast  => out_last,
            class_valid   => class_valid,
            class_index   => class_index
        );

    process (clk)
        file stimulus_file : byte_file open read_mode is STIMULUS;
        file expected_file : byte_file open read_mode is EXPECTED;
        file outputs_file  : byte_file;
        variable opened    : boolean := false;

        variable seed : natural := ((STALL_SEED mod 65536) * 7919) mod 65536;

        -- source
        variable images_offered : natural := 0;
        variable field          : field_t;
        variable gap            : natural := 0;  -- clocks to wait
        variable beat_offered   : natural range 0 to IN_BEATS - 1 := 0;

        -- sink
        variable images_done : natural := 0;
        variable beat_done   : natural range 0 to OUT_BEATS - 1 := 0;
        variable values      : natural := 0;
        variable mismatches  : natural := 0;
        variable wanted      : sample_t;
        variable holding     : natural := 0;  -- clocks to wait

        -- clocks
        variable started        : boolean := false;
        variable latency        : natural := 0;
        variable since_image    : natural := 0;
        variable since_beat     : natural := 0;
        variable interval       : natural := 0;
        variable interval_min   : natural := natural'high;
        variable interval_max   : natural := 0;

        -- the classes that are due, oldest first
        type class_queue is array (0 to 31) of natural;
        variable due         : class_queue := (others => 0);
        variable due_written : natural := 0;
        variable due_read    : natural := 0;
        variable highest     : sample_t;

        -- True half of the time, when stalls are asked for.
        impure function stalls return boolean is
        begin
            if STALL_SEED = 0 then
                return false;
            end if;
            seed := (seed * 75 + 74) mod 65537;
            return (seed / 64) mod 2 = 0;
        end function;

        procedure count_mismatch (element : in natural; got, expected_value : in sample_t) is
        begin
            if mismatches = 0 then
                report "DNN2FPGA-MISMATCH image=" & integer'image(FIRST_IMAGE + images_done)
                     & " element=" & integer'image(element)
                     & " got=" & integer'image(integer(got))
                     & " expected=" & integer'image(integer(expected_value));
            end if;
            mismatches := mismatches + 1;
        end procedure;

        -- Something other than a value of the output; said once.
        procedure count_fault (words : in string) is
        begin
            if mismatches = 0 then
                report words severity error;
            end if;
            mismatches := mismatches + 1;
        end procedure;

        procedure offer_beat is
        begin
            for lane in 0 to IN_LANES - 1 loop
                read_field(stimulus_file, field);
                in_data(lane * IN_WIDTH + IN_WIDTH - 1 downto lane * IN_WIDTH) <= field;
            end loop;
            in_valid <= '1';
            if beat_offered = IN_BEATS - 1 then
                in_last        <= '1';
                beat_offered   := 0;
                images_offered := images_offered + 1;
            else
                in_last      <= '0';
                beat_offered := beat_offered + 1;
            end if;
        end procedure;

        procedure end_image is
        begin
            if images_done = 0 then
                started := false;  -- the latency stands
            else
                interval     := since_image;
                interval_min := minimum(interval, interval_min);
                interval_max := maximum(interval, interval_max);
            end if;
            since_image := 0;
            beat_done   := 0;
            images_done := images_done + 1;
            if STALL_SEED > 0 and images_done mod 2 = 1 then
                holding := HOLD;
            end if;
            if PROGRESS > 0 and images_done mod PROGRESS = 0 then
                report "DNN2FPGA-PROGRESS images=" & integer'image(images_done);
            end if;
        end procedure;

        procedure check_beat is
            constant GOT : sample_vector(0 to OUT_LANES - 1)
                := to_samples(out_data, OUT_WIDTH / 8, true);
        begin
            for lane in 0 to OUT_LANES - 1 loop
                read_sample(expected_file, wanted);
                if GOT(lane) /= wanted then
                    count_mismatch(beat_done * OUT_LANES + lane, GOT(lane), wanted);
                end if;
                if opened then
                    write_sample(outputs_file, GOT(lane));
                end if;
                if lane = 0 or wanted > highest then
                    highest := wanted;
                    due(due_written mod 32) := lane;
                end if;
            end loop;
            due_written := due_written + 1;
            values     := values + OUT_LANES;
            since_beat := 0;
            if (out_last = '1') /= (beat_done = OUT_BEATS - 1) then
                count_fault("out_last is wrong at beat " & integer'image(beat_done));
            end if;
            if beat_done = OUT_BEATS - 1 then
                end_image;
            else
                beat_done := beat_done + 1;
            end if;
        end procedure;

        procedure check_class is
            constant GOT : sample_vector(0 to 0) := to_samples(class_index, 2, true);
        begin
            if due_read = due_written or integer(GOT(0)) /= due(due_read mod 32) then
                count_fault("class_index is " & integer'image(integer(GOT(0)))
                    & ", expected " & integer'image(due(due_read mod 32)));
            end if;
            due_read := due_read + 1;
        end procedure;

        procedure finish is
        begin
            if interval_max = 0 then
                interval_min := 0;  -- a single image has no interval
            end if;
            report "DNN2FPGA-RESULT images=" & integer'image(images_done)
                 & " values=" & integer'image(values)
                 & " mismatches=" & integer'image(mismatches)
                 & " latency_cycles=" & integer'image(latency)
                 & " interval_cycles=" & integer'image(interval)
                 & " interval_min=" & integer'image(interval_min)
                 & " interval_max=" & integer'image(interval_max);
            if opened then
                file_close(outputs_file);
            end if;
            if mismatches > 0 then
                std.env.stop(1);
            else
                std.env.stop(0);
            end if;
        end procedure;

        -- A beat that is offered must stay until it is taken.
        variable waiting   : boolean := false;
        variable kept_data : std_logic_vector(out_data'range);
        variable kept_last : std_logic;

        procedure check_patience is
        begin
            if waiting and (out_valid /= '1' or out_data /= kept_data or out_last /= kept_last) then
                count_fault("m_axis changed before it was taken");
            end if;
            waiting := out_valid = '1' and out_ready = '0';
            if waiting then
                kept_data := out_data;
                kept_last := out_last;
            end if;
        end procedure;

        variable taken : boolean;  -- the beat that was offered
    begin
        if rising_edge(clk) then
            if resetn = '0' and not opened and OUTPUTS /= "" then
                file_open(outputs_file, OUTPUTS, write_mode);
                opened := true;
            end if;

            -- The first beat is there when reset ends.
            taken := in_valid = '1' and in_ready = '1' and resetn = '1';
            if taken and images_done = 0 then
                started := true;
            end if;
            if taken then
                gap := BEAT_GAP;
            elsif gap > 0 then
                gap := gap - 1;
            end if;
            if in_valid = '0' or taken then
                if images_offered < IMAGES and gap = 0 and not stalls then
                    offer_beat;
                else
                    in_valid <= '0';
                end if;
            end if;

            if resetn = '1' then
                since_image := since_image + 1;
                since_beat  := since_beat + 1;
                if started then
                    latency := latency + 1;
                end if;
                check_patience;
                if out_valid = '1' and out_ready = '1' then
                    check_beat;
                end if;
                if class_valid = '1' then
                    check_class;
                end if;
                if since_beat > limit then
                    report "DNN2FPGA-HANG image=" & integer'image(FIRST_IMAGE + images_done);
                    std.env.stop(1);
                end if;
            end if;
            if holding > 0 then
                holding   := holding - 1;
                out_ready <= '0';
            else
                out_ready <= '0' when stalls else '1';
            end if;

            if images_done = IMAGES and due_read = due_written then
                finish;
            end if;
        end if;
    end process;

end architecture;
