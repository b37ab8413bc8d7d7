--------------------------------------------------------------------------------
-- perceptron_constants: what the network perceptron learned, as integers
--
-- Written by dnn2fpga VERSION from the model "perceptron"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- Weights are listed in the order the layers use them: one row of PE*SIMD values for each fold
-- step (see the header of each layer's entity). Biases have the scale of the accumulator. Output
-- = clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero).
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;

package perceptron_constants is

    -- hidden: dense, 8 rows of 2 x 1 weights
    constant HIDDEN_WEIGHTS : sample_vector(0 to 15) := (
        31, -12,
        73, -75,
        -11, 100,
        106, -89,
        103, -101,
        50, -33,
        94, 86,
        4, -109
    );
    constant HIDDEN_BIAS : integer_vector(0 to 3) := (
        -738, 3861, -1136, 1699
    );
    constant HIDDEN_MULTIPLIERS : integer_vector(0 to 3) := (
        19714, 25245, 23407, 19154
    );
    constant HIDDEN_SHIFTS : integer_vector(0 to 3) := (
        22, 22, 22, 22
    );

    -- hidden.tanh: table
    constant HIDDEN_TANH_TABLE : sample_vector(0 to 254) := (
        86, 26, -63, -42, -67, -18, -58, -61, 96, -16, 126, -54, -5, 15, 2, -109, -126, 75, -65,
        -49, 124, -120, -122, 30, -39, -27, -6, 36, -11, 109, -26, -101, 11, -8, -109, -49, -72,
        -26, -99, 42, -52, -72, -69, 127, -103, 5, 39, 24, 122, -8, 68, 14, -106, 25, 103, 10, 100,
        -45, 101, -35, 35, 92, -22, -99, 42, -118, 102, 23, 73, -61, -75, -75, 59, 111, -85, -36,
        -47, -48, -8, 118, -85, 100, -43, 26, 16, 25, 114, -115, -99, 88, 106, 60, 90, 122, 31, -71,
        25, 17, 112, -119, 40, 39, 35, 67, 24, -108, 89, 36, -119, 126, -96, -116, 116, -11, 126,
        95, -65, -64, 103, -123, -109, -88, 65, -66, 35, 98, -11, 70, 62, -126, 88, -72, -103, 54,
        -47, 68, 38, -59, 117, 90, -74, -6, 51, 45, -18, 35, 121, 84, -4, 67, -121, 91, -50, 81,
        -126, 43, -94, -59, 106, 126, -73, -92, -57, -8, -21, 96, -104, -103, -56, 71, -34, 54, 18,
        77, 38, 66, -92, -95, 93, 7, 40, -4, 66, 44, -29, 21, 85, -37, 99, 52, -69, 117, 121, 3,
        -73, -119, -48, 119, 127, -1, -105, 76, 8, 114, 81, 65, -35, 113, 92, 1, 11, 40, -71, -5,
        25, 44, 86, -44, -108, -62, -110, 89, 95, -16, -58, 43, 4, -33, -44, 62, 88, 63, 78, 14, 69,
        -83, -20, -14, -122, -39, 110, -73, 20, 127, -114, -108, 24, -62, 16, 92, 102, 62, 34, 87, 6
    );

    -- score: dense, 1 rows of 1 x 4 weights
    constant SCORE_WEIGHTS : sample_vector(0 to 3) := (
        -33, -98, 24, 47
    );
    constant SCORE_BIAS : integer_vector(0 to 0) := (0 =>
        -2471
    );
    constant SCORE_MULTIPLIERS : integer_vector(0 to 0) := (0 =>
        20463
    );
    constant SCORE_SHIFTS : integer_vector(0 to 0) := (0 =>
        22
    );

end package;
