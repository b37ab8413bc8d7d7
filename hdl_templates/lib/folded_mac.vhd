--------------------------------------------------------------------------------
-- folded_mac: PE x SIMD multipliers used over and over, as a generic package
--
-- A layer with OUTPUTS sums of many products works through them in fold steps. In one step each
-- of PE sums takes SIMD products; PE sums that progress together are a group. The package has the
-- types and the functions of a pipeline that its layer keeps in the variables of one process. Each
-- stage is one clock edge:
--
--   fetch        operand (SIMD samples), and the step's row of weights from a ROM, or from the
--                layer's port when the weights are LOADABLE
--   multiply     PE x SIMD products
--   add up       the SIMD products of each sum: a dozen become one at each clock until one is left
--                (TREE_DEPTH stages; for one product none)
--   accumulate   what that gave, and the sum so far; a new sum starts from its bias
--   scale        PE sums that are complete, times their multipliers
--   finish       rounded, shifted, clamped
--
-- With one step in all (PARALLEL) the weights are constants, and a product is little more than a
-- sum: the first register is behind every four of them. Layers that wide are simulated more often
-- than built, and registers for a thousand products cost time there.
--
-- With PACKED, two sums of a step share each DSP block: see packed_products_pkg.
--
-- Beside the data of each stage goes one bit, that there is any; which step it is, a stage that has
-- to know counts for itself.
--
-- Generics
--   PE, SIMD                 sums and products of one step
--   STEPS                    rows of weights (fold steps until the list starts again)
--   GROUPS                   OUTPUTS / PE
--   GROUP_STEPS              steps that a group takes before the next one's turn
--   IN_LOW, IN_HIGH          range of an operand
--   WEIGHT_LOW, WEIGHT_HIGH  range of a weight
--   OUT_ZERO                 added after requantization
--   OUT_LOW, OUT_HIGH        the result is clamped to these
--   ONE_OPERAND              the sums of a step share their SIMD samples; otherwise each has its
--                            own (depthwise convolution), and there is no PARALLEL
--   LOADABLE                 WEIGHTS is not used: a weight_memory has the rows, and there is no
--                            PARALLEL
--   PACKED                   products in pairs: PE is even, pair_fits, and neither
--                            PARALLEL nor operands of their own
--   WEIGHTS                  STEPS rows of PE*SIMD values; in a row the products of a sum follow
--                            each other
--   BIAS                     start value of each of the OUTPUTS sums
--   MULTIPLIERS, SHIFTS      their requantization
--
-- Registers are as wide as WEIGHTS (LOADABLE: their range), BIAS and the range of the operands
-- prove necessary.
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;
use work.packed_products_pkg.all;

