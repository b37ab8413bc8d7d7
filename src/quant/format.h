/* format.h: which integer format a range of real values gets. The formats themselves are in
 * fixed.h. */
#ifndef QUANT_FORMAT_H
#define QUANT_FORMAT_H

#include "quant/fixed.h"

typedef enum ValueRange {
    RANGE_SYMMETRIC, /* -clip .. clip, zero point 0 */
    RANGE_UNSIGNED,  /* 0 .. clip, zero point 0: what a ReLU gives, with one bit more */
    RANGE_AFFINE,    /* low .. high, any zero point */
    VALUE_RANGES
} ValueRange;

const char *value_range_word(ValueRange range); /* "symmetric" */
bool value_range_parse(const char *word, ValueRange *range);

/* What is known of a format before the clip is. */
typedef struct FormatRule {
    int bits;
    ValueRange range;
    bool full; /* symmetric: the paper's Eq. 2, S = 2*clip/(2^b - 1), q from -2^(b-1) */
} FormatRule;

/* The format of `rule` for values from `minimum` to `maximum`, of which those beyond +-clip are cut
 * off. Only RANGE_AFFINE looks at minimum and maximum. */
QuantParam format_make(FormatRule rule, double minimum, double maximum, double clip);

/* The highest integer for values of at most `limit`, such as a ReLU's; 0: there is none. */
int32_t format_high(QuantParam format, double limit);

/* Positive integers of the format: how many steps 0..clip is divided into. */
int32_t format_steps(FormatRule rule);

#endif
