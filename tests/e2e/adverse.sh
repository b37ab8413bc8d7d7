#!/usr/bin/env bash
# What may be wrong around the program: a full disk, a home that cannot be written, a damaged or newer
# history, no GHDL, several writers at once, a clock that was set back. Each time a message that says
# what to do, the right exit status, and nothing that was there is lost.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config
export LC_ALL=C.UTF-8
history=$XDG_DATA_HOME/dnn2fpga/history.db
model=samples/mnist_mlp.h5
describe() { "$program" quantize $model --data samples/mnist --test-images 100 --quiet "$@"; }
rows() { "$program" runs list --limit 0 | awk '$1 ~ /^[0-9]+$/' | wc -l; }
has_rows() { [ "$(rows)" -eq "$1" ] || { "$program" runs list; return 1; }; }

# ends STATUS COMMAND...: with that status, and what it says in $scratch/said.
ends() {
    local wanted=$1 status
    shift
    "$@" >"$scratch/out" 2>"$scratch/said"
    status=$?
    cat "$scratch/said"
    [ $status -eq "$wanted" ] || { echo "status $status, expected $wanted"; return 1; }
}
says() { grep -qiE "$1" "$scratch/said" || { cat "$scratch/said"; return 1; }; }

check "a first run, to be kept" describe
sound() { "$program" runs check && "$program" runs show 1 | grep -q '^run 1: ok'; }
check "the history is sound" sound

# ---- the disk is full: no file may grow beyond some kilobytes ---------------------------------------
full_disk() ( ulimit -f "$1"; trap '' XFSZ; describe )
for kilobytes in 1 8 64; do
    check "disk full at $kilobytes kB: status 4" ends 4 full_disk $kilobytes
    check "disk full at $kilobytes kB: it says so" says 'full|too large|space|disk|write'
    check "disk full at $kilobytes kB: the first run is there" sound
done
none_running() { ! "$program" runs list --limit 0 | grep -q ' running '; }
check "none of those runs is left running" none_running
after=$(rows)
check "with room again it works" describe
check "and is one run more" has_rows $((after + 1))

# A real one, of a megabyte: there GHDL, its compiler or its linker is what finds no room. Freed, the
# run goes on.
mkdir "$scratch/disk"
on_small_disk() {
    unshare -rm bash -s "$program" "$scratch" <<'DISK'
        program=$1 scratch=$2
        export XDG_DATA_HOME=$scratch/disk
        mount -t tmpfs -o size=32m none "$XDG_DATA_HOME" || exit 1
        "$program" quantize samples/mnist_mlp.h5 --data samples/mnist --test-images 50 --quiet || exit 1
        room=$(df -k --output=avail "$XDG_DATA_HOME" | tail -n 1)
        head -c $(((room - 1000) * 1024)) /dev/zero >"$XDG_DATA_HOME/other"
        "$program" run samples/mnist_tiny.h5 --data samples/mnist --test-images 50 --calib-images 50 \
            --images 2 --quiet 2>"$scratch/said"
        status=$?
        rm "$XDG_DATA_HOME/other"
        [ $status -eq 4 ] || { echo "status $status"; cat "$scratch/said"; exit 1; }
        "$program" runs check && "$program" runs show 1 | grep '^run 1: ok' &&
            "$program" runs resume 2 --quiet
DISK
}
if unshare -rm mount -t tmpfs none "$scratch/disk" 2>/dev/null && command -v ghdl >/dev/null; then
    check "a small disk, full while hardware is proved; with room again the run goes on" on_small_disk
    check "a small disk: it says that it is full" says 'disk.*full|no space'
else
    skip "a small disk" "no GHDL, or no right to mount one"
fi

