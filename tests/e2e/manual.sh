#!/usr/bin/env bash
# The manual page and the completions: made from the program's tables, installed, and of use.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
build=$(realpath "${BUILD:-build}")
program=$build/dnn2fpga
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch XDG_STATE_HOME=$scratch XDG_CONFIG_HOME=$scratch

"$program" man >"$scratch/dnn2fpga.1"
has() { grep -qF -- "$1" "$2"; }
formats_quietly() { # the formatter prints the page and no warning
    "$@" >"$scratch/page" 2>"$scratch/warnings" && [ ! -s "$scratch/warnings" ] || {
        cat "$scratch/warnings"
        return 1
    }
}
every_verb_in() { # each word of --help stands in the file
    local verb
    for verb in $("$program" --help | awk '/^  [a-z]+ / && $1 != "dnn2fpga" {print $1}'); do
        grep -qw -- "$verb" "$1" || { echo "$verb is missing"; return 1; }
    done
}
dated() { # of the version
    grep -q "^\.TH DNN2FPGA 1 \"$(sed -n 's/^RELEASED = //p' Makefile)\" " "$scratch/dnn2fpga.1"
}
check "the page has the date of the release" dated
fits_80() { # no line of a help is wider than a usual terminal
    local verb
    {
        "$program" --help
        for verb in $("$program" --help | awk '/^  [a-z]+ / && $1 != "dnn2fpga" {print $1}'); do
            "$program" "$verb" --help
        done
    } | awk 'length > 80 {print; wide = 1} END {exit wide}'
}
check "every help fits 80 columns" fits_80
if command -v groff >/dev/null; then
    check "groff has no warning" formats_quietly groff -man -Tutf8 -ww -P-cbdu "$scratch/dnn2fpga.1"
    check "the page has the verb simulate" has 'simulate DESCRIPTION' "$scratch/page"
    check "and the option with two hyphens" has '--target-accuracy' "$scratch/page"
    check "and every verb" every_verb_in "$scratch/page"
    check "and a key with its action" has ':start-run' "$scratch/page"
else
    skip "groff has no warning" "groff is not installed"
fi
if command -v man >/dev/null; then
    check "man -l has no warning" formats_quietly env MANWIDTH=80 LC_ALL=C.UTF-8 \
        man --warnings=w -l "$scratch/dnn2fpga.1"
else
    skip "man -l has no warning" "man is not installed"
fi

# ---- completions ---------------------------------------------------------------------------------
for shell in bash zsh fish; do
    "$program" completion $shell >"$scratch/completion.$shell"
    check "the $shell completion has every verb" every_verb_in "$scratch/completion.$shell"
    if command -v $shell >/dev/null; then
        check "$shell can read it" $shell -n "$scratch/completion.$shell"
    else
        skip "$shell can read it" "$shell is not installed"
    fi
done
refuses() { "$program" completion tcsh 2>&1 | grep -q 'expected bash, zsh or fish'; }
check "another shell is refused" refuses

# offers_SHELL LINE: what the shell would put at the end of the line, one a line.
offers_bash() {
    bash --norc -c '
        source "$1"
        read -ra COMP_WORDS <<<"$2"
        [[ $2 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _dnn2fpga
        printf "%s\n" "${COMPREPLY[@]}"' bash "$scratch/completion.bash" "$1"
}
offers_zsh() {
    mkdir -p "$scratch/functions"
    cp "$scratch/completion.zsh" "$scratch/functions/_dnn2fpga"
    zsh -f tests/e2e/complete.zsh "$scratch/functions" "$1" "$scratch/offered" &&
        cat "$scratch/offered"
}
offers_fish() { # without the descriptions
    HOME=$scratch fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
        "$scratch/completion.fish" "$1" | cut -f 1
}
# completes SHELL LINE WANTED...: exactly that, in any order; a folder with its slash or without.
completes() {
    local shell=$1 line=$2
    shift 2
    "offers_$shell" "$line" | sed 's,/$,,; /^$/d' | sort >"$scratch/got"
    printf '%s\n' "$@" | sed '/^$/d' | diff - "$scratch/got"
}
for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        skip "$shell completes" "$shell is not installed"
        continue
    fi
    check "$shell: a verb" completes $shell 'dnn2fpga insp' inspect
    check "$shell: a word of a verb" completes $shell 'dnn2fpga runs undel' undelete
    check "$shell: an option of the verb" completes $shell 'dnn2fpga run m.h5 --max-d' --max-drop
    check "$shell: not those of others" completes $shell 'dnn2fpga doctor --max-d' ''
    check "$shell: an option of the workbench" completes $shell 'dnn2fpga m.h5 --them' --theme
    check "$shell: values that are few" completes $shell 'dnn2fpga m.h5 --theme high' high-contrast
    check "$shell: values of a table of the program" completes $shell \
        'dnn2fpga synth d --device ecp5' ecp5-25 ecp5-45 ecp5-85
    check "$shell: ways to calibrate" completes $shell \
        'dnn2fpga run m.h5 --weight-calibration m' mean-sigma minmax mse
    check "$shell: stages" completes $shell 'dnn2fpga run m.h5 --stop-after qu' quantize
    check "$shell: columns of the history" completes $shell \
        'dnn2fpga runs list --sort latency' latency_cycles
    check "$shell: boards" completes $shell 'dnn2fpga deploy d --board ice' icebreaker
    check "$shell: all of them" completes $shell 'dnn2fpga run m.h5 --policy ' conv sensitivity
done
# bash completes the names of files by itself, where the function offers nothing.
check "bash: names of files are left to it" completes bash 'dnn2fpga run --scheme ' ''
check "bash: the model, too" completes bash 'dnn2fpga run sampl' ''
for shell in zsh fish; do
    command -v $shell >/dev/null || continue
    check "$shell: the value of an option is a file" completes $shell \
        'dnn2fpga run --scheme sampl' samples
    check "$shell: the model is a file" completes $shell 'dnn2fpga run sampl' samples
    check "$shell: the model of the workbench" completes $shell 'dnn2fpga sampl' samples
done

# ---- installed -----------------------------------------------------------------------------------
installs() { make -s install BUILD="$build" DESTDIR="$scratch/staged" PREFIX=/usr; }
check "make install" installs
share=$scratch/staged/usr/share
check "installs the page" cmp "$scratch/dnn2fpga.1" "$share/man/man1/dnn2fpga.1"
check "the bash completion" cmp "$scratch/completion.bash" \
    "$share/bash-completion/completions/dnn2fpga"
check "the zsh completion" cmp "$scratch/completion.zsh" "$share/zsh/site-functions/_dnn2fpga"
check "the fish completion" cmp "$scratch/completion.fish" \
    "$share/fish/vendor_completions.d/dnn2fpga.fish"
installed_tour() { # finds its samples beside itself; on a screen in memory
    printf 'wait-idle\nexpect mnist_cnn.h5\nquit\n' >"$scratch/walk"
    (cd / && "$scratch/staged/usr/bin/dnn2fpga" tour --script "$scratch/walk" --size 80x24)
}
check "the installed tour finds its samples" installed_tour
tap_done
