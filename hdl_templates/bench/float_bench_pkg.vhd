--------------------------------------------------------------------------------
-- float_bench_pkg: random words, and a reference of the arithmetic that owes nothing to
-- dnn_float_pkg
--
-- It works on `real` (binary64): a product of two words is exact there, and a sum rounded to 53
-- bits and then to 24 is the sum rounded once, as 53 >= 2 * 24 + 2.
--------------------------------------------------------------------------------
library ieee;
use ieee.math_real.all;
use work.dnn_float_pkg.all;
use work.bench_pkg.all;

package float_bench_pkg is

    -- Words with a power of two of low .. high, a tenth of them zeros of either sign.
    function random_words (count : natural; low, high : integer; seed : natural)
        return float_vector;

    function to_real (word : float_word) return real;

    function reference_multiply (a, b : float_word) return float_word;
    function reference_add (a, b : float_word) return float_word;
    function reference_relu (a : float_word; enabled : boolean) return float_word;

    -- clamp(rint(product) + zero)
    function reference_to_integer (product : float_word; zero, low, high : integer) return integer;

    function reference_from_integer (value : integer) return float_word;

end package;

package body float_bench_pkg is

    function random_words (count : natural; low, high : integer; seed : natural)
        return float_vector is
        variable state    : random_state := seeded(seed);
        variable words    : float_vector(0 to count - 1);
        variable power    : integer;
        variable fraction : integer;
        variable is_zero  : boolean;
        variable negative : boolean;
    begin
        for i in words'range loop
            draw(state, low, high, power);
            draw(state, 0, 8388607, fraction);
            chance(state, 10, is_zero);
            chance(state, 50, negative);
            words(i) := (power + 127) * 8388608 + fraction;
            if is_zero then
                words(i) := 0;
            end if;
            if negative then
                words(i) := words(i) + integer'low;
            end if;
        end loop;
        return words;
    end function;

    function to_real (word : float_word) return real is
        variable bits  : natural := word mod 8388608;
        variable above : integer := (word - bits) / 8388608;  -- sign and exponent
        variable sign  : real := 1.0;
    begin
        if above < 0 then
            above := above + 256;
            sign  := -1.0;
        end if;
        if above = 0 then
            return 0.0;
        end if;
        return sign * (1.0 + real(bits) / 8388608.0) * 2.0 ** (above - 127);
    end function;

    function half_to_even (value : real) return integer is
        constant BELOW : integer := integer(floor(value));
        constant REST  : real    := value - floor(value);
    begin
        if REST > 0.5 or (REST = 0.5 and BELOW mod 2 = 1) then
            return BELOW + 1;
        end if;
        return BELOW;
    end function;

    -- value >= 0
    function rounded (value : real) return natural is
        variable scaled : real    := value;
        variable power  : integer := 0;
        variable count  : natural;  -- of units in the last place
    begin
        while scaled >= 2.0 loop
            scaled := scaled / 2.0;
            power  := power + 1;
        end loop;
        while scaled < 1.0 and power > -126 loop
            scaled := scaled * 2.0;
            power  := power - 1;
        end loop;
        count := half_to_even(scaled * 8388608.0);
        if count < 8388608 then
            return 0;
        elsif count = 16777216 then
            count := 8388608;
            power := power + 1;
        end if;
        if power > 127 then
            return 2139095039;
        end if;
        return (power + 127) * 8388608 + count - 8388608;
    end function;

    function signed_word (negative : boolean; magnitude : natural) return float_word is
    begin
        if negative then
            return magnitude - 2147483647 - 1;
        end if;
        return magnitude;
    end function;

    function reference_multiply (a, b : float_word) return float_word is
    begin
        return signed_word((a < 0) xor (b < 0), rounded(abs (to_real(a) * to_real(b))));
    end function;

    function reference_add (a, b : float_word) return float_word is
        constant SUM : real := to_real(a) + to_real(b);
    begin
        if SUM = 0.0 then
            return signed_word(a < 0 and b < 0, 0);
        end if;
        return signed_word(SUM < 0.0, rounded(abs SUM));
    end function;

    function reference_relu (a : float_word; enabled : boolean) return float_word is
    begin
        if enabled and not (to_real(a) > 0.0) then
            return 0;
        end if;
        return a;
    end function;

    function reference_to_integer (product : float_word; zero, low, high : integer)
        return integer is
        constant BOUNDED : real := realmax(realmin(to_real(product), 1.0e6), -1.0e6);
    begin
        return minimum(maximum(half_to_even(BOUNDED) + zero, low), high);
    end function;

    function reference_from_integer (value : integer) return float_word is
    begin
        return signed_word(value < 0, rounded(real(abs value)));
    end function;

end package body;
