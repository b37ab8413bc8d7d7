--------------------------------------------------------------------------------
-- folded_float_mac: PE floating-point multiply-adds used over and over, as a generic package
--
-- A layer with OUTPUTS sums of many products works through them in fold steps. In one step each
-- of PE sums takes one product: the order of additions is fixed, and so are the bits of the
-- result. PE sums that progress together are a group.
--
--   operand (a word) --------+-----------+-----------+
--                            |           |           |
--   weights of the step      x           x           x      PE times
--                            |           |           |
--                        sums(0)     sums(1)  ...  sums(PE-1)   (start at the bias)
--
-- Generics
--   PE       sums of one step
--   STEPS    rows of weights (fold steps until the list starts again)
--   GROUPS   OUTPUTS / PE
--   RELU     the result is max(sum, +0)
--   WEIGHTS  STEPS rows of PE words
--   BIAS     start value of each of the OUTPUTS sums
--------------------------------------------------------------------------------
use work.dnn_float_pkg.all;

package folded_float_mac is
    generic (
        PE, STEPS, GROUPS : positive;
        RELU              : boolean;
        WEIGHTS, BIAS     : float_vector
    );

    subtype pe_index is natural range 0 to PE - 1;
    subtype output_index is natural range 0 to PE * GROUPS - 1;

    subtype row_t is float_vector(pe_index);  -- one word for each sum
    subtype results_t is float_vector(output_index);
    type rom_t is array (natural range <>) of row_t;

    function to_rom (list : float_vector) return rom_t;

    constant WEIGHT_ROM : rom_t(0 to STEPS - 1);
    constant BIAS_ROM   : rom_t(0 to GROUPS - 1);

    -- One fold step: sums(p) + row(p) * operand, product and sum rounded each by itself.
    function accumulate (sums, row : row_t; operand : float_word) return row_t;

    -- The results of a group.
    function finished (sums : row_t) return row_t;
end package;

package body folded_float_mac is

    function to_rom (list : float_vector) return rom_t is
        alias words  : float_vector(0 to list'length - 1) is list;
        variable rom : rom_t(0 to list'length / PE - 1);
    begin
        for step in rom'range loop
            rom(step) := words(step * PE to step * PE + PE - 1);
        end loop;
        return rom;
    end function;

    constant WEIGHT_ROM : rom_t(0 to STEPS - 1)  := to_rom(WEIGHTS);
    constant BIAS_ROM   : rom_t(0 to GROUPS - 1) := to_rom(BIAS);

    function accumulate (sums, row : row_t; operand : float_word) return row_t is
        variable results : row_t;
    begin
        for p in pe_index loop
            results(p) := float_add(sums(p), float_multiply(row(p), operand));
        end loop;
        return results;
    end function;

    function finished (sums : row_t) return row_t is
        variable results : row_t := sums;
    begin
        if RELU then
            for p in pe_index loop
                results(p) := float_relu(sums(p));
            end loop;
        end if;
        return results;
    end function;

end package body;
