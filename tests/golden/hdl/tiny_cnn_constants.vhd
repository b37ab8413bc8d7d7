--------------------------------------------------------------------------------
-- tiny_cnn_constants: what the network tiny_cnn learned, as integers
--
-- Written by dnn2fpga VERSION from the model "tiny_cnn"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- Weights are listed in the order the layers use them: one row of PE*SIMD values for each fold
-- step (see the header of each layer's entity). Biases have the scale of the accumulator. Output
-- = clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero).
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package tiny_cnn_constants is

    -- conv2d: conv2d, 1 rows of 2 x 9 weights
    constant CONV2D_WEIGHTS : sample_vector(0 to 17) := (
        -15, -122, 64, 49, -81, -51, 89, -106, -32, -30, 31, -45, 17, 21, 3, -74, -18, -71
    );
    constant CONV2D_BIAS : integer_vector(0 to 1) := (
        -1629, 3515
    );
    constant CONV2D_MULTIPLIERS : integer_vector(0 to 1) := (
        25648, 31025
    );
    constant CONV2D_SHIFTS : integer_vector(0 to 1) := (
        23, 23
    );

    -- dense: dense, 4 rows of 3 x 2 weights
    constant DENSE_WEIGHTS : sample_vector(0 to 23) := (
        80, 8, -122, -119, 27, 86,
        -57, -121, 97, 84, 107, 47,
        97, -30, -51, -71, -115, -74,
        -125, -15, -69, 34, -29, -47
    );
    constant DENSE_BIAS : integer_vector(0 to 2) := (
        59, -3299, 1971
    );
    constant DENSE_MULTIPLIERS : integer_vector(0 to 2) := (
        16559, 31892, 17364
    );
    constant DENSE_SHIFTS : integer_vector(0 to 2) := (
        22, 23, 22
    );

end package;