# ---- a home that cannot be written ------------------------------------------------------------------
# Root may write anywhere: it gives its rights up for that, where setpriv can.
lesser=()
[ "$(id -u)" -ne 0 ] || lesser=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "$(id -u)" -ne 0 ] || "${lesser[@]}" "$program" --help >/dev/null 2>&1; then
    mkdir -p "$scratch/home/dnn2fpga"
    cp "$history" "$scratch/home/dnn2fpga/history.db"
    chmod 755 "$scratch"
    chmod -R a+rX,a-w "$scratch/home"
    read_only() {
        XDG_DATA_HOME=$scratch/home "${lesser[@]}" "$program" runs list
    }
    check "read-only home: status 4" ends 4 read_only
    check "read-only home: the message names the file and a way out" says 'history.db.*--db'
    nowhere() { XDG_DATA_HOME=$scratch/home/none "${lesser[@]}" "$program" runs list; }
    check "a home that cannot be made: status 4" ends 4 nowhere
    check "a home that cannot be made: says which folder" says "$scratch/home"
else
    skip "a read-only home" "root, and no setpriv that leads to the program"
fi

# ---- a history that is damaged, newer, or something else ---------------------------------------------
on_copy() { "$program" runs list --db "$scratch/copy.db"; }
cp "$history" "$scratch/copy.db"
printf 'broken' | dd of="$scratch/copy.db" bs=1 seek=4200 conv=notrunc status=none
dd if=/dev/urandom of="$scratch/copy.db" bs=4096 seek=2 count=3 conv=notrunc status=none
cp "$scratch/copy.db" "$scratch/before.db"
check "damaged history: status 4" ends 4 on_copy
check "damaged history: the message names it and what to do" says 'copy.db.*(damaged|malformed)'
check "damaged history: it was left as it was" cmp "$scratch/copy.db" "$scratch/before.db"
cp "$history" "$scratch/copy.db"
printf '\0\0\1\0' | dd of="$scratch/copy.db" bs=1 seek=60 conv=notrunc status=none # user_version 256
check "newer history: status 4" ends 4 on_copy
check "newer history: the message says so" says 'newer'
printf 'this is a text\n' >"$scratch/copy.db"
check "a text in its place: status 4" ends 4 on_copy
check "a text in its place: the message names it" says 'copy.db'
check "a text in its place: it is still there" grep -q 'this is a text' "$scratch/copy.db"

# ---- no GHDL ----------------------------------------------------------------------------------------
mkdir "$scratch/empty"
no_ghdl() { PATH=$scratch/empty "$program" run $model --data samples/mnist --images 2 --test-images 50 --quiet; }
check "no GHDL: status 4" ends 4 no_ghdl
check "no GHDL: the message has the install command" says 'apt-get install ghdl'

# ---- several writers --------------------------------------------------------------------------------
before=$(rows)
writers() {
    local writer processes=() failed=0
    for writer in 1 2 3 4; do
        (
            describe || exit 1
            for i in 1 2 3 4 5 6 7 8 9 10; do
                "$program" runs note 1 "writer $writer, $i" || exit 1
            done
        ) >"$scratch/writer$writer" 2>&1 &
        processes+=($!)
    done
    for writer in "${processes[@]}"; do wait "$writer" || failed=1; done
    [ $failed -eq 0 ] || { cat "$scratch"/writer?; return 1; }
}
check "four writers at once, none is turned away" writers
check "each of them left its run" has_rows $((before + 4))
check "and a note is a whole one" bash -c "'$program' runs show 1 --json | grep -qE '\"note\": \"writer [1-4], 10\"'"

# ---- a clock that was set back -----------------------------------------------------------------------
# Rows as a clock of next year would have left them: the newest by number stays the newest.
if command -v sqlite3 >/dev/null; then
    set_clock() { sqlite3 "$history" "UPDATE run SET created_ms = created_ms + 31536000000, finished_ms = finished_ms + 31536000000 WHERE id = 1"; }
    check "a run of next year" set_clock
    newest() { "$program" runs list --limit 1 | awk '$1 ~ /^[0-9]+$/ {print $1}'; }
    check "a clock set back: new runs work" describe
    check "and are the newest" bash -c "[ $(newest) -eq $(rows) ]"
    first_by_time() { "$program" runs list --sort created_ms --limit 1 | grep -qE '^ +1 '; }
    check "by time, that of next year comes first" first_by_time
else
    skip "a clock set back" "no sqlite3 to change a row; tests/unit/db has it"
fi
check "after all that the history is sound" sound
tap_done
