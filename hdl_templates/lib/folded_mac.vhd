--------------------------------------------------------------------------------
-- folded_mac: PE x SIMD multipliers used over and over, as a generic package
--
-- A layer with OUTPUTS sums of many products works through them in fold steps. In one step each
-- of PE sums takes SIMD products; PE sums that progress together are a group.
--
--   operand (SIMD samples) ------+-------------+-------------+
--                                |             |             |
--   weights of the step      x SIMD        x SIMD        x SIMD      PE times
--                                |             |             |
--                            sums(0)       sums(1)  ...  sums(PE-1)
--                                |             |             |
--   when a group is done     requantize    requantize    requantize
--
-- Generics
--   PE, SIMD                 sums and products of one step
--   STEPS                    rows of weights (fold steps until the list starts again)
--   GROUPS                   OUTPUTS / PE
--   IN_LOW, IN_HIGH          range of an operand
--   WEIGHT_LOW, WEIGHT_HIGH  range of a weight
--   OUT_ZERO                 added after requantization
--   OUT_LOW, OUT_HIGH        the result is clamped to these
--   WEIGHTS                  STEPS rows of PE*SIMD values; in a row the products of a sum follow
--                            each other
--   BIAS                     start value of each of the OUTPUTS sums
--   MULTIPLIERS, SHIFTS      their requantization
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package folded_mac is
    generic (
        PE, SIMD, STEPS, GROUPS       : positive;
        IN_LOW, IN_HIGH               : integer;
        WEIGHT_LOW, WEIGHT_HIGH       : integer;
        OUT_ZERO, OUT_LOW, OUT_HIGH   : integer;
        WEIGHTS                       : sample_vector;
        BIAS, MULTIPLIERS, SHIFTS     : integer_vector
    );

    subtype pe_index is natural range 0 to PE - 1;
    subtype simd_index is natural range 0 to SIMD - 1;
    subtype output_index is natural range 0 to PE * GROUPS - 1;

    subtype operand_element_t is sample_t range sample_t(IN_LOW) to sample_t(IN_HIGH);
    subtype weight_t is sample_t range sample_t(WEIGHT_LOW) to sample_t(WEIGHT_HIGH);
    subtype result_t is sample_t range sample_t(OUT_LOW) to sample_t(OUT_HIGH);

    type operand_t is array (simd_index) of operand_element_t;
    type weight_lane_t is array (simd_index) of weight_t;
    type weight_row_t is array (pe_index) of weight_lane_t;
    type weight_rom_t is array (0 to STEPS - 1) of weight_row_t;

    type integer_row_t is array (pe_index) of integer;                -- one value for each sum
    type integer_rom_t is array (0 to GROUPS - 1) of integer_row_t;

    type result_vector is array (natural range <>) of result_t;
    subtype result_row_t is result_vector(pe_index);
    subtype results_t is result_vector(output_index);

    function to_weight_rom (list : sample_vector) return weight_rom_t;
    function to_integer_rom (list : integer_vector) return integer_rom_t;

    constant WEIGHT_ROM     : weight_rom_t;
    constant BIAS_ROM       : integer_rom_t;
    constant MULTIPLIER_ROM : integer_rom_t;
    constant SHIFT_ROM      : integer_rom_t;

    -- One fold step: sums(p) + row(p) * operand. Not a procedure on purpose: GHDL keeps the
    -- variables of a function in registers, those of a procedure in memory (three times slower).
    function accumulate (sums : integer_row_t; row : weight_row_t; operand : operand_t)
        return integer_row_t;

    -- The results of a group; the other two are its rows of the ROMs.
    function requantize_row (sums, multiplier_row, shift_row : integer_row_t) return result_row_t;
end package;

package body folded_mac is

    constant NARROW : boolean := product_fits(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH);

    function to_weight_rom (list : sample_vector) return weight_rom_t is
        alias values : sample_vector(0 to list'length - 1) is list;
        variable rom : weight_rom_t;
    begin
        for step in rom'range loop
            for p in pe_index loop
                for s in simd_index loop
                    rom(step)(p)(s) := values((step * PE + p) * SIMD + s);
                end loop;
            end loop;
        end loop;
        return rom;
    end function;

    function to_integer_rom (list : integer_vector) return integer_rom_t is
        alias values : integer_vector(0 to list'length - 1) is list;
        variable rom : integer_rom_t;
    begin
        for group_number in rom'range loop
            for p in pe_index loop
                rom(group_number)(p) := values(group_number * PE + p);
            end loop;
        end loop;
        return rom;
    end function;

    constant WEIGHT_ROM     : weight_rom_t  := to_weight_rom(WEIGHTS);
    constant BIAS_ROM       : integer_rom_t := to_integer_rom(BIAS);
    constant MULTIPLIER_ROM : integer_rom_t := to_integer_rom(MULTIPLIERS);
    constant SHIFT_ROM      : integer_rom_t := to_integer_rom(SHIFTS);

    function all_rows_equal (rom : integer_rom_t) return boolean is
    begin
        for group_number in rom'range loop
            if rom(group_number) /= rom(0) then
                return false;
            end if;
        end loop;
        return true;
    end function;

    -- One requantization for all groups: synthesis then sees constants.
    constant ONE_SCALE : boolean
        := all_rows_equal(MULTIPLIER_ROM) and all_rows_equal(SHIFT_ROM);

    -- start + lane * operand
    function dot_product (start : integer; lane : weight_lane_t; operand : operand_t)
        return integer is
        variable sum : integer := start;
    begin
        if NARROW then
            for s in simd_index loop
                sum := sum + integer(lane(s) * operand(s));
            end loop;
        else
            for s in simd_index loop
                sum := sum + integer(lane(s)) * integer(operand(s));
            end loop;
        end if;
        return sum;
    end function;

    function accumulate (sums : integer_row_t; row : weight_row_t; operand : operand_t)
        return integer_row_t is
        variable results : integer_row_t;
    begin
        for p in pe_index loop
            results(p) := dot_product(sums(p), row(p), operand);
        end loop;
        return results;
    end function;

    function requantize_row (sums, multiplier_row, shift_row : integer_row_t) return result_row_t is
        variable results : result_row_t;
        variable value   : integer;
    begin
        for p in pe_index loop
            if ONE_SCALE then
                value := requantize(sums(p), MULTIPLIER_ROM(0)(p), SHIFT_ROM(0)(p));
            else
                value := requantize(sums(p), multiplier_row(p), shift_row(p));
            end if;
            results(p) := saturate(value, OUT_ZERO, OUT_LOW, OUT_HIGH);
        end loop;
        return results;
    end function;

end package body;
