--------------------------------------------------------------------------------
-- packed_products_pkg: two products with one factor in common, out of one multiplication
--
-- The product of high * 2**k + low and a sample is high * sample * 2**k + low * sample, and k bits
-- hold a product (AMD WP486). All three are lifted to where they are not negative, so that the
-- lower product borrows nothing from the upper one; what the lift added is taken away from each.
-- With weights w' = w + W and samples x' = x + X it is w*x = w'*x' - X*w' - W*x, and W and X are
-- powers of two: the two additions are as short as w and x.
--
-- Vectors, as two products may have 32 bits, and natural numbers: `ghdl --synth` writes a product
-- of signed ones without the signs, and Yosys then takes the factors for as wide as the product.
-- The product of natural ones it calls a signed one, in VHDL: its sign is one bit more that is 0.
--------------------------------------------------------------------------------
library ieee;
use ieee.numeric_std.all;
use work.dnn_fixed_pkg.all;

package packed_products_pkg is

    -- Two lifted products side by side, behind a 0.
    subtype pair_t is unsigned(32 downto 0);

    type pair_format_t is record
        weight_lift, sample_lift               : natural;
        unit                                   : positive;  -- the common factor of the two
        weight_bits, sample_bits, product_bits : positive;  -- all lifted
    end record;

    -- Of samples and weights of these ranges.
    function pair_format (in_low, in_high, weight_low, weight_high : integer)
        return pair_format_t;

    -- Whether two products of them fit a pair: each has at most 16 bits.
    function pair_fits (in_low, in_high, weight_low, weight_high : integer) return boolean;

    function multiply_pair (low, high, sample : integer; by : pair_format_t) return pair_t;

    -- One of the two products; `weight` is the one that it has as a factor.
    function product_of (
        pair           : pair_t;
        upper          : boolean;
        weight, sample : integer;
        by             : pair_format_t
    ) return sample_t;

end package;

package body packed_products_pkg is

    -- What makes values from `low` on natural numbers: 0, or a power of two.
    function lift_of (low : integer) return natural is
    begin
        if low >= 0 then
            return 0;
        end if;
        return next_power_of_two(-low);
    end function;

    -- Of lifts.
    function common_factor (one, other : natural) return positive is
    begin
        if one = 0 or other = 0 then
            return maximum(maximum(one, other), 1);
        end if;
        return minimum(one, other);
    end function;

    function bits_of (top : natural) return positive is
        variable bits : positive := 1;
    begin
        while bits < 31 and top / 2 ** minimum(bits, 30) > 0 loop
            bits := bits + 1;
        end loop;
        return bits;
    end function;

    function pair_format (in_low, in_high, weight_low, weight_high : integer)
        return pair_format_t is
        constant WEIGHT_TOP : natural := weight_high + lift_of(weight_low);
        constant SAMPLE_TOP : natural := in_high + lift_of(in_low);
    begin
        return (
            weight_lift  => lift_of(weight_low),
            sample_lift  => lift_of(in_low),
            unit         => common_factor(lift_of(weight_low), lift_of(in_low)),
            weight_bits  => bits_of(WEIGHT_TOP),
            sample_bits  => bits_of(SAMPLE_TOP),
            product_bits => bits_of(SAMPLE_TOP * minimum(WEIGHT_TOP, 32767))
        );
    end function;

    function pair_fits (in_low, in_high, weight_low, weight_high : integer) return boolean is
    begin
        return pair_format(in_low, in_high, weight_low, weight_high).product_bits <= 16;
    end function;

    function multiply_pair (low, high, sample : integer; by : pair_format_t) return pair_t is
        variable two_weights : unsigned(by.weight_bits + by.product_bits - 1 downto 0);
        variable factor      : unsigned(by.sample_bits downto 0);
    begin
        two_weights := to_unsigned(high + by.weight_lift, by.weight_bits)
                     & to_unsigned(low + by.weight_lift, by.product_bits);
        factor      := to_unsigned(sample + by.sample_lift, by.sample_bits + 1);
        return resize(two_weights * factor, pair_t'length);
    end function;

    function product_of (
        pair           : pair_t;
        upper          : boolean;
        weight, sample : integer;
        by             : pair_format_t
    ) return sample_t is
        variable product : natural;
        variable added   : integer;
    begin
        if upper then
            product := to_integer(pair(pair'high downto by.product_bits));
        else
            product := to_integer(pair(by.product_bits - 1 downto 0));
        end if;
        added := by.sample_lift / by.unit * (weight + by.weight_lift)
               + by.weight_lift / by.unit * sample;
        return sample_t(product - by.unit * added);
    end function;

end package body;
