--------------------------------------------------------------------------------
-- dnn_float_pkg: the arithmetic of floating-point layers, and the type their streams carry
--
-- Mirror of src/quant/float32.h, bit for bit; tests/hdl/float_benches.sh compares the two.
--
-- IEEE-754 binary32, round to nearest even, no fused multiply-add, and
--   no subnormals  what IEEE rounds to a magnitude below 2**-126 is zero of that sign; a subnormal
--                  operand counts as zero of its sign
--   no infinity    what overflows is the largest finite number of that sign; so NaN cannot arise
--
-- A number travels as its bit pattern:  sign | exponent (8) | fraction (23).  As an integer, a
-- negative number is its magnitude (the other 31 bits) plus integer'low. Streams and constants
-- carry legal words only: zeros and normal numbers.
--
-- Every intermediate fits 31 bits, no dividend is negative, and every divisor is a literal power of
-- two: in synthesis such a division is wiring. Operands of a product have their own narrow types,
-- so that each of the four products in a multiplication is one DSP block.
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package dnn_float_pkg is

    subtype float_word is integer;
    type float_vector is array (natural range <>) of float_word;

    constant FLOAT_LARGEST  : natural := 2139095039;  -- magnitudes: (2 - 2**-23) * 2**127,
    constant FLOAT_SMALLEST : natural := 8388608;     -- 2**-126

    function float_multiply (a, b : float_word) return float_word;
    function float_add (a, b : float_word) return float_word;

    -- a > b; +0 and -0 are equal.
    function float_is_greater (a, b : float_word) return boolean;

    -- The greater one, the first of equals.
    function float_maximum (a, b : float_word) return float_word;

    -- max(a, +0)
    function float_relu (a : float_word) return float_word;

    -- scale * (value - zero), |value - zero| <= 65535
    function float_from_integer (value, zero : integer; scale : float_word) return float_word;

    -- clamp(rint(a * inverse_scale) + zero), rint half to even
    function float_to_integer (a, inverse_scale : float_word; zero, low, high : integer)
        return sample_t;

    -- Zero or normal.
    function float_is_legal (a : float_word) return boolean;
    function float_are_legal (words : float_vector) return boolean;

    -- A word as two samples, low half first, and back: so words pass through entities made for
    -- samples (sliding_window, register_stage, stream_tap).
    function to_samples (words : float_vector) return sample_vector;
    function to_words (samples : sample_vector) return float_vector;
    function join_word (low, high : sample_t) return float_word;

end package;

