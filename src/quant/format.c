#include "quant/format.h"

#include <stddef.h>
#include <string.h>

static const char *const WORDS[VALUE_RANGES] = {"symmetric", "unsigned", "affine"};

const char *value_range_word(ValueRange range)
{
    assert(range < VALUE_RANGES);
    return WORDS[range];
}

bool value_range_parse(const char *word, ValueRange *range)
{
    for (int i = 0; i < VALUE_RANGES; i++)
        if (strcmp(WORDS[i], word) == 0) {
            *range = (ValueRange)i;
            return true;
        }
    return false;
}

QuantParam format_make(FormatRule rule, double minimum, double maximum, double clip)
{
    switch (rule.range) {
    case RANGE_UNSIGNED:
        return fixed_unsigned(clip, rule.bits);
    case RANGE_AFFINE:
        return fixed_affine(fmax(minimum, -clip), fmin(maximum, clip), rule.bits);
    default:
        return rule.full ? fixed_symmetric_full(clip, rule.bits) : fixed_symmetric(clip, rule.bits);
    }
}

int32_t format_steps(FormatRule rule)
{
    int bits = rule.range == RANGE_SYMMETRIC ? rule.bits - 1 : rule.bits;
    return ((int32_t)1 << bits) - 1;
}

int32_t format_high(QuantParam format, double limit)
{
    return limit > 0 ? fixed_quantize(limit, format) : format.high;
}
