--------------------------------------------------------------------------------
-- dnn_float_pkg_bench: the functions of dnn_float_pkg against the results of src/quant/float32.h
--
-- VECTORS is a file of tests/hdl/float32_vectors.c, which says what is in it.
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

entity dnn_float_pkg_bench is
    generic (
        VECTORS : string;
        COUNT   : positive
    );
end entity;

architecture bench of dnn_float_pkg_bench is

    -- Bounds of to_integer, the same as in float32_vectors.c.
    constant LOW  : integer := -32000;
    constant HIGH : integer := 32500;

    type byte_file is file of character;

    procedure read_word (file source : byte_file; variable word : out integer) is
        variable byte   : character;
        variable lower  : natural := 0;  -- 24 bits
        variable weight : natural := 1;
        variable upper  : integer;
    begin
        for i in 0 to 2 loop
            read(source, byte);
            lower  := lower + character'pos(byte) * weight;
            weight := weight * 256;
        end loop;
        read(source, byte);
        upper := character'pos(byte);
        if upper > 127 then
            upper := upper - 256;
        end if;
        word := upper * 16777216 + lower;
    end procedure;

    function computed (operation, a, b, c : integer) return integer is
    begin
        case operation is
            when 0 => return float_multiply(a, b);
            when 1 => return float_add(a, b);
            when 2 => return boolean'pos(float_is_greater(a, b));
            when 3 => return float_maximum(a, b);
            when 4 => return float_relu(a);
            when 5 => return float_from_integer(a, b, c);
            when 6 => return integer(float_to_integer(a, b, c, LOW, HIGH));
            when others => return integer'high;
        end case;
    end function;

begin

    process
        file source        : byte_file open read_mode is VECTORS;
        variable operation : integer;
        variable a, b, c   : integer;
        variable expected  : integer;
        variable got       : integer;
        variable values    : natural := 0;
    begin
        while not endfile(source) loop
            read_word(source, operation);
            read_word(source, a);
            read_word(source, b);
            read_word(source, c);
            read_word(source, expected);
            got := computed(operation, a, b, c);
            if got /= expected then
                report "BENCH dnn_float_pkg failed: operation " & integer'image(operation)
                     & " of " & integer'image(a) & ", " & integer'image(b) & ", "
                     & integer'image(c) & ": expected " & integer'image(expected)
                     & " got " & integer'image(got)
                    severity error;
                std.env.stop(1);
            end if;
            values := values + 1;
        end loop;
        assert values = COUNT
            report "BENCH dnn_float_pkg failed: values expected " & integer'image(COUNT)
                 & " got " & integer'image(values)
            severity failure;
        report "BENCH dnn_float_pkg values=" & integer'image(values) & " errors=0" severity note;
        std.env.stop(0);
    end process;

end architecture;