package body dnn_float_pkg is

    subtype magnitude_t is natural;                         -- a word without its sign
    subtype exponent_t is natural range 0 to 255;           -- as stored, 127 more than the power
    subtype fraction_t is natural range 0 to 8388607;
    subtype mantissa_t is natural range 0 to 16777215;      -- 1.fraction: 2**23 and more
    subtype extended_t is natural range 0 to 2 ** 28 - 1;   -- mantissa, 3 bits below it, 1 above

    -- A product of two halves of a mantissa. The type has negative numbers because ghdl --synth
    -- extends the sign where a value is converted to `integer`, even of a type without one.
    type product_t is range -2 ** 24 to 2 ** 24 - 1;
    subtype half_t is product_t range 0 to 4095;

    function magnitude (a : float_word) return magnitude_t is
    begin
        if a < 0 then
            return a - integer'low;
        end if;
        return a;
    end function;

    function with_sign (negative : boolean; value : magnitude_t) return float_word is
    begin
        if negative then
            return value + integer'low;
        end if;
        return value;
    end function;

    -- A magnitude from its exponent and mantissa, rounded. A carry of the rounding runs into the
    -- exponent, where it belongs.
    function assemble (exponent : integer; mantissa, round_up : natural) return magnitude_t is
    begin
        if exponent > 254 then
            return FLOAT_LARGEST;
        elsif exponent > 0 then
            return minimum((exponent - 1) * 8388608 + mantissa + round_up, FLOAT_LARGEST);
        elsif exponent = 0 and mantissa = 16777215 then
            -- Gradual underflow has one bit less here, and rounds all ones up to 2**-126.
            return FLOAT_SMALLEST;
        end if;
        return 0;
    end function;

    function float_multiply (a, b : float_word) return float_word is
        variable a_magnitude, b_magnitude : magnitude_t;
        variable a_exponent, b_exponent   : exponent_t;
        variable a_fraction, b_fraction   : fraction_t;
        variable a_high, a_low            : half_t;
        variable b_high, b_low            : half_t;
        -- The product is high * 2**24 + middle mod 2**12 * 2**12 + low mod 2**12.
        variable low      : natural range 0 to 2 ** 24 - 1;
        variable middle   : natural range 0 to 2 ** 26 - 1;
        variable high     : mantissa_t;
        variable mantissa : mantissa_t;
        variable exponent : integer range -255 to 511;
        variable rest     : natural range 0 to 8191;  -- below the mantissa; its last bit is sticky
        variable round_up : natural range 0 to 1;
        variable result   : magnitude_t;
    begin
        a_magnitude := magnitude(a);
        b_magnitude := magnitude(b);
        a_exponent  := a_magnitude / 8388608;
        b_exponent  := b_magnitude / 8388608;
        a_fraction  := a_magnitude mod 8388608;
        b_fraction  := b_magnitude mod 8388608;
        a_high      := half_t(a_fraction / 4096 + 2048);
        b_high      := half_t(b_fraction / 4096 + 2048);
        a_low       := half_t(a_fraction mod 4096);
        b_low       := half_t(b_fraction mod 4096);

        low      := natural(a_low * b_low);
        middle   := natural(a_high * b_low) + natural(a_low * b_high) + low / 4096;
        high     := natural(a_high * b_high) + middle / 4096;
        exponent := a_exponent + b_exponent - 127;
        rest     := (middle mod 4096) * 2;
        if low mod 4096 /= 0 then
            rest := rest + 1;
        end if;

        if high >= 8388608 then
            mantissa := high;
            exponent := exponent + 1;
        else
            mantissa := high * 2 + rest / 4096;
            -- One bit moved to the mantissa; the sticky one stays the last.
            rest := (rest mod 4096) * 2;
        end if;

        round_up := 0;
        if rest + mantissa mod 2 > 4096 then
            round_up := 1;
        end if;
        result := 0;
        if a_exponent > 0 and b_exponent > 0 then
            result := assemble(exponent, mantissa, round_up);
        end if;
        return with_sign((a < 0) /= (b < 0), result);
    end function;

    -- value / 2**places; the last bit of the result is sticky: 1 when any bit that went was.
    function shift_right_sticky (value : extended_t; places : natural) return extended_t is
        variable shifted : extended_t := value;
        variable lost    : boolean := false;
    begin
        if (places / 16) mod 2 = 1 then
            lost    := shifted mod 65536 /= 0;
            shifted := shifted / 65536;
        end if;
        if (places / 8) mod 2 = 1 then
            lost    := lost or shifted mod 256 /= 0;
            shifted := shifted / 256;
        end if;
        if (places / 4) mod 2 = 1 then
            lost    := lost or shifted mod 16 /= 0;
            shifted := shifted / 16;
        end if;
        if (places / 2) mod 2 = 1 then
            lost    := lost or shifted mod 4 /= 0;
            shifted := shifted / 4;
        end if;
        if places mod 2 = 1 then
            lost    := lost or shifted mod 2 /= 0;
            shifted := shifted / 2;
        end if;
        if lost and shifted mod 2 = 0 then
            shifted := shifted + 1;
        end if;
        return shifted;
    end function;

    function float_add (a, b : float_word) return float_word is
        variable larger, smaller     : magnitude_t;
        variable swapped, subtracted : boolean;
        variable negative            : boolean;
        variable distance            : exponent_t;
        variable exponent            : integer range -31 to 256;
        variable kept, added, total  : extended_t;
        variable round_up            : natural range 0 to 1;
        variable result              : magnitude_t;
    begin
        larger     := magnitude(a);
        smaller    := magnitude(b);
        subtracted := (a < 0) /= (b < 0);
        negative   := a < 0;
        if larger < smaller then
            larger   := magnitude(b);
            smaller  := magnitude(a);
            negative := b < 0;
        end if;

        exponent := larger / 8388608;
        distance := larger / 8388608 - smaller / 8388608;
        kept     := (larger mod 8388608 + 8388608) * 8;
        added    := 0;
        if smaller >= FLOAT_SMALLEST then
            -- More than 26 places leave the sticky bit alone, and so do 31.
            added := shift_right_sticky((smaller mod 8388608 + 8388608) * 8, minimum(distance, 31));
        end if;
        if subtracted then
            total := kept - added;
        else
            total := kept + added;
        end if;

        -- The mantissa's first bit to 2**26.
        if total >= 2 ** 27 then
            total    := shift_right_sticky(total, 1);
            exponent := exponent + 1;
        end if;
        if total < 2 ** 11 then
            total    := total * 65536;
            exponent := exponent - 16;
        end if;
        if total < 2 ** 19 then
            total    := total * 256;
            exponent := exponent - 8;
        end if;
        if total < 2 ** 23 then
            total    := total * 16;
            exponent := exponent - 4;
        end if;
        if total < 2 ** 25 then
            total    := total * 4;
            exponent := exponent - 2;
        end if;
        if total < 2 ** 26 then
            total    := total * 2;
            exponent := exponent - 1;
        end if;

        round_up := 0;
        if total mod 8 + (total / 8) mod 2 > 4 then
            round_up := 1;
        end if;
        if larger < FLOAT_SMALLEST or total = 0 then
            return with_sign(a < 0 and b < 0, 0);
        end if;
        return with_sign(negative, assemble(exponent, total / 8, round_up));
    end function;

    function float_is_greater (a, b : float_word) return boolean is
    begin
        if a >= 0 then
            return a > b and (a > 0 or b > integer'low);
        end if;
        return b < 0 and a < b;  -- among negative words the lower one is the higher number
    end function;

    function float_maximum (a, b : float_word) return float_word is
    begin
        if float_is_greater(b, a) then
            return b;
        end if;
        return a;
    end function;

    function float_relu (a : float_word) return float_word is
    begin
        return maximum(a, 0);
    end function;

    function float_from_integer (value, zero : integer; scale : float_word) return float_word is
        variable difference : integer range -65535 to 65535;
        variable mantissa   : natural range 0 to 2 ** 17 - 1;
        variable exponent   : exponent_t;
        variable exact      : magnitude_t;
    begin
        difference := value - zero;
        if difference >= 0 then  -- ghdl --synth has no abs
            mantissa := difference;
        else
            mantissa := -difference;
        end if;
        exponent := 127 + 16;
        -- The first bit to 2**16.
        if mantissa < 2 ** 1 then
            mantissa := mantissa * 65536;
            exponent := exponent - 16;
        end if;
        if mantissa < 2 ** 9 then
            mantissa := mantissa * 256;
            exponent := exponent - 8;
        end if;
        if mantissa < 2 ** 13 then
            mantissa := mantissa * 16;
            exponent := exponent - 4;
        end if;
        if mantissa < 2 ** 15 then
            mantissa := mantissa * 4;
            exponent := exponent - 2;
        end if;
        if mantissa < 2 ** 16 then
            mantissa := mantissa * 2;
            exponent := exponent - 1;
        end if;
        exact := 0;
        if difference /= 0 then
            exact := (exponent - 1) * 8388608 + mantissa * 128;
        end if;
        return float_multiply(with_sign(difference < 0, exact), scale);
    end function;

    function float_to_integer (a, inverse_scale : float_word; zero, low, high : integer)
        return sample_t is
        variable scaled   : float_word;
        variable exponent : exponent_t;
        variable mantissa : mantissa_t;
        variable quarters : extended_t;  -- the magnitude times four, its last bit sticky
        variable rounded  : natural range 0 to 131072;
    begin
        scaled   := float_multiply(a, inverse_scale);
        exponent := magnitude(scaled) / 8388608;
        mantissa := magnitude(scaled) mod 8388608 + 8388608;
        if exponent > 127 + 16 then
            rounded := 131072;  -- beyond every bound, whatever the zero point
        else
            quarters := 0;
            if exponent > 0 then
                quarters := shift_right_sticky(mantissa * 4, minimum(127 + 23 - exponent, 31));
            end if;
            rounded := quarters / 4;
            if quarters mod 4 + rounded mod 2 > 2 then
                rounded := rounded + 1;
            end if;
        end if;
        if scaled < 0 then
            return saturate(-rounded, zero, low, high);
        end if;
        return saturate(rounded, zero, low, high);
    end function;

    function float_is_legal (a : float_word) return boolean is
    begin
        return magnitude(a) = 0
            or (magnitude(a) >= FLOAT_SMALLEST and magnitude(a) <= FLOAT_LARGEST);
    end function;

    function float_are_legal (words : float_vector) return boolean is
    begin
        for i in words'range loop
            if not float_is_legal(words(i)) then
                return false;
            end if;
        end loop;
        return true;
    end function;

    function join_word (low, high : sample_t) return float_word is
    begin
        if low < 0 then
            return integer(high) * 65536 + (integer(low) + 65536);
        end if;
        return integer(high) * 65536 + integer(low);
    end function;

    function to_words (samples : sample_vector) return float_vector is
        alias halves   : sample_vector(0 to samples'length - 1) is samples;
        variable words : float_vector(0 to samples'length / 2 - 1);
    begin
        for i in words'range loop
            words(i) := join_word(low => halves(2 * i), high => halves(2 * i + 1));
        end loop;
        return words;
    end function;

    -- The 16 bits `half` as two's complement.
    function to_sample (half : natural) return sample_t is
    begin
        if half > 32767 then
            return sample_t(half - 65536);
        end if;
        return sample_t(half);
    end function;

    function to_samples (words : float_vector) return sample_vector is
        alias list       : float_vector(0 to words'length - 1) is words;
        variable samples : sample_vector(0 to 2 * words'length - 1);
        variable high    : natural range 0 to 65535;
    begin
        for i in list'range loop
            high := magnitude(list(i)) / 65536;
            if list(i) < 0 then
                high := high + 32768;
            end if;
            samples(2 * i)     := to_sample(magnitude(list(i)) mod 65536);
            samples(2 * i + 1) := to_sample(high);
        end loop;
        return samples;
    end function;

end package body;
