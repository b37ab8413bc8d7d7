# zsh -f complete.zsh FOLDER LINE OFFERED: what zsh, with the functions of FOLDER, would complete at the
# end of LINE, one a line, in the file OFFERED. A real prompt on a terminal of zpty: completion works
# nowhere else.
folder=$1 line=$2 offered=$3
zmodload zsh/zpty
zpty shell zsh -f -i
print -r -- '
PROMPT=
fpath=('${(q)folder}' $fpath)
autoload -Uz compinit
compinit -u -D
compadd() { # keeps what is added; those with -O, -A or -D only filter words
    local -a hits
    if (( ${@[(I)-*[OAD]]} == 0 )); then
        builtin compadd -A hits "$@"
        offers+=($hits)
    fi
    builtin compadd "$@"
}
offer() {
    offers=()
    _main_complete
    print -rl -- $offers >'${(q)offered}'
    print "over ""now"
}
typeset -a offers
zle -C offer complete-word offer
bindkey "^I" offer
print "at ""work"' >$offered.rc
zpty -w shell "source ${(q)offered}.rc"
zpty -r shell said '*at work*'
zpty -w -n shell $line$'\t'
zpty -r shell said '*over now*'
zpty -d shell
