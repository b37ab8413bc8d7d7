--------------------------------------------------------------------------------
-- dnn_fixed_pkg_bench: requantization equals that of src/quant/fixed.h
--
-- Reads a text file with one vector a line, in decimal, written with fixed.h by
-- tests/hdl/requantize_vectors.c:  accumulator multiplier shift zero low high expected
--------------------------------------------------------------------------------
use std.textio.all;
use work.dnn_fixed_pkg.all;

entity dnn_fixed_pkg_bench is
    generic (
        VECTORS : string := "vectors.txt"
    );
end entity;

architecture bench of dnn_fixed_pkg_bench is
begin

    process
        file vector_file : text open read_mode is VECTORS;
        variable row     : line;
        variable count   : natural := 0;
        variable accumulator, multiplier, shift, zero, low, high, expected, got : integer;
    begin
        while not endfile(vector_file) loop
            readline(vector_file, row);
            read(row, accumulator);
            read(row, multiplier);
            read(row, shift);
            read(row, zero);
            read(row, low);
            read(row, high);
            read(row, expected);
            got   := integer(saturate(requantize(accumulator, multiplier, shift), zero, low, high));
            count := count + 1;
            if got /= expected then
                report "BENCH dnn_fixed_pkg failed: line " & integer'image(count)
                     & ": accumulator " & integer'image(accumulator)
                     & " multiplier " & integer'image(multiplier)
                     & " shift " & integer'image(shift)
                     & " expected " & integer'image(expected) & " got " & integer'image(got)
                    severity error;
                std.env.stop(1);
            end if;
        end loop;
        report "BENCH dnn_fixed_pkg values=" & integer'image(count) & " errors=0" severity note;
        std.env.stop(0);
        wait;
    end process;

end architecture;
