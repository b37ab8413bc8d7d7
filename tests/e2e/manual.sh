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

# completes LINE WANTED...: what bash offers at the end of the line is exactly that.
completes() {
    local line=$1
    shift
    bash --norc -c '
        source "$1"
        read -ra COMP_WORDS <<<"$2"
        [[ $2 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _dnn2fpga
        printf "%s\n" "${COMPREPLY[@]}"' bash "$scratch/completion.bash" "$line" >"$scratch/got"
    printf '%s\n' "$@" | diff - "$scratch/got"
}
check "a verb is completed" completes 'dnn2fpga insp' inspect
check "a word of a verb" completes 'dnn2fpga runs undel' undelete
check "an option of the verb" completes 'dnn2fpga run m.h5 --max-d' --max-drop
check "not those of others" completes 'dnn2fpga doctor --max-d' ''
check "an option of the workbench" completes 'dnn2fpga m.h5 --them' --theme
check "values that are few" completes 'dnn2fpga m.h5 --theme high' high-contrast
check "all of them" completes 'dnn2fpga run m.h5 --policy ' conv sensitivity
check "names of files are left to the shell" completes 'dnn2fpga run --scheme ' ''

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
