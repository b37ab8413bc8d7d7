--------------------------------------------------------------------------------
-- dnn_axis_pkg: samples as fields of an AXI4-Stream
--
-- Each sample has a field of whole bytes, the first sample in the lowest one: one byte when the
-- range of the samples fits in it, else two. Samples that can be negative are two's complement.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;

package dnn_axis_pkg is

    -- The samples of a beat; `bytes` for each.
    function to_samples (beat : std_logic_vector; bytes : positive; is_signed : boolean)
        return sample_vector;

    function to_fields (samples : sample_vector; bytes : positive) return std_logic_vector;

end package;

package body dnn_axis_pkg is

    function to_sample (field : std_logic_vector; is_signed : boolean) return sample_t is
        alias bits     : std_logic_vector(field'length - 1 downto 0) is field;
        variable value : integer := 0;
    begin
        -- pragma translate_off
        -- The same as below, in a fiftieth of the time.
        for i in bits'range loop
            value := value * 2;
            if bits(i) = '1' then
                value := value + 1;
            end if;
        end loop;
        if is_signed and bits(bits'high) = '1' then
            value := value - 2 ** bits'length;
        end if;
        return sample_t(value);
        -- pragma translate_on
        if is_signed then
            return sample_t(to_integer(signed(bits)));
        end if;
        return sample_t(to_integer(unsigned(bits)));
    end function;

    function to_samples (beat : std_logic_vector; bytes : positive; is_signed : boolean)
        return sample_vector is
        alias bits       : std_logic_vector(beat'length - 1 downto 0) is beat;
        constant WIDTH   : positive := 8 * bytes;
        variable samples : sample_vector(0 to beat'length / WIDTH - 1);
    begin
        for lane in samples'range loop
            samples(lane) := to_sample(bits(lane * WIDTH + WIDTH - 1 downto lane * WIDTH),
                                       is_signed);
        end loop;
        return samples;
    end function;

    function to_field (sample : sample_t; width : positive) return std_logic_vector is
        variable bits  : std_logic_vector(width - 1 downto 0);
        variable wide  : signed(16 downto 0);
        variable value : integer;
    begin
        -- pragma translate_off
        value := integer(sample) mod 2 ** width;
        for i in 0 to width - 1 loop
            bits(i) := '1' when value mod 2 = 1 else '0';
            value   := value / 2;
        end loop;
        return bits;
        -- pragma translate_on
        wide := to_signed(integer(sample), wide'length);
        return std_logic_vector(wide(width - 1 downto 0));
    end function;

    function to_fields (samples : sample_vector; bytes : positive) return std_logic_vector is
        constant WIDTH : positive := 8 * bytes;
        alias list     : sample_vector(0 to samples'length - 1) is samples;
        variable bits  : std_logic_vector(samples'length * WIDTH - 1 downto 0);
    begin
        for lane in list'range loop
            bits(lane * WIDTH + WIDTH - 1 downto lane * WIDTH) := to_field(list(lane), WIDTH);
        end loop;
        return bits;
    end function;

end package body;
