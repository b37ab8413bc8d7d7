--------------------------------------------------------------------------------
-- branched_constants: what the network branched learned, as integers
--
-- Written by dnn2fpga VERSION from the model "branched"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- Weights are listed in the order the layers use them: one row of PE*SIMD values for each fold
-- step (see the header of each layer's entity). Biases have the scale of the accumulator. Output
-- = clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero).
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package branched_constants is

    -- conv: conv2d, 1 rows of 1 x 9 weights
    constant CONV_WEIGHTS : sample_vector(0 to 8) := (
        -62, 29, 5, 86, 126, 93, -32, 84, 81
    );
    constant CONV_BIAS : integer_vector(0 to 0) := (0 =>
        -2385
    );
    constant CONV_MULTIPLIERS : integer_vector(0 to 0) := (0 =>
        18632
    );
    constant CONV_SHIFTS : integer_vector(0 to 0) := (0 =>
        22
    );

    -- sum: add
    constant SUM_WEIGHTS : sample_vector(0 to 1) := (
        4005, 5151
    );

end package;
