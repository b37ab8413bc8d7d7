#!/usr/bin/env bash
# `make paper` on few images: tables and figures are well formed, their figures are those of the
# reports, and reports that lack something are refused.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
. tests/json.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/build" "$scratch/mnist"
ln -s "$program" "$scratch/build/dnn2fpga"
paper=$scratch/build/paper

# The first COUNT items of an IDX file with a header of 4 + 4 * rank bytes.
few() { # NAME RANK ITEM_BYTES COUNT
    zcat "samples/mnist/$1.gz" | head -c $((4 + 4 * $2 + $3 * $4)) >"$scratch/all"
    { head -c 4 "$scratch/all"
        # shellcheck disable=SC2059 # the count, big-endian
        printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' 0 0 $(($4 >> 8)) $(($4 & 255)))"
        tail -c +9 "$scratch/all"; } >"$scratch/mnist/$1"
}
few train-images-idx3-ubyte 3 784 2000 2>/dev/null
few train-labels-idx1-ubyte 1 1 2000 2>/dev/null
few t10k-images-idx3-ubyte 3 784 500 2>/dev/null
few t10k-labels-idx1-ubyte 1 1 500 2>/dev/null

make_paper() { # PAPER_EPOCHS
    PAPER_DATA=$scratch/mnist PAPER_EPOCHS=$1 PAPER_QAT_EPOCHS=2 BUILD=$scratch/build LC_ALL=C \
        tests/paper.sh >"$scratch/text"
}
has() { grep -qE -- "$1" "${2:-$scratch/text}" || { cat "${2:-$scratch/text}"; return 1; }; }
differs() { ! cmp -s "$1" "$2"; }
four() { printf '%.4f' "$1"; }
count() { [ "$(grep -oE -- "$1" "$2" | wc -l)" -eq "$3" ] || { cat "$2"; return 1; }; }
# One root, every element closed: as many openings as closings, no stray characters.
well_formed() {
    head -n 1 "$1" | grep -q '^<?xml version="1.0"' && count '<svg ' "$1" 1 &&
        [ "$(tail -n 1 "$1")" = "</svg>" ] && ! grep -qE 'nan|inf' "$1" &&
        ! sed 's/&amp;//g; s/&lt;//g' "$1" | grep -q '&' &&
        count '<text[ >]' "$1" "$(grep -c '</text>' "$1")" &&
        ! grep -vE '^(<[?]xml|<svg |</svg>|<title>|<text |<(rect|path) .*/>)' "$1"
}

check "the experiment runs from nothing" make_paper 2
figure() { value "$paper/$1.json" "$2" "$3"; }
check "Table 1: hyperparameters beside ours" has '^epochs +10 +2$'
check "Table 1: batch and optimizer of the training's report" has '^optimizer +Adam +adam$'
check "Table 2: accuracies of the report" \
    has "^accuracy +0.9655 +0.9650 +$(four "$(figure quantized baseline accuracy)") +$(
        four "$(figure quantized quantized accuracy)")$"
check "Table 2: latency with its definition" has '^Latency is ours for the 10,000 test images'
check "Table 2: latency of one image" \
    has "^One image at a time.* $(printf '%.1f' "$(figure quantized baseline latency_us_batch1)") us"
check "Table 2: more than 3.9 times smaller" \
    holds "$(figure quantized baseline bytes) / $(figure quantized quantized bytes) > 3.9"
check "Fig. 5: one line per epoch" count '^ +[12] +0\.[0-9]{4} +0\.[0-9]{4}$' "$scratch/text" 2
last=$(grep -E '"validation_accuracy"' "$paper/quantized.json" | tail -n 1 | grep -oE '[0-9.]+')
check "Fig. 5: the report's validation accuracy" has "^ +2 .* $(four "$last")$"
check "Fig. 1: products of one image" has '^applied to this network, .* 836,784 multiply-acc'
check "Fig. 1: 18.5 times less for products" has '^multiplications, uJ +3.0961 +0.1674 +18.50x$'
check "no character beyond ASCII in the C locale" eval '! LC_ALL=C grep -q "[^ -~]" "$scratch/text"'
for name in fig5 fig1; do
    check "$name.svg is well formed" well_formed "$paper/$name.svg"
done
check "fig5.svg: two curves" count 'stroke-width="2"' "$paper/fig5.svg" 2

cp "$paper/fig5.svg" "$scratch/before.svg"
cp "$scratch/text" "$scratch/before"
sed 's/"validation_accuracy": 0\.[0-9]*/"validation_accuracy": 0.1234/' "$paper/quantized.json" \
    >"$scratch/other.json"
show() { "$program" paper "$1" "$2" --ascii --workdir "$scratch/other" >"$scratch/text"; }
check "other figures in the report" show "$paper/training.json" "$scratch/other.json"
check "give other figures in the table" has '^ +2 .* 0.1234$'
check "and another curve" differs "$scratch/before.svg" "$scratch/other/fig5.svg"
check "but the same Fig. 1" cmp "$paper/fig1.svg" "$scratch/other/fig1.svg"
check "one object with --json" \
    eval '"$program" paper "$paper/training.json" "$paper/quantized.json" --json >"$scratch/text"'
check "that has the energies" has '"total_pj": 318'

refused() { # MESSAGE TRAINING QUANTIZED
    "$program" paper "$2" "$3" >"$scratch/text" 2>"$scratch/err"
    [ $? -eq 3 ] && [ ! -s "$scratch/text" ] && has "$1" "$scratch/err"
}
check "a report without training is refused" \
    refused "has no 'training.epochs'.*train --json" "$paper/quantized.json" "$paper/quantized.json"
sed 's/"epochs"/"none"/' "$paper/quantized.json" >"$scratch/other.json"
check "a report without epochs on integers is refused" \
    refused 'no epochs of training on integers.*--qat' "$paper/training.json" "$scratch/other.json"
sed 's/"output_sha256": "./"output_sha256": "x/' "$paper/training.json" >"$scratch/other.json"
check "a report of another model than the training's is refused" \
    refused 'is of another model than.*quantize what the training wrote' "$scratch/other.json" \
    "$paper/quantized.json"
sed 's/"output_sha256"/"none"/' "$paper/training.json" >"$scratch/other.json"
check "a training's report that does not tell is refused" \
    refused "has no 'training.output_sha256'" "$scratch/other.json" "$paper/quantized.json"
check "what is no report is refused" refused 'is not a report' "$paper/training.json" README.md
check "what is not there is refused" refused 'nowhere.json' "$paper/training.json" nowhere.json
tap_done
