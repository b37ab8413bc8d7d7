#!/usr/bin/env bash
# Every command of the README works as written: each line of its code blocks that starts with
# build/dnn2fpga is run, in order, in a history and a /tmp of its own. Its make targets exist, the
# files it links to are there, and its list of verbs is the program's.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
build=${BUILD:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data

block_lines() { awk '/^```/ {on = !on; next} on' README.md; }
run_line() { # the words of a README line, with our build folder and our /tmp
    local words word
    read -ra words <<<"$1"
    for word in "${!words[@]}"; do
        words[word]=${words[word]/#\/tmp\//$scratch/}
        words[word]=${words[word]/#build\/dnn2fpga/$build\/dnn2fpga}
    done
    "${words[@]}"
}
while IFS= read -r line; do
    case $line in
    *fashion-mnist*)
        [ -d /usr/share/datasets/fashion-mnist ] ||
            { skip "$line" "the package dataset-fashion-mnist is not installed"; continue; } ;;
    esac
    check "$line" run_line "$line"
done < <(block_lines | grep -E '^build/dnn2fpga [a-z]+( |$)' | sed 's/ *#.*//')

has_target() { make -n "$1" >/dev/null; }
for target in $(block_lines | grep -oE '^make [a-z]+' | cut -d' ' -f2 | sort -u); do
    check "make $target exists" has_target "$target"
done
for link in $(grep -oE '\]\([^)#]+\)' README.md | sed 's/](//; s/)//' | grep -v '^http'); do
    check "$link is there" test -e "$link"
done
documented() { grep -qE "^\| .*\`$1[\` ]" README.md; }
for verb in $("$build/dnn2fpga" --help | awk '/^  [a-z]+ / && $1 != "dnn2fpga" {print $1}'); do
    check "the README has the verb $verb" documented "$verb"
done
tap_done
