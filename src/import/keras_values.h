/* keras_values.h: readers of attributes' values, for the tables in keras_attributes.c.
 *
 * A reader takes the value over into `layer`; it returns false when it is not accepted.
 */
#ifndef IMPORT_KERAS_VALUES_H
#define IMPORT_KERAS_VALUES_H

#include "import/keras.h"

typedef bool KerasReadValue(const json_t *value, KerasLayer *layer);

/* For what does nothing at inference. */
KerasReadValue keras_read_any;

/* One value only. */
KerasReadValue keras_read_null, keras_read_false, keras_read_zero, keras_read_one,
    keras_read_last_axis, keras_read_channels_last, keras_read_nearest, keras_read_dilation,
    keras_read_dilation_1d;

/* "float32", or the policy object that Keras 3 writes around it. */
KerasReadValue keras_read_dtype;

/* Numbers for both directions; _1d: along a sequence. Pools: null is "as the window". */
KerasReadValue keras_read_window, keras_read_strides, keras_read_pool_strides, keras_read_factor,
    keras_read_zero_padding, keras_read_window_1d, keras_read_strides_1d,
    keras_read_pool_strides_1d, keras_read_factor_1d, keras_read_zero_padding_1d;

/* Convolution and dense layers. The fused activation may be null. */
KerasReadValue keras_read_padding, keras_read_outputs, keras_read_multiplier, keras_read_activation,
    keras_read_fused_activation, keras_read_use_bias;

/* Of a ReLU: max_value and negative_slope, or alpha. */
KerasReadValue keras_read_limit, keras_read_slope;

/* Others. That an axis is the last one is checked when the shape is known. */
KerasReadValue keras_read_scale, keras_read_center, keras_read_axis, keras_read_epsilon,
    keras_read_keep_dims, keras_read_given_shape, keras_read_target_shape;

#endif
