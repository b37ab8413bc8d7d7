#!/usr/bin/env bash
# Data flows one way: a room may include itself and the rooms before it in this list, no other.
# tools and db stand on base alone. ui draws: it opens no model files and does no arithmetic.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh

declare -A may=(
    [src/base]=""
    [src/graph]="base"
    [src/import]="base graph"
    [src/data]="base graph"
    [src/nn]="base graph data"
    [src/quant]="base graph data nn"
    [src/optimize]="base graph data nn quant"
    [src/hw]="base graph data nn quant"
    [src/tools]="base"
    [db]="base"
    [src/flow]="base graph import data nn quant optimize hw tools db"
    [src/report]="base db flow"
    [src/cli]="base graph import data nn quant optimize hw tools db flow report"
    [ui]="base db flow report"
)

# "room other" for each #include of another room's header.
foreign_includes() {
    grep -hoE '^#include "[a-z_]+/' "$1"/*.c "$1"/*.h 2>/dev/null |
        sed -E 's/#include "([a-z_]+)\//\1/' | sort -u | grep -vx "${1#src/}"
}
allowed() {
    local room=$1 other bad=0
    for other in $(foreign_includes "$room"); do
        case " ${may[$room]} " in
        *" $other "*) ;;
        *) echo "$room includes $other/, it may include: ${may[$room]:-nothing}"; bad=1 ;;
        esac
    done
    return $bad
}
for room in "${!may[@]}"; do check "$room includes only what is upstream of it" allowed "$room"; done

check "every folder of src has its row here" bash -c \
    'for d in src/*/; do d=${d%/}; case " '"${!may[*]}"' " in *" $d "*) ;; *) echo "$d"; exit 1;; esac; done'
hdf5_only_in_base() { ! grep -lE '#include <hdf5' src/[!b]*/*.[ch] db/*.[ch] ui/*.[ch]; }
check "libhdf5 is called from src/base/h5.c only" hdf5_only_in_base
no_shell() { ! grep -nE '\b(system|popen)\(' src/*/*.c db/*.c ui/*.c src/main.c; }
check "no child process is started through a shell" no_shell
folder_readmes() {
    local missing=0 d
    for d in src src/*/ db ui hdl_templates tests samples; do
        [ -s "$d/README.md" ] || { echo "$d has no README.md"; missing=1; }
    done
    return $missing
}
check "each folder has a README" folder_readmes
long_files() { ! wc -l src/*/*.[ch] db/*.[ch] ui/*.[ch] | awk '$2 != "total" && $1 > 700' | grep .; }
check "no C file is longer than 700 lines" long_files
tap_done
