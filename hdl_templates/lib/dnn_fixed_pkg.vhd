--------------------------------------------------------------------------------
-- dnn_fixed_pkg: the arithmetic of the integer network, and the types its streams carry
--
-- Mirror of src/quant/fixed.h, bit for bit; tests/hdl/library_benches.sh compares the two over
-- the whole legal range. Rounding and saturation are defined here and in no other VHDL file.
--
--   q = clamp(floor((accumulator * M + 2**(s-1)) / 2**s) + zero)
--
--   M  multiplier, 1 to 32767      s  shift, 1 to 45      |accumulator| < 2**30
--
-- Every intermediate fits the 32 bits of `integer`, no dividend is negative (a division that
-- truncates towards zero is then a floor), and every divisor is a literal power of two, so that
-- a constant shift costs no logic and a variable one is a barrel shifter.
--------------------------------------------------------------------------------
package dnn_fixed_pkg is

    -- One sample of a stream, or one weight. A product of two samples of at most 8 bits each
    -- stays inside this type, which makes it exactly one DSP block in synthesis.
    type sample_t is range -32768 to 32767;
    type sample_vector is array (natural range <>) of sample_t;

    constant MULTIPLIER_MAX    : natural := 32767;
    constant SHIFT_MIN         : natural := 1;
    constant SHIFT_MAX         : natural := 45;
    constant ACCUMULATOR_LIMIT : natural := 2 ** 30;  -- |accumulator| is below this

    -- Accumulator to integer, before the zero point. A result whose magnitude is above 65536 may
    -- come out smaller, never below 65536 (only a shift below 17 gets there): every clamp to
    -- 16 bits saturates it in any case.
    function requantize (accumulator, multiplier, shift : integer) return integer;

    -- 2**exponent, exponent 0 to 30, from a table.
    function power_of_two (exponent : natural) return natural;

    -- The lowest power of two that is not below `value`, 1 to 2**30.
    function next_power_of_two (value : positive) return positive;

    -- value / 2**places, as a barrel shifter; it has stages for the bits that `places` can have.
    function shift_right (value, places : natural) return natural;

    -- A multiplier and its shift with as many factors of two in both as it takes to lift the shift
    -- to 17, or the multiplier to 16384: the same requantization. Index 0: multiplier, 1: shift.
    function normalize_scale (multiplier, shift : integer) return integer_vector;

    -- Lowest shift, highest shift, and highest multiplier of a list after normalize_scale.
    function scale_extremes (multipliers, shifts : integer_vector) return integer_vector;

    -- Largest magnitude of the sums of a layer in any fold step, as the weights prove it; a sum
    -- that could leave 30 bits is given as 2**30 - 1. WEIGHTS and BIAS are those of folded_mac;
    -- `magnitude` is that of its operands.
    function sum_limit (
        weights                        : sample_vector;
        bias                           : integer_vector;
        pe, simd, groups, group_steps  : positive;
        magnitude                      : natural
    ) return natural;

    -- In the place of weights that are loaded later.
    constant NO_WEIGHTS : sample_vector(0 to 0) := (0 => 0);

    -- `weights`; or, when they are loaded later, `count` of the largest magnitude there can be.
    -- Whoever loads weights sees to it that no accumulator of theirs leaves 30 bits.
    function weights_or_worst (
        weights   : sample_vector;
        loadable  : boolean;
        count     : positive;
        low, high : integer
    ) return sample_vector;

    -- Clocks of a tree that adds so many products up, a register behind every sum of a dozen:
    -- 0 for one product, 1 up to 12, 2 up to 144, and so on.
    function tree_clocks (products : positive) return natural;

    -- Sums that such a tree has in all its stages.
    function count_tree_sums (products : positive) return natural;

    -- value + zero, clamped to low .. high.
    function saturate (value, zero, low, high : integer) return sample_t;

    -- True when the product of a sample and a weight of these ranges is a sample_t again: it is
    -- then taken in that type, 16 bits wide, and so is the multiplier that synthesis builds. A
    -- wider product needs `integer`.
    function product_fits (in_low, in_high, weight_low, weight_high : integer) return boolean;

    -- Fails with `message` unless `condition` holds; true otherwise. A constant initialized with
    -- it is a check at elaboration: the entities check their generics that way.
    function require (condition : boolean; message : string) return boolean;

    -- The same for lists of multipliers and shifts: `count` legal values in each.
    function require_scales (multipliers, shifts : integer_vector; count : natural) return boolean;

