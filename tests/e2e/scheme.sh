#!/usr/bin/env bash
# Scheme files: the one that a ladder leaves gives its result again, without the ladder; two are
# compared.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data
few=(samples/mnist_cnn.h5 --data samples/mnist --calib-images 200 --test-images 300 --quiet)
wide=$scratch/wide.scheme partial=$scratch/partial.scheme

quantize() { "$program" quantize "${few[@]}" "$@" >"$scratch/out"; }
hash_of() { "$program" runs show "$1" --json | sed -n 's/^  "description_sha256": "\(.*\)".*/\1/p'; }
is() { echo "found '$1', expected '$2'"; [ -n "$2" ] && [ "$1" = "$2" ]; }
gives() { # gives STATUS WORD COMMAND...: exit status, and a word of standard output ("": none)
    local expected=$1 word=$2 status
    shift 2
    "$program" "$@" >"$scratch/out" 2>"$scratch/err"
    status=$?
    cat "$scratch/out" "$scratch/err"
    [ "$status" -eq "$expected" ] || { echo "status $status, expected $expected"; return 1; }
    [ -z "$word" ] || grep -qF -- "$word" "$scratch/out"
}

check "the ladder's partial rung is chosen" quantize --bits 3 --qat-epochs 0 \
    --target-accuracy 0.923 --write-scheme "$partial"
check "with both convolutions in float" grep -q 'ptq-partial.*chosen.*conv_1, conv_2' "$scratch/out"
check "its scheme is enough to make the model again" quantize --scheme "$partial"
check "with the same description" is "$(hash_of 2)" "$(hash_of 1)"
check "another one" quantize --bits 3 --write-scheme "$wide"
check "a scheme is shown" gives 0 conv_1 scheme show "$partial"
check "and is one object with --json" gives 0 '"float": "yes"' scheme show "$partial" --json
check "two that are equal" gives 0 "" scheme diff "$wide" "$wide"
check "say nothing" test ! -s "$scratch/out"
check "two that differ" gives 1 'conv_2: float no -> yes' scheme diff "$wide" "$partial"
check "are one object with --json" gives 1 '"equal": false' scheme diff "$wide" "$partial" --json
check "and say where" test "$(grep -c '"layer"' "$scratch/out")" -eq 3 # and the input's width
check "what is no scheme is refused" gives 3 "" scheme diff "$wide" README.md
check "so is what is not there" gives 3 "" scheme show "$scratch/none.scheme"
check "one file is not enough" gives 2 "" scheme diff "$wide"
tap_done
