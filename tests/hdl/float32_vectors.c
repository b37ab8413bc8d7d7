/* float32_vectors COUNT: cases for dnn_float_pkg, with the results of src/quant/float32.h.
 *
 * Writes COUNT records of five 32-bit little-endian words: operation, a, b, c, result. The operands
 * are drawn to meet every path: any two exponents, sums that cancel, halves of the last place,
 * results at both ends of the range, subnormal operands, zeros of both signs, and every pair of a
 * list of special numbers, with every operation.
 *     0 multiply a b      1 add a b          2 is_greater a b      3 maximum a b     4 relu a
 *     5 from_integer a (zero b, scale c)     6 to_integer a (scale b, zero c)
 */
#include <stdio.h>
#include <stdlib.h>

#include "quant/float32.h"

enum { OPERATIONS = 7, LOW = -32000, HIGH = 32500 };

typedef struct Case {
    int32_t operation, a, b, c;
} Case;

static const uint32_t SPECIALS[] = {
    0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x007fffff, 0x00800000, 0x80800000, 0x00800001,
    0x00ffffff, 0x01000000, 0x01000001, 0x0c000000, 0x1f800000, 0x20000000, 0x20000001, 0x33800000,
    0x33800001, 0x34000000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0xbf800000,
    0x3f800001, 0x3fffffff, 0x40000000, 0x4b000000, 0x4b7fffff, 0x4b800000, 0x5f000000, 0x5f7fffff,
    0x5f800000, 0x7e7fffff, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0xff7fffff, 0xfe800000,
};
enum { SPECIAL_COUNT = sizeof SPECIALS / sizeof SPECIALS[0] };

static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 24);
}

static int32_t pattern(uint32_t sign, uint32_t exponent, uint32_t fraction)
{
    uint32_t bits = (sign & 1) << 31 | (exponent & 255) << 23 | (fraction & 0x7fffff);
    int32_t word;
    memcpy(&word, &bits, sizeof word);
    return word;
}

/* Few bits set, nearly all bits set, or anything. */
static uint32_t draw_fraction(void)
{
    switch (draw() % 4) {
    case 0:
        return 1U << draw() % 23 | draw() % 2;
    case 1:
        return 0x7fffff ^ 1U << draw() % 23;
    case 2:
        return draw() << draw() % 23;
    default:
        return draw();
    }
}

static int32_t draw_with_exponent(int exponent)
{
    exponent = exponent < 0 ? 0 : exponent > 254 ? 254 : exponent;
    return pattern(draw(), (uint32_t)exponent, draw_fraction());
}

/* Operands of a product at the lower (`target` 0) or upper end of the range, or in the middle. */
static void draw_factors(Case *one, int target)
{
    int exponent = (int)(draw() % 255);
    one->a = draw_with_exponent(exponent);
    one->b = draw_with_exponent(target - exponent + 125 + (int)(draw() % 5));
}

/* Neighbours, or exponents up to 30 apart. */
static void draw_terms(Case *one)
{
    int exponent = (int)(draw() % 255);
    one->a = draw_with_exponent(exponent);
    if (draw() % 2)
        one->b = draw_with_exponent(exponent + (int)(draw() % 61) - 30);
    else
        one->b = pattern(draw(), (uint32_t)(one->a >> 23) & 255, (uint32_t)one->a + draw() % 5 - 2);
}

/* Halves of the last place: 16777215 * 2^-24 and its like, whose product with an odd number ties.
 */
static void draw_ties(Case *one)
{
    uint32_t shift = 11 + draw() % 3;
    one->a = pattern(draw(), 100 + draw() % 50, (draw() | 1) << shift);
    one->b = pattern(draw(), 100 + draw() % 50, (draw() | 1) << (24 - shift - 1));
}

static void draw_integer(Case *one)
{
    one->a = (int32_t)(draw() % 65536) - 32768;
    one->b = draw() % 2 ? 0 : (int32_t)(draw() % 65536) - 32768;
    one->c = draw_with_exponent(draw() % 4 ? 110 + (int)(draw() % 20) : (int)(draw() % 255));
}

/* Values of up to 18 bits, often with a fraction of one half. */
static void draw_real(Case *one)
{
    one->a = draw_with_exponent(120 + (int)(draw() % 27));
    if (draw() % 2)
        one->a = float32_word((float)((int32_t)(draw() % 200000) - 100000) * 0.5F);
    one->b = draw() % 2 ? float32_word(1.0F) : draw_with_exponent(120 + (int)(draw() % 12));
    one->c = draw() % 2 ? 0 : (int32_t)(draw() % 65536) - 32768;
}

static Case draw_case(uint32_t index)
{
    Case one = {.operation = (int32_t)(draw() % 2)};
    switch (index % 8) {
    case 0:
        one.a = draw_with_exponent((int)(draw() % 255));
        one.b = draw_with_exponent((int)(draw() % 255));
        one.operation = (int32_t)(draw() % 5);
        break;
    case 1:
        draw_factors(&one, 0);
        break;
    case 2:
        draw_factors(&one, 254);
        break;
    case 3:
        draw_factors(&one, 127);
        break;
    case 4:
        draw_ties(&one);
        break;
    case 5:
        draw_integer(&one);
        one.operation = 5;
        break;
    case 6:
        draw_real(&one);
        one.operation = 6;
        break;
    default:
        draw_terms(&one);
        one.operation = draw() % 4 ? 1 : (int32_t)(draw() % 5);
    }
    return one;
}

static int32_t result_of(const Case *one)
{
    float a = float32_of_word(one->a), b = float32_of_word(one->b);
    switch (one->operation) {
    case 0:
        return float32_word(float32_multiply(a, b));
    case 1:
        return float32_word(float32_add(a, b));
    case 2:
        return float32_is_greater(float32_flush(a), float32_flush(b));
    case 3:
        return float32_word(float32_maximum(float32_flush(a), float32_flush(b)));
    case 4:
        return float32_word(float32_relu(float32_flush(a)));
    case 5:
        return float32_word(float32_from_integer(one->a, one->b, float32_of_word(one->c)));
    default:
        return float32_to_integer(a, b, one->c, LOW, HIGH);
    }
}

/* The VHDL side compares legal words only. */
static void write_case(Case one)
{
    if (one.operation >= 2 && one.operation <= 4) {
        one.a = float32_word(float32_flush(float32_of_word(one.a)));
        one.b = float32_word(float32_flush(float32_of_word(one.b)));
    }
    int32_t words[] = {one.operation, one.a, one.b, one.c, result_of(&one)};
    for (int i = 0; i < 5; i++)
        for (int shift = 0; shift < 32; shift += 8)
            putchar((int)((uint32_t)words[i] >> shift & 255));
}

static uint32_t write_specials(void)
{
    uint32_t written = 0;
    for (int a = 0; a < SPECIAL_COUNT; a++)
        for (int b = 0; b < SPECIAL_COUNT; b++)
            for (int operation = 0; operation < OPERATIONS; operation++) {
                if (operation == 5)
                    continue; /* its operand is an integer */
                Case one = {.operation = operation, .c = operation == 6 ? a - b : 0};
                memcpy(&one.a, &SPECIALS[a], sizeof one.a);
                memcpy(&one.b, &SPECIALS[b], sizeof one.b);
                write_case(one);
                written++;
            }
    return written;
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    uint32_t wanted = (uint32_t)strtoul(arguments[1], NULL, 10);
    for (uint32_t i = write_specials(); i < wanted; i++)
        write_case(draw_case(i));
    return ferror(stdout) || fflush(stdout) != 0;
}