end package;

package body dnn_fixed_pkg is

    type power_table is array (natural range <>) of natural;

    function powers_of_two return power_table is
        variable table : power_table(0 to 30);
    begin
        for n in table'range loop
            table(n) := 2 ** n;
        end loop;
        return table;
    end function;

    constant POWER : power_table(0 to 30) := powers_of_two;

    constant OFFSET : natural := 2 ** 30;  -- lifts any numerator above zero

    function power_of_two (exponent : natural) return natural is
    begin
        return POWER(exponent);
    end function;

    function next_power_of_two (value : positive) return positive is
        variable result : positive := 1;
    begin
        while result < value loop
            result := result * 2;
        end loop;
        return result;
    end function;

    function shift_right (value, places : natural) return natural is
        variable result : natural := value;
    begin
        if (places / 16) mod 2 = 1 then
            result := result / 65536;
        end if;
        if (places / 8) mod 2 = 1 then
            result := result / 256;
        end if;
        if (places / 4) mod 2 = 1 then
            result := result / 16;
        end if;
        if (places / 2) mod 2 = 1 then
            result := result / 4;
        end if;
        if places mod 2 = 1 then
            result := result / 2;
        end if;
        return result;
    end function;

    -- Shift of 17 and more. accumulator = high * 2**16 + low, 0 <= low < 2**16: what the low half
    -- adds below the binary point of `high * multiplier` cannot change the floor.
    function requantize_long (accumulator, multiplier, shift : integer) return integer is
        variable lifted    : natural := accumulator + OFFSET;
        variable high      : integer;
        variable low       : natural;
        variable numerator : natural;
    begin
        high      := lifted / 65536 - OFFSET / 65536;
        low       := lifted mod 65536;
        numerator := high * multiplier + (low * multiplier) / 65536 + POWER(shift - 17) + OFFSET;
        return shift_right(numerator, shift - 16) - POWER(46 - shift);
    end function;

    -- Shift of 1 to 16. accumulator = high * 2**shift + low: `high * multiplier` is whole, and is
    -- kept inside 31 bits by a clamp that the caller's clamp makes invisible.
    function requantize_short (accumulator, multiplier, shift : integer) return integer is
        variable lifted : natural := accumulator + OFFSET;
        variable high   : integer;
        variable low    : natural;
    begin
        high := shift_right(lifted, shift);
        low  := lifted - high * POWER(shift);
        high := high - POWER(30 - shift);
        if high > 65536 then
            high := 65536;
        elsif high < -65536 then
            high := -65536;
        end if;
        return high * multiplier + shift_right(low * multiplier + POWER(shift - 1), shift);
    end function;

    function requantize (accumulator, multiplier, shift : integer) return integer is
    begin
        if shift > 16 then
            return requantize_long(accumulator, multiplier, shift);
        end if;
        return requantize_short(accumulator, multiplier, shift);
    end function;

    function normalize_scale (multiplier, shift : integer) return integer_vector is
        variable scale : integer_vector(0 to 1) := (multiplier, shift);
    begin
        while scale(1) < 17 and scale(0) < 16384 loop
            scale := (scale(0) * 2, scale(1) + 1);
        end loop;
        return scale;
    end function;

    function scale_extremes (multipliers, shifts : integer_vector) return integer_vector is
        alias list_m    : integer_vector(0 to multipliers'length - 1) is multipliers;
        alias list_s    : integer_vector(0 to shifts'length - 1) is shifts;
        variable scale  : integer_vector(0 to 1);
        variable result : integer_vector(0 to 2) := (SHIFT_MAX, SHIFT_MIN, 1);
    begin
        for i in list_m'range loop
            scale  := normalize_scale(list_m(i), list_s(i));
            result := (minimum(result(0), scale(1)), maximum(result(1), scale(1)),
                       maximum(result(2), scale(0)));
        end loop;
        return result;
    end function;

    function sum_limit (
        weights                        : sample_vector;
        bias                           : integer_vector;
        pe, simd, groups, group_steps  : positive;
        magnitude                      : natural
    ) return natural is
        alias list      : sample_vector(0 to weights'length - 1) is weights;
        alias start     : integer_vector(0 to bias'length - 1) is bias;
        variable totals : integer_vector(0 to pe * groups - 1) := (others => 0);
        variable output : natural;
        variable room   : integer;
        variable result : natural := 0;
    begin
        for row in 0 to list'length / (pe * simd) - 1 loop
            for p in 0 to pe - 1 loop
                output := (row / group_steps) mod groups * pe + p;
                for s in 0 to simd - 1 loop
                    totals(output) := minimum(
                        totals(output) + abs integer(list((row * pe + p) * simd + s)), 2 ** 30);
                end loop;
            end loop;
        end loop;
        for i in totals'range loop
            room := ACCUMULATOR_LIMIT - 1 - abs start(i);
            if room < 0 or totals(i) > room / maximum(magnitude, 1) then
                return ACCUMULATOR_LIMIT - 1;
            end if;
            result := maximum(result, abs start(i) + totals(i) * magnitude);
        end loop;
        return result;
    end function;

    function weights_or_worst (
        weights   : sample_vector;
        loadable  : boolean;
        count     : positive;
        low, high : integer
    ) return sample_vector is
        variable list : sample_vector(0 to count - 1);
    begin
        if not loadable then
            return weights;
        end if;
        for i in list'range loop
            if -low > high then
                list(i) := sample_t(low);
            else
                list(i) := sample_t(high);
            end if;
        end loop;
        return list;
    end function;

    function tree_clocks (products : positive) return natural is
        variable left   : positive := products;
        variable clocks : natural := 0;
    begin
        while left > 1 loop
            left   := (left + 11) / 12;
            clocks := clocks + 1;
        end loop;
        return clocks;
    end function;

    function count_tree_sums (products : positive) return natural is
        variable left  : positive := products;
        variable count : natural := 0;
    begin
        while left > 1 loop
            left  := (left + 11) / 12;
            count := count + left;
        end loop;
        return count;
    end function;

    function saturate (value, zero, low, high : integer) return sample_t is
        variable shifted : integer := value + zero;
    begin
        if shifted < low then
            shifted := low;
        elsif shifted > high then
            shifted := high;
        end if;
        return sample_t(shifted);
    end function;

    function product_fits (in_low, in_high, weight_low, weight_high : integer) return boolean is
    begin
        return maximum(abs in_low, abs in_high) * maximum(abs weight_low, abs weight_high) < 32768;
    end function;

    function require (condition : boolean; message : string) return boolean is
    begin
        assert condition
            report message
            severity failure;
        return condition;
    end function;

    function require_scales (multipliers, shifts : integer_vector; count : natural)
        return boolean is
        variable legal : boolean;
    begin
        legal := require(multipliers'length = count, "MULTIPLIERS: one value for each output")
             and require(shifts'length = count, "SHIFTS: one value for each output");
        for i in multipliers'range loop
            legal := legal and require(multipliers(i) >= 1 and multipliers(i) <= MULTIPLIER_MAX,
                                       "MULTIPLIERS: 1 to 32767");
        end loop;
        for i in shifts'range loop
            legal := legal and require(shifts(i) >= SHIFT_MIN and shifts(i) <= SHIFT_MAX,
                                       "SHIFTS: 1 to 45");
        end loop;
        return legal;
    end function;

end package body;
