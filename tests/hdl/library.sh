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

# link_benches TOOL FOLDER [BENCH...]: nothing to do for mcode.
link_benches() (
    cd "$2" || return
    case $("$1" --version) in *mcode*) return ;; esac
    printf '%s\n' "${@:3}" | xargs -P 2 -n 1 "$1" -e --std=08 -O2
)

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
export -f analyse run_bench