package folded_mac is
    generic (
        PE, SIMD, STEPS, GROUPS, GROUP_STEPS : positive;
        IN_LOW, IN_HIGH                      : integer;
        WEIGHT_LOW, WEIGHT_HIGH              : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH          : integer;
        ONE_OPERAND, LOADABLE, PACKED        : boolean;
        WEIGHTS                              : sample_vector;
        BIAS, MULTIPLIERS, SHIFTS            : integer_vector
    );

    subtype pe_index is natural range 0 to PE - 1;
    subtype simd_index is natural range 0 to SIMD - 1;
    subtype group_index is natural range 0 to GROUPS - 1;
    subtype output_index is natural range 0 to PE * GROUPS - 1;

    ---- operands and weights ----

    subtype operand_element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype weight_t is sample_t range sample_t(WEIGHT_LOW) to sample_t(WEIGHT_HIGH);

    type operand_vector is array (natural range <>) of operand_element_t;
    subtype operand_t is operand_vector(simd_index);
    -- Of a step: of each sum its own, or one for all.
    subtype operand_index is natural range 0 to (PE - 1) * boolean'pos(not ONE_OPERAND);
    type operands_t is array (operand_index) of operand_t;
    type weight_lane_t is array (simd_index) of weight_t;
    type weight_row_t is array (pe_index) of weight_lane_t;
    type weight_rom_t is array (0 to STEPS - 1) of weight_row_t;

    function to_weight_rom (list : sample_vector) return weight_rom_t;

    constant WEIGHT_ROM : weight_rom_t;

    -- What a weight_memory has read.
    function to_weight_row (values : sample_vector) return weight_row_t;

    ---- the same for PARALLEL, in dozens ----

    -- With literal bounds a product takes GHDL four machine instructions, with generic ones
    -- fourteen. What fills the last dozen up is constant and goes away in synthesis.
    constant PARALLEL : boolean := STEPS = 1 and SIMD > 1 and ONE_OPERAND and not LOADABLE;

    subtype dozen_index is natural range 0 to (SIMD + 11) / 12 - 1;
    subtype operand_dozen_t is operand_vector(0 to 11);
    type operand_dozens_t is array (dozen_index) of operand_dozen_t;
    type weight_dozen_t is array (0 to 11) of weight_t;
    type weight_dozens_t is array (dozen_index) of weight_dozen_t;
    type weight_dozens_row_t is array (pe_index) of weight_dozens_t;

    function to_weight_dozens (list : sample_vector) return weight_dozens_row_t;

    constant WEIGHT_DOZENS : weight_dozens_row_t;

    ---- sums ----

    constant SUM_HIGH : natural
        := sum_limit(weights_or_worst(WEIGHTS, LOADABLE, STEPS * PE * SIMD, WEIGHT_LOW,
                                      WEIGHT_HIGH),
                     BIAS, PE, SIMD, GROUPS, GROUP_STEPS, maximum(abs IN_LOW, abs IN_HIGH));

    subtype sum_t is integer range -SUM_HIGH to SUM_HIGH;
    type sum_row_t is array (pe_index) of sum_t;
    type sum_rom_t is array (group_index) of sum_row_t;

    function to_bias_rom (list : integer_vector) return sum_rom_t;

    constant BIAS_ROM : sum_rom_t;

    ---- products, and the tree that adds them up ----

    type product_lane_t is array (simd_index) of integer;
    type product_row_t is array (pe_index) of product_lane_t;

    -- Of PARALLEL: a dozen of products is three fours. The first stage of the tree adds up the
    -- first fours of a dozen dozens, the second ones, and the third ones; the next, these three.
    type thirds_t is array (0 to 2) of integer;
    type fours_t is array (dozen_index) of thirds_t;
    type fours_row_t is array (pe_index) of fours_t;

    -- All products of a step; which of the two gets them is PARALLEL's to say.
    procedure multiply_row (
        variable products : inout product_row_t;
        variable fours    : inout fours_row_t;
        weights_of        : in    weight_row_t;
        operands          : in    operands_t
    );

    constant TREE_DEPTH : natural := tree_clocks(SIMD);

    -- Beside each stage of the tree, whether there is anything in it; 0: the products.
    type adding_t is array (0 to TREE_DEPTH) of boolean;

    subtype gross_index is natural range 0 to (SIMD + 143) / 144 - 1;
    type thirds_lane_t is array (gross_index) of thirds_t;
    type thirds_row_t is array (pe_index) of thirds_lane_t;

    -- Sums of a dozen products, of a dozen of these, and so on but for the last.
    type sums_lane_t is array (0 to maximum(count_tree_sums(SIMD) - 2, 0)) of integer;
    type sums_lane_row_t is array (pe_index) of sums_lane_t;

    type tree_t is record
        thirds : thirds_row_t;  -- PARALLEL, in place of the sums of a dozen products
        sums   : sums_lane_row_t;
    end record;

    -- All stages of the tree.
    procedure add_up (
        variable adding : inout adding_t;
        variable terms  : inout sum_row_t;
        variable tree   : inout tree_t;
        products        : in    product_row_t;
        fours           : in    fours_row_t  -- the products, when PARALLEL
    );

    ---- requantization: q = (sum * M + 2**(s-1)) / 2**s, in units of 2**16 ----

    constant EXTREMES       : integer_vector(0 to 2) := scale_extremes(MULTIPLIERS, SHIFTS);
    constant SHORT          : boolean := EXTREMES(0) < 17;  -- a shift below 17 occurs, ...
    constant ONLY_SHORT     : boolean := EXTREMES(1) < 17;  -- and no other
    constant PLACES_LOW     : natural := maximum(EXTREMES(0), 17) - 16;
    constant PLACES_HIGH    : natural := maximum(EXTREMES(1), 17) - 16;
    constant MULTIPLIER_TOP : natural := EXTREMES(2);

    -- With a shift s below 17 the sum is multiplied by 2**(17-s) first, as if s were 17. It is
    -- clamped to 2**(s+2) before, which the result's clamp makes invisible.
    constant SHORT_TOP  : natural := 2 ** 19;
    constant RAISED_TOP : natural := maximum(boolean'pos(SHORT) * SHORT_TOP,
                                             boolean'pos(not ONLY_SHORT) * SUM_HIGH);
    subtype raised_t is integer range -RAISED_TOP to RAISED_TOP;

    -- A raised sum, with HIGH_TOP * 2**16 added so that no factor is negative, is high * 2**16 +
    -- low; both are multiplied.
    constant HIGH_TOP         : positive := RAISED_TOP / 65536 + 1;
    constant HIGH_PRODUCT_TOP : positive := HIGH_TOP * MULTIPLIER_TOP;
    subtype high_product_t is natural range 0 to 2 * HIGH_PRODUCT_TOP;
    subtype low_product_t is natural range 0 to 65535 * MULTIPLIER_TOP;
    type high_row_t is array (pe_index) of high_product_t;
    type low_row_t is array (pe_index) of low_product_t;
    type scaled_row_t is record
        high : high_row_t;
        low  : low_row_t;
    end record;

    -- The numerator is never negative: OFFSET lifts it in place of HIGH_TOP, and is taken away
    -- after the shift.
    constant OFFSET        : positive := next_power_of_two(maximum(HIGH_PRODUCT_TOP,
                                                                   power_of_two(PLACES_HIGH)));
    constant LIFT_TOP      : positive := OFFSET + power_of_two(PLACES_HIGH - 1);
    constant NUMERATOR_TOP : positive := LIFT_TOP + HIGH_PRODUCT_TOP + 32768;
    constant QUOTIENT_TOP  : positive := NUMERATOR_TOP / power_of_two(PLACES_LOW);

    type scale_t is record
        multiplier : natural range 0 to MULTIPLIER_TOP;
        clamp      : natural range 0 to RAISED_TOP;               -- of the sum
        factor     : natural range 1 to 65536;                    -- that raises it
        lift       : natural range 0 to LIFT_TOP;                 -- OFFSET and half a unit
        places     : natural range 0 to PLACES_HIGH - PLACES_LOW;  -- shift beyond PLACES_LOW
        unit       : natural;                                     -- 2**places, with PLACES_LOW
        drop       : integer range -32768 to QUOTIENT_TOP + 32768;  -- OFFSET shifted - OUT_ZERO
    end record;
    type scale_row_t is array (pe_index) of scale_t;
    type scale_rom_t is array (group_index) of scale_row_t;

    function to_scale_rom (list_m, list_s : integer_vector) return scale_rom_t;

    constant SCALE_ROM : scale_rom_t;

    -- One requantization for all groups: synthesis then sees constants.
    constant ONE_SCALE : boolean;

    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);
    type result_vector is array (natural range <>) of result_t;
    subtype result_row_t is result_vector(pe_index);
    subtype results_t is result_vector(output_index);

    function scale (sums : sum_row_t; row : scale_row_t) return scaled_row_t;
    function finish (scaled : scaled_row_t; row : scale_row_t) return result_row_t;
