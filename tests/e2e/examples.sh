#!/usr/bin/env bash
# What --help and --json promise: every example of every verb works as it stands, no help is wider
# than 80 columns, and with --json each verb, and each word of `runs`, prints one object.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config
ln -s "$PWD/samples/mnist_tiny.h5" "$scratch/model.h5"
ln -s "$PWD/samples/mnist" "$scratch/mnist"
cd "$scratch" || exit 1

verbs() { "$program" --help | awk '/^  [a-z]+ / && $1 != "dnn2fpga" {print $1}'; }
examples() { "$program" "$1" --help | sed -n '/^Examples:/,$s/^  \(dnn2fpga .*\)/\1/p'; }
has_example() { "$program" "$1" --help | grep -q '^  .*dnn2fpga '; }
fits() { ! "$program" "$1" --help | awk 'length > 80' | grep .; }
for verb in $(verbs); do
    check "$verb --help has an example" has_example "$verb"
    [ "$verb" = runs ] || check "$verb --help fits into 80 columns" fits "$verb"
done

does() { # one example, its first word made our program
    local words
    read -ra words <<<"$1"
    "$program" "${words[@]:1}"
}
for verb in run inspect evaluate train sensitivity quantize observe sweep scheme plan emit simulate \
    runs doctor paths; do
    while IFS= read -r line; do
        check "$line" does "$line"
    done < <(examples $verb)
done

# one_object STATUS WORD...: exactly one object on standard output, and that exit status.
one_object() {
    local wanted=$1 got
    shift
    "$program" "$@" --json >answer 2>/dev/null
    got=$?
    [ $got -eq "$wanted" ] || { echo "status $got"; return 1; }
    [ "$(grep -c '^{$' answer)" -eq 1 ] && [ "$(grep -c '^}$' answer)" -eq 1 ] || { cat answer; return 1; }
}
for words in 'list' 'show 1' 'log 1' 'compare 1 2' 'export 1 2' 'note 1 text' 'tag 1 a b' 'tag 1' \
    'delete 2' 'undelete 2' 'check' 'queue' 'queue reproduce 1' 'queue up 1' 'queue start'; do
    # shellcheck disable=SC2086
    check "runs $words --json is one object" one_object 0 runs $words
done
check "a refusal is one, too" one_object 3 runs show 99
check "and a wrong usage" one_object 2 runs show
check "no differences: refused" one_object 3 runs differences 1
check "a parent that is not there" one_object 3 run model.h5 --data mnist --parent 99
check "the folder of a run will do for its description" one_object 0 plan "$XDG_DATA_HOME/dnn2fpga/runs/1"
check "another folder will not" one_object 3 plan mnist
says() { "$program" "${@:2}" 2>&1 | grep -qF -- "$1"; }
check "and it is said what is expected" says "expected a model description" plan mnist
check "a verb that was mistyped, with more words" says "did you mean 'run'?" rn model.h5
check "a word of runs without its number" says "usage: dnn2fpga runs show ID" runs show
check "a word that is like none" says "expected one of: list, show" runs foo
tap_done
