#!/usr/bin/env bash
# The tree as a stranger finds it: nothing of the machine it was written on, every folder explained,
# short files and functions, and every verb in the README and in the manual page.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=${BUILD:-build}/dnn2fpga

# Outside a checkout (a tarball): all that is not built.
files() {
    git ls-files 2>/dev/null | grep . || find . -type f -not -path './build*' -not -path './.git/*'
}
# The patterns are written so that they do not find themselves.
no_private_paths() {
    ! files | tr '\n' '\0' |
        xargs -0 grep -nE '(^|[^[:alnum:]_$}./-])/(wor[k]|opt/re[f]|tmp/w[-])' |
        grep .
}
check "no file names a path of the machine it was written on" no_private_paths

# A README of its own, or a word about it in the README of a folder above.
explained() {
    local folder=$1 above=$1
    [ -s "$folder/README.md" ] && return 0
    while above=$(dirname "$above"); do
        [ -s "$above/README.md" ] && grep -qF "${folder#"$above"/}" "$above/README.md" && return 0
        [ "$above" = . ] && return 1
    done
}
all_explained() {
    local folder bad=0
    for folder in $(files | xargs -n1 dirname | sort -u); do
        case $folder in tests/unit/* | tests/fuzz/seeds/*) folder=${folder%/*} ;; esac
        explained "$folder" || { echo "$folder: no README.md here says what it is for"; bad=1; }
    done
    return $bad
}
check "every folder is explained by a README" all_explained

long_functions() {
    awk 'FNR == 1 { start = 0 }
         /^\{/ { start = FNR }
         /^\}/ { if (start && FNR - start > 80) { print FILENAME ":" start ": " FNR - start " lines"; bad = 1 }
                 start = 0 }
         END { exit !bad }' src/*.c src/*/*.[ch] db/*.[ch] ui/*.[ch] tests/*/*.c tests/unit/*/*.[ch]
}
no_long_functions() { ! long_functions; }
check "no C function is longer than 80 lines" no_long_functions

verbs() { "$program" --help | sed -nE 's/^  ([a-z]+) {2,}[^ ].*/\1/p;s/^  ([a-z]{11}) [a-z].*/\1/p' | sort -u; }
many_verbs() { [ "$(verbs | wc -l)" -ge 15 ]; }
in_readme() {
    local verb bad=0
    for verb in $(verbs); do
        grep -qE "^\| .*\`$verb[ \`]" README.md || { echo "$verb is not in README.md's table"; bad=1; }
    done
    return $bad
}
in_manual() {
    local verb bad=0 page
    page=$("$program" man) || return 1
    for verb in $(verbs); do
        grep -q "^\\\\fB$verb\\\\fR" <<<"$page" || { echo "$verb is not in the manual page"; bad=1; }
    done
    return $bad
}
# Options in what the program says; those of other programs stand in src/tools.
said_options() {
    find src ui db -name '*.c' -not -path 'src/tools/*' -print0 | xargs -0 grep -hoE '"[^"]* [^"]*"' |
        sed 's/var(--[a-z]*)//g' | grep -oE -e "(^|[\" ('])--[a-z][a-z0-9-]+" |
        grep -oE -e '--[a-z][a-z0-9-]+' | sort -u
}
many_options() { [ "$(said_options | wc -l)" -ge 40 ]; }
options_are_there() {
    local option bad=0 known
    known=$("$program" man | sed 's/\\-/-/g' | grep -oE -e '--[a-z][a-z0-9-]+' | sort -u) || return 1
    for option in $(said_options); do
        grep -qxF -e "$option" <<<"$known" || { echo "$option is no option"; bad=1; }
    done
    return $bad
}
check "messages name options" many_options
check "and every option that a message names is there" options_are_there
check "the help lists the verbs" many_verbs
check "every verb is in the README's table" in_readme
check "every verb is in the manual page" in_manual
tap_done
