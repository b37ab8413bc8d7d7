#!/usr/bin/env bash
# Project files for other flows: those of Vivado and Quartus run in Tcl under stand-ins of the
# vendors' commands (vendor_files.tcl), that of FuseSoC in FuseSoC where it is installed. The files
# that they name exist, and GHDL compiles them in that order.
set -u
cd "$(dirname "$0")/../.."
. tests/tap.sh
program=$(realpath "${BUILD:-build}")/dnn2fpga
stand_ins=$(realpath tests/e2e/vendor_files.tcl)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data

if ! command -v ghdl >/dev/null; then
    skip "project files for other flows" "ghdl is not installed: make deps"
    tap_done
    exit
fi

# Yosys is played: it finds no cells at all, at once.
bin=$scratch/bin
mkdir "$bin"
for tool in ghdl ghdl-llvm ghdl-mcode; do
    command -v $tool >/dev/null && ln -s "$(command -v $tool)" "$bin/"
done
cat >"$bin/yosys" <<'SH'
#!/bin/sh
PATH=/usr/bin:/bin
case $1 in -V) echo "Yosys 0.23" && exit ;; esac
for row in 0 1; do for digit in 0 1 2 3 4 5 6 7 8 9; do : >cells_$row$digit.txt; done; done
echo '{"design": {"num_cells_by_type": {}}}' >stat.json
echo '{}' >netlist.json
SH
chmod +x "$bin/yosys"

folder="$scratch/a run" # no tool may take the space for the end of a path
"$program" run samples/mnist_tiny.h5 --data samples/mnist --workdir "$folder" --quiet \
    --test-images 100 --stop-after describe >/dev/null
files_for() {
    PATH=$bin "$program" synth "$folder" --device zynq-7010 --clock 50 --quiet --vendor "$1"
}
for vendor in vivado quartus fusesoc; do
    check "files for $vendor are written" files_for $vendor
    cp -r "$folder" "$scratch/$vendor run"
done

# says FILE LINE: so it does, as a whole line
says() { grep -qxF -- "$2" "$1" || { cat "$1"; return 1; }; }
sources() { sed -n 's/^source //p' "$1"; }
compiles() { # compiles FOLDER LIST: paths from FOLDER, in this order
    local files=() path
    while read -r path; do files+=("$1/$path"); done <"$2"
    mkdir -p "$scratch/library" && rm -f "$scratch/library"/*
    [ ${#files[@]} -gt 5 ] && (cd "$scratch/library" && ghdl -a --std=08 "${files[@]}")
}
is_input() { # is_input PORT FILE
    grep -qE "^ +$1 +: in +std_logic;" "$2"
}

# ---- Vivado and Quartus ------------------------------------------------------------------------------
vendor_runs() { tclsh "$stand_ins" "$1" >"$2"; }
missing_file_is_noticed() {
    cp "$1" "$1.part" && sed '0,/dnn_fixed_pkg/s//not_there/' "$1.part" >"$1"
    tclsh "$stand_ins" "$1"
    local status=$?
    mv "$1.part" "$1"
    [ $status -ne 0 ]
}
if command -v tclsh >/dev/null; then
    for vendor in vivado quartus; do
        place="$scratch/$vendor run/synthesis" said=$scratch/$vendor.txt
        check "the file for $vendor runs" vendor_runs "$place/mnist_tiny_$vendor.tcl" "$said"
        sources "$said" >"$scratch/$vendor.list"
        check "$vendor's files compile in their order" compiles "$place" "$scratch/$vendor.list"
        check "$vendor's top is what has pins" says "$said" "top mnist_tiny_pins"
        check "$vendor's clock has its period" says "$said" "clock clk 20.000 clk"
        check "a file that is missing would be noticed ($vendor)" \
            missing_file_is_noticed "$place/mnist_tiny_$vendor.tcl"
    done
    check "Vivado's part is the device's" says "$scratch/vivado.txt" "part xc7z010clg400-1"
    check "Vivado routes it" says "$scratch/vivado.txt" "step route_design"
    check "Quartus reads VHDL-2008" says "$scratch/quartus.txt" "version VHDL_2008"
else
    skip "files for Vivado and Quartus" "tclsh is not installed"
fi
check "the clock is a port" is_input clk "$folder/synthesis/mnist_tiny_pins.vhd"

# ---- FuseSoC -----------------------------------------------------------------------------------------
place="$scratch/fusesoc run"
sed -n 's/^ *- "\(.*\)"$/\1/p' "$place/mnist_tiny.core" >"$scratch/fusesoc.list"
check "FuseSoC's files compile in their order" compiles "$place" "$scratch/fusesoc.list"
check "all of them are below the core" test -z "$(grep -E '^/|\.\.' "$scratch/fusesoc.list")"
core() {
    (cd "$scratch" && fusesoc --cores-root "$place" "$@" >"$scratch/fusesoc.txt" 2>&1)
    local status=$?
    cat "$scratch/fusesoc.txt"
    ! grep -qE '^(ERROR|WARNING: (The file|This backend))' "$scratch/fusesoc.txt" && return $status
}
if command -v fusesoc >/dev/null && command -v make >/dev/null; then
    check "FuseSoC shows the core" core core show mnist_tiny
    check "FuseSoC runs its target lint" core run --target lint \
        --work-root "$scratch/work" dnn2fpga:net:mnist_tiny:0
    check "GHDL has elaborated the top" grep -q 'ghdl.* mnist_tiny_pins' "$scratch/fusesoc.txt"
else
    skip "FuseSoC" "not installed"
fi
tap_done