end package;

package body folded_mac is

    -- Products are taken in sample_t where they fit: synthesis takes the width of the type, and
    -- one DSP block; a product of integers takes three.
    constant NARROW : boolean := product_fits(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH);

    ---- the tree ----

    -- How many sums a level has, and where in tree_t.sums they begin. Level 0: the products.
    type level_list_t is array (0 to TREE_DEPTH) of natural;

    function level_counts return level_list_t is
        variable list : level_list_t := (others => SIMD);
    begin
        for level in 1 to TREE_DEPTH loop
            list(level) := (list(level - 1) + 11) / 12;
        end loop;
        return list;
    end function;

    constant LEVEL_COUNT : level_list_t := level_counts;

    function level_firsts return level_list_t is
        variable list : level_list_t := (others => 0);
    begin
        for level in 2 to TREE_DEPTH loop
            list(level) := list(level - 1) + LEVEL_COUNT(level - 1);
        end loop;
        return list;
    end function;

    constant LEVEL_FIRST : level_list_t := level_firsts;

    ---- contents of the ROMs ----

    function to_weight_rom (list : sample_vector) return weight_rom_t is
        alias values : sample_vector(0 to list'length - 1) is list;
        variable rom : weight_rom_t;
    begin
        if not LOADABLE then
            for step in rom'range loop
                for p in pe_index loop
                    for s in simd_index loop
                        rom(step)(p)(s) := values((step * PE + p) * SIMD + s);
                    end loop;
                end loop;
            end loop;
        end if;
        return rom;
    end function;

    function to_weight_row (values : sample_vector) return weight_row_t is
        variable row : weight_row_t;
    begin
        for p in pe_index loop
            for s in simd_index loop
                row(p)(s) := values(p * SIMD + s);
            end loop;
        end loop;
        return row;
    end function;

    function to_weight_dozens (list : sample_vector) return weight_dozens_row_t is
        alias values    : sample_vector(0 to list'length - 1) is list;
        variable dozens : weight_dozens_row_t := (others => (others => (others => 0)));
    begin
        if PARALLEL then
            for p in pe_index loop
                for s in simd_index loop
                    dozens(p)(s / 12)(s mod 12) := values(p * SIMD + s);
                end loop;
            end loop;
        end if;
        return dozens;
    end function;

    function to_bias_rom (list : integer_vector) return sum_rom_t is
        alias values : integer_vector(0 to list'length - 1) is list;
        variable rom : sum_rom_t;
    begin
        for group_number in group_index loop
            for p in pe_index loop
                rom(group_number)(p) := values(group_number * PE + p);
            end loop;
        end loop;
        return rom;
    end function;

    function to_scale (multiplier, shift : integer) return scale_t is
        constant NORMAL : integer_vector(0 to 1) := normalize_scale(multiplier, shift);
        constant PLACES : natural := maximum(NORMAL(1), 17) - 16;
        variable result : scale_t;
    begin
        result := (
            multiplier => NORMAL(0),
            clamp      => RAISED_TOP,
            factor     => 1,
            lift       => OFFSET + power_of_two(PLACES - 1) - HIGH_TOP * NORMAL(0),
            places     => PLACES - PLACES_LOW,
            unit       => power_of_two(PLACES),
            drop       => OFFSET / power_of_two(PLACES) - OUT_ZERO
        );
        if NORMAL(1) < 17 then
            result.clamp  := power_of_two(NORMAL(1) + 2);
            result.factor := power_of_two(17 - NORMAL(1));
        end if;
        return result;
    end function;

    function to_scale_rom (list_m, list_s : integer_vector) return scale_rom_t is
        alias values_m : integer_vector(0 to list_m'length - 1) is list_m;
        alias values_s : integer_vector(0 to list_s'length - 1) is list_s;
        variable rom   : scale_rom_t;
    begin
        for group_number in group_index loop
            for p in pe_index loop
                rom(group_number)(p) := to_scale(values_m(group_number * PE + p),
                                                 values_s(group_number * PE + p));
            end loop;
        end loop;
        return rom;
    end function;

    constant WEIGHT_ROM : weight_rom_t := to_weight_rom(WEIGHTS);
    constant WEIGHT_DOZENS : weight_dozens_row_t := to_weight_dozens(WEIGHTS);

    constant BIAS_ROM   : sum_rom_t    := to_bias_rom(BIAS);
    constant SCALE_ROM  : scale_rom_t  := to_scale_rom(MULTIPLIERS, SHIFTS);

    function all_rows_equal (rom : scale_rom_t) return boolean is
    begin
        for group_number in group_index loop
            if rom(group_number) /= rom(0) then
                return false;
            end if;
        end loop;
        return true;
    end function;

    constant UNIT_LOW : positive := power_of_two(PLACES_LOW);

    constant ONE_SCALE  : boolean     := all_rows_equal(SCALE_ROM);
    constant THE_SCALES : scale_row_t := SCALE_ROM(0);  -- of ONE_SCALE

    ---- stages: functions, as GHDL keeps their variables in registers ----

    -- Locals start from constants: GHDL copies those, and fills in default values one by one.
    constant NO_PRODUCTS    : product_lane_t := (others => 0);
    constant FILLER         : operand_element_t := sample_t(minimum(maximum(IN_LOW, 0), IN_HIGH));
    constant NO_DOZENS      : operand_dozens_t := (others => (others => FILLER));
    constant NO_THIRDS      : thirds_t       := (others => 0);
    constant NO_FOURS       : fours_t        := (others => (others => 0));
    constant NOTHING_SCALED : scaled_row_t  := (high => (others => 0), low => (others => 0));
    constant NO_RESULTS     : result_row_t  := (others => result_t'low);

    function multiply (weights_of : weight_lane_t; operand : operand_t) return product_lane_t is
        variable products : product_lane_t := NO_PRODUCTS;
    begin
        if NARROW then
            for s in simd_index loop
                products(s) := integer(weights_of(s) * operand(s));
            end loop;
        else
            for s in simd_index loop
                products(s) := integer(weights_of(s)) * integer(operand(s));
            end loop;
        end if;
        return products;
    end function;

    -- PACKED: the products of two sums, as they leave the DSP blocks; and those of one of the two.
    constant PACKING : pair_format_t := pair_format(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH);

    type pair_lane_t is array (simd_index) of pair_t;

    function multiply_pair (low, high : weight_lane_t; operand : operand_t) return pair_lane_t is
        variable pairs : pair_lane_t;
    begin
        for s in simd_index loop
            pairs(s) := multiply_pair(integer(low(s)), integer(high(s)), integer(operand(s)),
                                      PACKING);
        end loop;
        return pairs;
    end function;

    function from_pair (
        pairs      : pair_lane_t;
        upper      : boolean;
        weights_of : weight_lane_t;
        operand    : operand_t
    ) return product_lane_t is
        variable products : product_lane_t := NO_PRODUCTS;
    begin
        for s in simd_index loop
            products(s) := integer(product_of(pairs(s), upper, integer(weights_of(s)),
                                              integer(operand(s)), PACKING));
        end loop;
        return products;
    end function;

    function to_dozens (operand : operand_t) return operand_dozens_t is
        constant WHOLE  : natural := SIMD / 12;
        variable dozens : operand_dozens_t := NO_DOZENS;
    begin
        for i in 0 to WHOLE - 1 loop
            dozens(i) := operand(i * 12 to i * 12 + 11);
        end loop;
        if SIMD mod 12 > 0 then
            dozens(WHOLE)(0 to SIMD mod 12 - 1) := operand(WHOLE * 12 to SIMD - 1);
        end if;
        return dozens;
    end function;

    function multiply_fours (w : weight_dozens_t; x : operand_dozens_t) return fours_t is
        variable fours             : fours_t := NO_FOURS;
        variable low, middle, high : integer;
    begin
        if NARROW then
            for i in dozen_index loop
                low := (integer(w(i)(0) * x(i)(0)) + integer(w(i)(1) * x(i)(1)))
                     + (integer(w(i)(2) * x(i)(2)) + integer(w(i)(3) * x(i)(3)));
                middle := (integer(w(i)(4) * x(i)(4)) + integer(w(i)(5) * x(i)(5)))
                     + (integer(w(i)(6) * x(i)(6)) + integer(w(i)(7) * x(i)(7)));
                high := (integer(w(i)(8) * x(i)(8)) + integer(w(i)(9) * x(i)(9)))
                     + (integer(w(i)(10) * x(i)(10)) + integer(w(i)(11) * x(i)(11)));
                fours(i)(0) := low;
                fours(i)(1) := middle;
                fours(i)(2) := high;
            end loop;
        else
            for i in dozen_index loop
                for j in 0 to 11 loop
                    fours(i)(j / 4) := fours(i)(j / 4) + integer(w(i)(j)) * integer(x(i)(j));
                end loop;
            end loop;
        end if;
        return fours;
    end function;

    procedure multiply_pairs (
        variable products : inout product_row_t;
        weights_of        : in    weight_row_t;
        operand           : in    operand_t
    ) is
        variable pairs : pair_lane_t;
    begin
        for p in 0 to PE / 2 - 1 loop
            pairs := multiply_pair(weights_of(2 * p), weights_of(2 * p + 1), operand);
            products(2 * p)     := from_pair(pairs, false, weights_of(2 * p), operand);
            products(2 * p + 1) := from_pair(pairs, true, weights_of(2 * p + 1), operand);
        end loop;
    end procedure;

    procedure multiply_row (
        variable products : inout product_row_t;
        variable fours    : inout fours_row_t;
        weights_of        : in    weight_row_t;
        operands          : in    operands_t
    ) is
        variable dozens : operand_dozens_t := NO_DOZENS;
    begin
        if PARALLEL then
            dozens := to_dozens(operands(0));
            for p in pe_index loop
                fours(p) := multiply_fours(WEIGHT_DOZENS(p), dozens);
            end loop;
        elsif PACKED then
            multiply_pairs(products, weights_of, operands(0));
        else
            for p in pe_index loop
                if ONE_OPERAND then
                    products(p) := multiply(weights_of(p), operands(0));
                else
                    products(p) := multiply(weights_of(p), operands(p));
                end if;
            end loop;
        end if;
    end procedure;

    function add_products (products : product_lane_t; first, last : natural) return integer is
        variable sum : integer := 0;
    begin
        for s in first to last loop
            sum := sum + products(s);
        end loop;
        return sum;
    end function;

    function add_fours (fours : fours_t; gross : gross_index) return thirds_t is
        variable low, middle, high : integer := 0;
    begin
        for i in dozen_index loop
            if SIMD <= 144 or i / 12 = gross then
                low    := low + fours(i)(0);
                middle := middle + fours(i)(1);
                high   := high + fours(i)(2);
            end if;
        end loop;
        return (low, middle, high);
    end function;

    function add_thirds (thirds : thirds_t) return integer is
    begin
        return thirds(0) + thirds(1) + thirds(2);
    end function;

    function add_sums (sums : sums_lane_t; first, last : natural) return integer is
        variable sum : integer := 0;
    begin
        for i in first to last loop
            sum := sum + sums(i);
        end loop;
        return sum;
    end function;

    procedure add_up (
        variable adding : inout adding_t;
        variable terms  : inout sum_row_t;
        variable tree   : inout tree_t;
        products        : in    product_row_t;
        fours           : in    fours_row_t
    ) is
        variable sum   : integer;
        variable below : natural;
    begin
        for level in TREE_DEPTH downto 1 loop
            if adding(level - 1) then
                below := LEVEL_FIRST(level - 1);
                for p in pe_index loop
                    if PARALLEL and level = 1 then
                        if TREE_DEPTH = 1 then
                            terms(p) := add_thirds(fours(p)(0));
                        else
                            for gross in gross_index loop
                                tree.thirds(p)(gross) := add_fours(fours(p), gross);
                            end loop;
                        end if;
                    elsif PARALLEL and level = 2 and TREE_DEPTH = 2 then
                        terms(p) := add_thirds(tree.thirds(p)(0));
                    else
                        for i in 0 to LEVEL_COUNT(level) - 1 loop
                            if PARALLEL and level = 2 then
                                sum := add_thirds(tree.thirds(p)(i));
                            elsif level = 1 then
                                sum := add_products(products(p), i * 12,
                                                    minimum(i * 12 + 11, SIMD - 1));
                            else
                                sum := add_sums(tree.sums(p), below + i * 12,
                                                below + minimum(i * 12 + 11,
                                                                LEVEL_COUNT(level - 1) - 1));
                            end if;
                            if level = TREE_DEPTH then
                                terms(p) := sum;
                            else
                                tree.sums(p)(LEVEL_FIRST(level) + i) := sum;
                            end if;
                        end loop;
                    end if;
                end loop;
            end if;
            adding(level) := adding(level - 1);
        end loop;
    end procedure;

    -- The sum, raised if need be, plus what makes it positive.
    function lift_sum (sum : integer; by : scale_t) return natural is
    begin
        if SHORT then
            return maximum(minimum(sum, by.clamp), -by.clamp) * by.factor + HIGH_TOP * 65536;
        end if;
        return sum + HIGH_TOP * 65536;
    end function;

    function scale (sums : sum_row_t; row : scale_row_t) return scaled_row_t is
        variable scaled     : scaled_row_t := NOTHING_SCALED;
        variable lifted     : natural range 0 to 2 * HIGH_TOP * 65536 - 1;
        variable multiplier : integer;
    begin
        for p in pe_index loop
            if ONE_SCALE then
                lifted     := lift_sum(sums(p), THE_SCALES(p));
                multiplier := THE_SCALES(p).multiplier;
            else
                lifted     := lift_sum(sums(p), row(p));
                multiplier := row(p).multiplier;
            end if;
            scaled.low(p)  := (lifted mod 65536) * multiplier;
            scaled.high(p) := (lifted / 65536) * multiplier;
        end loop;
        return scaled;
    end function;

    function finish (scaled : scaled_row_t; row : scale_row_t) return result_row_t is
        variable results   : result_row_t := NO_RESULTS;
        variable numerator : natural range 0 to NUMERATOR_TOP;
        variable value     : integer;
    begin
        for p in pe_index loop
            if ONE_SCALE then
                numerator := scaled.high(p) + scaled.low(p) / 65536 + THE_SCALES(p).lift;
                value     := numerator / THE_SCALES(p).unit - THE_SCALES(p).drop;
            else
                numerator := scaled.high(p) + scaled.low(p) / 65536 + row(p).lift;
                value     := shift_right(numerator / UNIT_LOW, row(p).places) - row(p).drop;
            end if;
            if value < OUT_LOW then
                value := OUT_LOW;
            elsif value > OUT_HIGH then
                value := OUT_HIGH;
            end if;
            results(p) := result_t(value);
        end loop;
        return results;
    end function;

end package body;
