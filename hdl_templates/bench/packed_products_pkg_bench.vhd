--------------------------------------------------------------------------------
-- packed_products_pkg_bench: two products out of one multiplication equal the two products
--
-- All pairs of weights with all samples when COUNT is 0, otherwise COUNT random ones.
--------------------------------------------------------------------------------
use work.packed_products_pkg.all;
use work.bench_pkg.all;

entity packed_products_pkg_bench is
    generic (
        IN_LOW, IN_HIGH : integer  := 0;
        WEIGHT_BITS     : positive := 8;
        COUNT           : natural  := 0;
        SEED            : natural  := 1
    );
end entity;

architecture bench of packed_products_pkg_bench is

    constant WEIGHT_LOW  : integer := -2 ** (WEIGHT_BITS - 1);
    constant WEIGHT_HIGH : integer := 2 ** (WEIGHT_BITS - 1) - 1;

    constant FORMAT : pair_format_t := pair_format(IN_LOW, IN_HIGH, WEIGHT_LOW, WEIGHT_HIGH);

    procedure compare (low, high, sample : in integer) is
        constant PAIR : pair_t := multiply_pair(low, high, sample, FORMAT);
    begin
        if integer(product_of(PAIR, false, low, sample, FORMAT)) /= low * sample
            or integer(product_of(PAIR, true, high, sample, FORMAT)) /= high * sample
        then
            report "BENCH packed_products_pkg failed: weights " & integer'image(low) & " and "
                 & integer'image(high) & ", sample " & integer'image(sample)
                severity error;
            std.env.stop(1);
        end if;
    end procedure;

begin

    process
        constant LOWS    : integer_vector
            := random_integers(COUNT + 1, WEIGHT_LOW, WEIGHT_HIGH, SEED);
        constant HIGHS   : integer_vector
            := random_integers(COUNT + 1, WEIGHT_LOW, WEIGHT_HIGH, SEED + 1);
        constant SAMPLES : integer_vector
            := random_integers(COUNT + 1, IN_LOW, IN_HIGH, SEED + 2);
        variable values  : natural := 0;
    begin
        for i in 0 to COUNT - 1 loop
            compare(LOWS(i), HIGHS(i), SAMPLES(i));
            values := values + 2;
        end loop;
        if COUNT = 0 then
            for low in WEIGHT_LOW to WEIGHT_HIGH loop
                for high in WEIGHT_LOW to WEIGHT_HIGH loop
                    for sample in IN_LOW to IN_HIGH loop
                        compare(low, high, sample);
                        values := values + 2;
                    end loop;
                end loop;
            end loop;
        end if;
        report "BENCH packed_products_pkg values=" & integer'image(values) & " errors=0"
            severity note;
        std.env.stop(0);
        wait;
    end process;

end architecture;
