#!/usr/bin/env bash
# The workbench in tmux: a second terminal implementation, another TERM, a shell with job control.
cd "$(dirname "$0")/../.." || exit 1
source tests/tap.sh
if ! command -v tmux >/dev/null; then
    skip "workbench in tmux" "tmux is not installed"
    tap_done
    exit
fi
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d)
terminal() { tmux -L "dnn2fpga-$$" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; rm -rf "$scratch"' EXIT

screen() { terminal capture-pane -p -t pane; }
# Waits until the screen shows a text, at most two minutes.
shows() {
    local i
    for ((i = 0; i < 1200; i++)); do
        screen | grep -qF -- "$1" && return 0
        sleep 0.1
    done
    screen
    return 1
}
lacks() { ! screen | grep -qF -- "$1"; }
press() { terminal send-keys -t pane "$@"; }

export XDG_DATA_HOME=$scratch XDG_STATE_HOME=$scratch XDG_CONFIG_HOME=$scratch LC_ALL=C.UTF-8
terminal new-session -d -s pane -x 80 -y 24 "PS1='shell> ' bash --norc --noprofile -i"
check "the shell is there" shows 'shell>'
press "$build/dnn2fpga tests/fixtures/models/paper_cnn_small.k3.h5" Enter
check "the model's layers are shown" shows 'conv2d, relu'
check "with the hints in the last row" shows '? help  q quit'
press 7
check "the history is shown" shows 'No run yet. On the model screen'
press '?'
check "help is shown" shows 'On the screen History'
terminal resize-window -t pane -x 120 -y 40
check "a larger window shows more of it" shows 'which columns are shown'
terminal resize-window -t pane -x 50 -y 12
check "a small one says what is needed" shows '50x12 is small; 60x17 is needed'
terminal resize-window -t pane -x 80 -y 24
check "and back" shows 'On the screen History'
press C-z
check "Ctrl-Z returns to the shell" shows 'Stopped'
check "which does not see the workbench" lacks 'On the screen History'
press 'fg; echo status $?' Enter
check "fg returns to the same screen" shows 'On the screen History'
press Escape
check "Esc goes back" shows 'No run yet. On the model screen'
press q
check "q ends with status 0" shows 'status 0'
check "and leaves the shell's screen" lacks 'No run yet'
tap_done
