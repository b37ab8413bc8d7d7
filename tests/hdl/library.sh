# library.sh: what the tests of the VHDL library share; to be sourced after tests/tap.sh, in the
# root of the repository. Sets
#   back_ends  the GHDL executables found; the test ends here when there is none
#   quick      the one for many small runs: mcode needs no link step
#   scratch    a folder that is removed at the end
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$PWD

back_ends=()
for tool in ghdl-llvm ghdl-mcode; do
    command -v "$tool" >/dev/null && back_ends+=("$tool")
done
[ ${#back_ends[@]} -eq 0 ] && command -v ghdl >/dev/null && back_ends=(ghdl)
if [ ${#back_ends[@]} -eq 0 ]; then
    skip "VHDL library" "GHDL is not installed"
    tap_done
    exit
fi
quick=${back_ends[-1]}
export root scratch

# analyse TOOL FOLDER LIB UNIT...: the units, and what they need, into FOLDER. A unit has the name
# of its file, in folder LIB or among the benches, and needs what it names as work.OTHER.
analyse() (
    tool=$1 folder=$2 lib=$3
    declare -A seen
    files=()
    visit() {
        local file=$lib/$1.vhd other
        [ -e "$file" ] || file=$root/hdl_templates/bench/$1.vhd
        [ -e "$file" ] && [ -z "${seen[$1]:-}" ] || return
        seen[$1]=1
        for other in $(grep -oE '\bwork\.[a-z0-9_]+' "$file" | cut -d. -f2 | sort -u); do
            visit "$other"
        done
        files+=("$file")
    }
    for unit in "${@:4}"; do visit "$unit"; done
    optimize=
    case $("$tool" --version) in *llvm*) optimize=-O2 ;; esac
    mkdir -p "$folder" && cd "$folder" && "$tool" -a --std=08 $optimize "${files[@]}" 2>&1
)

# The same, and prints nothing: no warnings either.
analyse_quietly() {
    local said
    said=$(analyse "$@") && [ -z "$said" ] || { echo "$said"; return 1; }
}

# link_benches TOOL FOLDER [BENCH...]: nothing to do for mcode.
link_benches() (
    cd "$2" || return
    case $("$1" --version) in *mcode*) return ;; esac
    printf '%s\n' "${@:3}" | xargs -P 2 -n 1 "$1" -e --std=08 -O2
)

# build_benches WHAT BENCH...: the benches, made with each tool into $scratch/TOOL; two checks each.
build_benches() {
    local tool what=$1
    shift
    for tool in "${back_ends[@]}"; do
        check "$tool: $what and its benches analyse without a warning" \
            analyse_quietly "$tool" "$scratch/$tool" "$root/hdl_templates/lib" "$@"
        check "$tool: the benches link" link_benches "$tool" "$scratch/$tool" "$@"
    done
}

# run_bench TOOL FOLDER ENTITY GENERIC=VALUE...: prints the log; succeeds when the bench stopped by
# itself and says that it compared something. A status of 0 alone proves nothing: GHDL gives that
# to a run that was cut off as well.
run_bench() (
    tool=$1 entity=$3
    cd "$2" || return
    shift 3
    said=$(timeout 120 "$tool" -r --std=08 "${entity}_bench" "${@/#/-g}" 2>&1)
    code=$?
    printf '%s\n' "$said"
    [ $code -eq 0 ] && grep -qE "BENCH $entity values=[1-9][0-9]* errors=0" <<<"$said"
)
# write_vectors: what src/quant/fixed.h requantizes, into $scratch/vectors.txt.
write_vectors() {
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -Isrc tests/hdl/requantize_vectors.c -lm \
        -o "$scratch/requantize_vectors" &&
        "$scratch/requantize_vectors" >"$scratch/vectors.txt" &&
        [ "$(wc -l <"$scratch/vectors.txt")" -ge 20000 ]
}

# stalled_shapes STALL...: jobs: what `shapes` lists with each of the stalls, on every back end.
stalled_shapes() {
    local tool shape stall
    for tool in "${back_ends[@]}"; do
        while read -r shape; do
            for stall in "$@"; do echo "$tool $shape $stall"; done
        done < <(shapes)
    done
}
# run_jobs: runs the jobs on standard input, "TOOL ENTITY GENERIC=VALUE..." each, in $scratch/TOOL;
# $scratch/results has one line "ok ... values=N" or "no ..." for each, and behind a failure the
# end of its log.
run_job() {
    local log tool=$1
    shift
    if log=$(run_bench "$tool" "$scratch/$tool" "$@"); then
        echo "ok $tool $* $(grep -oE 'values=[0-9]+' <<<"$log")"
    else
        printf 'no %s\n%s\n' "$tool $*" "$(tail -n 4 <<<"$log")"
    fi
}
run_jobs() {
    tee "$scratch/jobs" | xargs -P 2 -d '\n' -n 1 bash -c 'run_job $0' >"$scratch/results"
}
# check_jobs: for each tool and entity of the jobs, one check that all its runs passed.
clean() {
    grep -A 4 "^no $1 $2 " "$scratch/results" && return 1
    [ "$(grep -c "^ok $1 $2 " "$scratch/results")" -eq "$(grep -c "^$1 $2 " "$scratch/jobs")" ]
}
check_jobs() {
    local tool entity
    while read -r tool entity; do
        check "$tool: $entity, $(grep -c "^$tool $entity " "$scratch/jobs") runs" \
            clean "$tool" "$entity"
    done < <(cut -d' ' -f1,2 "$scratch/jobs" | sort -u)
}

# refuses MESSAGE ENTITY GENERIC=VALUE...: the bench of the entity stops with the message.
refuses() {
    local message=$1 log
    shift
    log=$(run_bench "$quick" "$scratch/$quick" "$@") && return 1
    echo "$log"
    grep -q -- "$message" <<<"$log"
}

# caught FILE SED ENTITY GENERIC=VALUE...: the bench finds what SED does to FILE.
caught() {
    local file=$1 edit=$2 entity=$3 lib=$scratch/lib log
    rm -rf "$lib" "$scratch/fault"
    cp -r hdl_templates/lib "$lib"
    sed -i "$edit" "$lib/$file"
    cmp -s "$lib/$file" "hdl_templates/lib/$file" && { echo "the edit fits nothing"; return 1; }
    analyse "$quick" "$scratch/fault" "$lib" "${entity}_bench" || return
    link_benches "$quick" "$scratch/fault" "${entity}_bench" || return
    log=$(run_bench "$quick" "$scratch/fault" "${@:3}") && { echo "it passed"; return 1; }
    echo "$log"
    grep -q "BENCH $entity failed" <<<"$log"
}
fault() { # fault WHAT FILE SED ENTITY GENERIC=VALUE...
    check "caught: $1" caught "${@:2}"
}

# ---- netlists ------------------------------------------------------------------------------------
# A probe is an entity of hdl_templates/bench with a generic ENTITY_NUMBER and the ports that
# netlist_bench drives.

can_synthesize() {
    "$quick" --help 2>/dev/null | grep -q -- --synth
}
synthesize() { # synthesize FOLDER FORMAT OPTION...: to standard output
    (cd "$1" && "$quick" --synth --no-formal --std=08 --out="$2" "${@:3}")
}
# lost_registers VERILOG: the clock nets of registers that ghdl --synth lost: the edge has become
# the constant 0, and yet something uses it.
lost_registers() {
    local net
    sed -n "s/^ *assign \([a-z0-9_]*\) = 1'b0; \/\/ posedge.*/\1/p" "$1" | while read -r net; do
        [ "$(grep -cw "$net" "$1")" -gt 2 ] && echo "$net"
    done
}
# open_choices VERILOG: the line of each `case` that has neither a default (this GHDL drops `when
# others`) nor all values: synthesis would make latches of it.
open_choices() {
    awk '
        /^ *case \(/ { start = NR; values = width = 0 }
        /^ *[0-9]+\x27b[01]+:/ { values++; width = $1 + 0 }
        /^ *default/ { start = 0 }
        /^ *endcase/ { if (start && values != 2 ^ width) print "line " start; start = 0 }' "$1"
}
# The netlist reads its memories with addresses that settle within a clock: for a moment they may
# lie beyond the array, which hardware does not mind and a simulator does.
settle() {
    awk '
        /^use work\.dnn_.*_pkg\.all;/ { next }
        / is array \(0 to [0-9]+\)/ {
            match($0, /to [0-9]+\)/)
            size = substr($0, RSTART + 3, RLENGTH - 4) + 1
        }
        /end process;/ { size = 0 }
        size { gsub(/to_integer \(unsigned \([a-z0-9_]+\)\)/, "& mod " size) }
        { print }'
}
# make_netlist PROBE NUMBER LIBRARY WORK: both netlists of the probe, as analysed in folder LIBRARY,
# come out into folder WORK, none lost a register, and no choice is open.
make_netlist() {
    mkdir -p "$4"
    synthesize "$3" verilog -gENTITY_NUMBER="$2" "$1" >"$4/probe.v" &&
        grep -q 'always @(posedge' "$4/probe.v" || return
    lost_registers "$4/probe.v" | grep . && return 1
    open_choices "$4/probe.v" | grep . && return 1
    synthesize "$3" vhdl -gENTITY_NUMBER="$2" "$1" | settle >"$4/netlist.vhd"
}
# compare PROBE NUMBER WORK: the VHDL netlist in folder WORK does what the probe does, as analysed
# in $scratch/library. NETLIST_GENERICS: options for the bench.
compare() (
    mkdir -p "$3/original" && cp "$scratch/library/"* "$3/original" || return
    sed "s/synth_probe/$1/" "$root/hdl_templates/bench/netlist_bench.vhd" >"$3/netlist_bench.vhd"
    cd "$3" && "$quick" -a --std=08 --work=netlist netlist.vhd && cd original &&
        "$quick" -a --std=08 -P"$3" ../netlist_bench.vhd || return
    case $("$quick" --version) in
        *llvm*) "$quick" -e --std=08 -P"$3" netlist_bench || return ;;
    esac
    said=$(timeout 300 "$quick" -r --std=08 -P"$3" netlist_bench -gENTITY_NUMBER="$2" \
        ${NETLIST_GENERICS:-} --ieee-asserts=disable 2>&1)
    code=$?
    printf '%s\n' "$said"
    [ $code -eq 0 ] && grep -qE 'BENCH netlist values=[1-9][0-9]* errors=0' <<<"$said"
)
differs() { # differs PROBE NUMBER WORK: compare notices a difference
    local log
    log=$(compare "$@") && return 1
    grep -q "BENCH netlist failed" <<<"$log"
}
# check_netlists PROBE NAME...: a check for each number of the probe, which has the name given.
proves() {
    local work=$scratch/$1.$2
    make_netlist "$1" "$2" "$scratch/library" "$work" && compare "$1" "$2" "$work"
}
proved() {
    tail -n 5 "$scratch/log.$1"
    [ -e "$scratch/proved.$1" ]
}
check_netlists() {
    local probe=$1 names=("${@:2}") number
    analyse "$quick" "$scratch/library" "$root/hdl_templates/lib" \
        "$probe" bench_clock stream_source
    printf '%s\n' "${!names[@]}" | xargs -P 2 -I{} bash -c \
        "proves $probe {}"' >"$scratch/log.{}" 2>&1 && : >"$scratch/proved.{}"'
    for number in "${!names[@]}"; do
        check "netlist of ${names[number]} equals the entity" proved "$number"
    done
}
export quick
export -f analyse run_bench run_job proves make_netlist compare synthesize settle lost_registers \
    open_choices
