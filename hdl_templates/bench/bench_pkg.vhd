--------------------------------------------------------------------------------
-- bench_pkg: what the benches share besides stream_source, stream_checker and bench_clock
--
-- Random data with a seed, and a reference of the requantization that owes nothing to
-- dnn_fixed_pkg: it works on `real`, which holds accumulator * multiplier (46 bits) exactly.
--------------------------------------------------------------------------------
library ieee;
use ieee.math_real.all;
use work.dnn_fixed_pkg.all;

package bench_pkg is

    -- State of a random generator; every user has its own.
    type random_state is record
        seed1, seed2 : positive;
    end record;

    function seeded (seed : natural) return random_state;

    -- A whole number of low .. high, uniform.
    procedure draw (
        variable state : inout random_state;
        low, high      : in    integer;
        variable value : out   integer
    );

    -- True with a probability of `percent`.
    procedure chance (
        variable state : inout random_state;
        percent        : in    natural;
        variable hit   : out   boolean
    );

    function random_samples (count : natural; low, high : integer; seed : natural)
        return sample_vector;
    function random_integers (count : natural; low, high : integer; seed : natural)
        return integer_vector;

    -- clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero)
    function reference_requantize (accumulator, multiplier, shift, zero, low, high : integer)
        return sample_t;

    -- Positions at which a kernel fits.
    function windows (length, kernel, stride, pads : natural) return natural;

end package;

package body bench_pkg is

    function seeded (seed : natural) return random_state is
        variable state : random_state := (seed1 => 1000 + seed mod 100000, seed2 => 4711);
        variable unused : real;
    begin
        for i in 1 to 8 loop  -- neighbouring seeds start alike
            uniform(state.seed1, state.seed2, unused);
        end loop;
        return state;
    end function;

    procedure draw (
        variable state : inout random_state;
        low, high      : in    integer;
        variable value : out   integer
    ) is
        variable fraction : real;
    begin
        uniform(state.seed1, state.seed2, fraction);
        value := low + integer(floor(fraction * (real(high) - real(low) + 1.0)));
    end procedure;

    procedure chance (
        variable state : inout random_state;
        percent        : in    natural;
        variable hit   : out   boolean
    ) is
        variable value : integer;
    begin
        draw(state, 0, 99, value);
        hit := value < percent;
    end procedure;

    function random_integers (count : natural; low, high : integer; seed : natural)
        return integer_vector is
        variable state  : random_state := seeded(seed);
        variable values : integer_vector(0 to count - 1);
    begin
        for i in values'range loop
            draw(state, low, high, values(i));
        end loop;
        return values;
    end function;

    function random_samples (count : natural; low, high : integer; seed : natural)
        return sample_vector is
        constant VALUES  : integer_vector(0 to count - 1) := random_integers(count, low, high, seed);
        variable samples : sample_vector(0 to count - 1);
    begin
        for i in samples'range loop
            samples(i) := sample_t(VALUES(i));
        end loop;
        return samples;
    end function;

    function reference_requantize (accumulator, multiplier, shift, zero, low, high : integer)
        return sample_t is
        variable exact : real;
    begin
        exact := floor((real(accumulator) * real(multiplier) + 2.0 ** (shift - 1)) / 2.0 ** shift)
                 + real(zero);
        return sample_t(integer(realmin(realmax(exact, real(low)), real(high))));
    end function;

    function windows (length, kernel, stride, pads : natural) return natural is
    begin
        return (length + pads - kernel) / stride + 1;
    end function;

end package body;
