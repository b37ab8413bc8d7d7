--------------------------------------------------------------------------------
-- axis_fields_bench: samples to fields of an AXI4-Stream and back, every value of every width
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_axis_pkg.all;

entity axis_fields_bench is
end entity;

architecture bench of axis_fields_bench is
begin

    process
        variable values, errors : natural := 0;

        procedure check (low, high : in integer; bytes : in positive; is_signed : in boolean) is
            variable samples, back : sample_vector(0 to 2);
        begin
            for value in low to high loop
                samples := (sample_t(value), sample_t(low), sample_t(high));
                back    := to_samples(to_fields(samples, bytes), bytes, is_signed);
                values  := values + 1;
                if back /= samples then
                    errors := errors + 1;
                end if;
            end loop;
        end procedure;

        procedure expect (samples : in sample_vector; bytes : in positive;
                          fields : in std_logic_vector) is
        begin
            values := values + 1;
            if to_fields(samples, bytes) /= fields then
                errors := errors + 1;
            end if;
        end procedure;
    begin
        check(-128, 127, 1, true);
        check(0, 255, 1, false);
        check(-32768, 32767, 2, true);
        check(0, 32767, 2, false);
        expect((1, 2, 3), 1, x"030201");
        expect((-1, -128), 1, x"80ff");
        expect((-2, 258), 2, x"0102fffe");
        report "BENCH axis_fields values=" & integer'image(values)
             & " errors=" & integer'image(errors);
        std.env.stop(0);
    end process;

end architecture;
