# matrix.awk: the matrix of shapes that the layers of the VHDL library are proven on, a line "bench
# generics" for each. Set with -v:
#   sample   0: all of it; N: N lines of each bench, by a draw with `seed`
#
# Every kernel, stride, border and legal folding, with every pattern of stalls and nine pairs of the
# widths below: each input width, with another width for its partner from one shape to the next, so
# that nine shapes have all 81. The partner is that of the weights, or of the output where there are
# none; it is the next smaller one as long as the sums do not fit their accumulators, which the
# quantizer sees to elsewhere.
BEGIN {
    widths = split("2 3 4 5 6 8 10 12 16", W)
    stalls = split("IN_STALL=0,IN_STALL=40 OUT_STALL=40,OUT_STALL=70," \
                   "IN_STALL=70 OUT_STALL=10 RESTART_AFTER=77", STALL, ",")
    for (k = 1; k <= 5; k += 2)
        for (stride = 1; stride <= 2; stride++)
            for (same = 0; same <= (k > 1); same++)
                windows()
    for (pe = 1; pe <= 6; pe++) {
        if (6 % pe == 0) {
            for (simd = 1; simd <= 4; simd *= 2)
                pairs("dense_stream", "PE=" pe " SIMD=" simd, 20)
            pairs("add_stream", "PE=" pe, 0)
            pairs("global_average_pool_stream", "PE=" pe, 0)
        }
        if (pe % 2)
            pairs("concat_stream", "INPUTS=3 FIRST_CHANNELS=4 PE=" pe, 0)
    }
    for (i = 0; i < 9; i++) {
        pairs("affine_stream", "", 1)
        pairs("global_max_pool_stream", "BEATS=" (1 + 4 * i), 0)
        pairs("zero_pad_stream", "PAD_TOP=" (i % 3) " PAD_BOTTOM=" int(i / 3) " PAD_LEFT=" (i % 2) \
              " PAD_RIGHT=" ((i + 1) % 3), 0)
        pairs("upsample_stream", "FACTOR_HEIGHT=" (1 + i % 3) " FACTOR_WIDTH=" (1 + int(i / 3)), 0)
        pairs("stream_fifo", "DEPTH=" (2 + i * i), 0)
    }
    for (i = 0; i < names; i++)
        draw(name_list[i])
}

# All layers with a window of k x k, this stride, and this border: that of Keras on 6 x 6 pixels.
function windows(    image, border, total) {
    image = "KERNEL_HEIGHT=" k " KERNEL_WIDTH=" k " STRIDE_HEIGHT=" stride " STRIDE_WIDTH=" stride
    total = same ? (6 / stride - 1) * stride + k - 6 : 0
    total = total > 0 ? total : 0
    border = " PAD_TOP=" int(total / 2) " PAD_BOTTOM=" (total - int(total / 2)) \
             " PAD_LEFT=" int(total / 2) " PAD_RIGHT=" (total - int(total / 2))
    pairs("max_pool_stream", image border, 0)
    if (!same)
        pairs("average_pool_stream", image, 0)
    for (pe = 1; pe <= 4; pe *= 2)
        for (simd = 1; simd <= 2 * k * k; simd++) {
            if (2 * k * k % simd == 0)
                pairs("conv2d_stream", image border " PE=" pe " SIMD=" simd, 2 * k * k)
            if (k * k % simd == 0)
                pairs("depthwise_conv2d_stream", image border " PE=" pe " SIMD=" simd, k * k)
        }
}

# One shape of a bench with all stalls and nine pairs of widths; `products` in a sum of a layer with
# weights, 0: without.
function pairs(name, shape, products,    stall, i, a, b) {
    if (!(name in count))
        name_list[names++] = name
    for (stall = 1; stall <= stalls; stall++) {
        for (i = 0; i < widths; i++) {
            a = W[i + 1]
            b = (i + turn[name]) % widths + 1
            while (products * 2 ^ (a + W[b] - 2) > 2 ^ 30 - 2000)
                b--
            line[name, count[name]++] = shape sizes(name, a, W[b], (2 * i + turn[name]) % widths) \
                " SEED=" (1 + count[name] % 999) " " STALL[stall]
        }
        turn[name]++
    }
}

function sizes(name, a, b, other,    out) {
    out = W[other + 1]
    if (name ~ /^(conv2d|depthwise|dense|affine)/) {
        out = out > a + b + 11 ? 12 : out  # the shift of the bench is then 1 or more
        return " IN_BITS=" a " WEIGHT_BITS=" b " OUT_BITS=" out " IMAGES=2" \
               (name ~ /conv2d/ ? " PAD_VALUE=" (other % 3 - 1) : "")
    }
    if (name == "add_stream")
        return " IN_BITS=" a " WEIGHT_BITS=" (a > 12 ? 12 : 15) " OUT_BITS=" b
    if (name == "concat_stream")
        return " IN_BITS=" a " OUT_BITS=" (b > a + 13 ? 12 : b) (other % 4 ? "" : " IDENTITY=true")
    if (name == "stream_fifo")
        return " BITS=" a
    if (name ~ /max_pool/)
        return " IN_BITS=" a limits(b)
    if (name ~ /average_pool/)
        return " IN_BITS=" a limits(b) " MULTIPLIER=" (16384 + 911 * other) \
               " SHIFT=" (a + 16 > b ? a + 17 - b : 1)
    return " IN_BITS=" a (name == "zero_pad_stream" ? " PAD_VALUE=" (other % 3 - 1) : "")
}
function limits(bits) {
    return " OUT_LOW=" (-2 ^ (bits - 1)) " OUT_HIGH=" (2 ^ (bits - 1) - 1)
}

# Prints the lines of a bench, or `sample` of them.
function draw(name,    i, other, number, swap) {
    number = sample && sample < count[name] ? sample : count[name]
    seed = seed % 2147483646 + 1
    for (i = 0; i < number; i++) {
        seed = seed * 16807 % 2147483647
        other = i + seed % (count[name] - i)
        swap = line[name, other]
        line[name, other] = line[name, i]
        print name " " swap
    }
}
