#!/bin/sh
# embed.sh NAME FILE...: prints C source that defines the table `NAME` of the files' bytes
# (base/embedded.h), in the order given.
set -eu
name=$1
shift
printf '/* Made by src/embed.sh. */\n#include "base/embedded.h"\n\n'
index=0
for file in "$@"; do
    printf 'static const unsigned char file_%d[] = {\n' "$index"
    od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
    printf '0};\n\n'
    index=$((index + 1))
done
printf 'const EmbeddedFile %s[] = {\n' "$name"
index=0
for file in "$@"; do
    printf '    {"%s", (const char *)file_%d, sizeof file_%d - 1},\n' "${file##*/}" "$index" "$index"
    index=$((index + 1))
done
printf '    {0, 0, 0},\n};\n'
