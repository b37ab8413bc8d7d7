--------------------------------------------------------------------------------
-- folded_net_constants: what the network folded_net learned, as integers
--
-- Written by dnn2fpga VERSION from the model "Folded net"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- Weights are listed in the order the layers use them: one row of PE*SIMD values for each fold
-- step (see the header of each layer's entity). Biases have the scale of the accumulator. Output
-- = clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero).
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package folded_net_constants is

    -- signal: conv2d, 6 rows of 2 x 6 weights
    constant SIGNAL_LAYER_WEIGHTS : sample_vector(0 to 71) := (
        -77, 101, -9, -51, 53, -32, -30, 110, 24, 36, 36, -117,
        51, 110, -33, 41, 86, -11, -71, 65, 110, 71, -1, -11,
        -62, -67, -61, -26, -108, -4, -44, 80, 77, 74, 96, 81,
        -73, 54, -45, -64, -18, 81, 6, -105, 51, -123, 73, -32,
        118, 97, 34, -68, 102, -26, -41, 102, -56, -13, -90, 104,
        -68, 41, 55, -42, 24, -11, 60, 30, -42, -32, 52, -67
    );
    constant SIGNAL_LAYER_BIAS : integer_vector(0 to 3) := (
        -3998, 2278, -494, 2219
    );
    constant SIGNAL_LAYER_MULTIPLIERS : integer_vector(0 to 3) := (
        21597, 21566, 22793, 17948
    );
    constant SIGNAL_LAYER_SHIFTS : integer_vector(0 to 3) := (
        23, 23, 23, 23
    );

    -- batch/norm: affine
    constant BATCH_NORM_WEIGHTS : sample_vector(0 to 3) := (
        55, 26, 11, 86
    );
    constant BATCH_NORM_BIAS : integer_vector(0 to 3) := (
        -3656, -2318, 2746, -2617
    );
    constant BATCH_NORM_MULTIPLIERS : integer_vector(0 to 3) := (
        23196, 25962, 25754, 20906
    );
    constant BATCH_NORM_SHIFTS : integer_vector(0 to 3) := (
        21, 21, 21, 21
    );

end package;
