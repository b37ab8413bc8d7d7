#!/usr/bin/env bash
# run.sh SOURCE...: builds each harness with clang's libFuzzer and the sanitizers, and runs it for
# SECONDS_EACH seconds on the seeds in tests/fuzz/seeds/NAME (and tests/fixtures for models).
# A finding stays in $BUILD/fuzz/NAME.crash* and makes the run fail.
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}/fuzz
compiler=${CLANG:-clang-14}
command -v "$compiler" >/dev/null || { echo "fuzz: $compiler is missing: make deps-dev" >&2; exit 4; }
mkdir -p "$build"
rooms=$(ls src/base/*.c src/graph/*.c src/import/*.c src/data/*.c src/nn/*.c src/quant/*.c)
status=0
for source in "$@"; do
    name=$(basename "$source" .c)
    echo "== $name"
    # shellcheck disable=SC2086 # flags and files are lists
    $compiler $CFLAGS_ALL -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -o "$build/$name" "$source" $rooms $LIBS || { status=1; continue; }
    mkdir -p "$build/$name.corpus"
    seeds=()
    [ -d "tests/fuzz/seeds/$name" ] && seeds+=("tests/fuzz/seeds/$name")
    [ "$name" = fuzz_import ] && seeds+=(tests/fixtures)
    "$build/$name" -max_total_time="${SECONDS_EACH:-60}" -artifact_prefix="$build/$name.crash-" \
        -print_final_stats=1 -verbosity=0 -timeout=20 -rss_limit_mb=4096 -malloc_limit_mb=1000000 \
        "$build/$name.corpus" "${seeds[@]}" 2>&1 | tail -n 12
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
done
exit $status
