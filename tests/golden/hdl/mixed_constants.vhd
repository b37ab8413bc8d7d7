--------------------------------------------------------------------------------
-- mixed_constants: what the network mixed learned, as integers
--
-- Written by dnn2fpga VERSION from the model "mixed"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- Weights are listed in the order the layers use them: one row of PE*SIMD values for each fold
-- step (see the header of each layer's entity). Biases have the scale of the accumulator. Output
-- = clamp(floor((accumulator * multiplier + 2**(shift-1)) / 2**shift) + zero).
-- Words of a float_vector are the bit patterns of binary32 numbers.
--------------------------------------------------------------------------------
use work.dnn_fixed_pkg.all;
use work.dnn_float_pkg.all;

package mixed_constants is

    -- conv2d: float_conv2d, 4 rows of 2 x 1 weights
    constant CONV2D_WEIGHTS : float_vector(0 to 7) := (
        -1088985307, -1106183424,
        -1087407733, -1121744846,
        -1080777006, -1080628581,
        -1129630192, 1058810724
    );
    constant CONV2D_BIAS : float_vector(0 to 1) := (
        -1114932612, integer'low
    );

    -- hidden: float_dense, 16 rows of 2 x 1 weights
    constant HIDDEN_WEIGHTS : float_vector(0 to 31) := (
        -1093945095, 1014626962,
        1047289293, 1050769576,
        1054863441, -1088847931,
        -1087714179, 1049925296,
        1060043956, -1105170823,
        1054640191, -1097135175,
        -1086331258, -1090078482,
        -1085066889, 1055182409,
        1047244616, integer'low,
        1060261648, 1058418951,
        0, -1095221368,
        -1127172110, -1086695645,
        -1088597705, 1055980712,
        1046804061, 1060967177,
        1058597890, 1036450338,
        -1094444826, 0
    );
    constant HIDDEN_BIAS : float_vector(0 to 3) := (
        1045010407, 1047612667, 1042859271, -1097842304
    );

    -- score: dense, 1 rows of 3 x 4 weights
    constant SCORE_WEIGHTS : sample_vector(0 to 11) := (
        67, -54, -63, 62, -20, -73, -98, -51, 30, 78, -73, -69
    );
    constant SCORE_BIAS : integer_vector(0 to 2) := (
        269, 1061, 40
    );
    constant SCORE_MULTIPLIERS : integer_vector(0 to 2) := (
        25874, 21395, 19044
    );
    constant SCORE_SHIFTS : integer_vector(0 to 2) := (
        22, 22, 22
    );

end package;
