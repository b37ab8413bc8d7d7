# json.sh: to be sourced by scripts that read a report (`--json`, indented by two spaces).

# section FILE NAME: that object of the report's top level.
section() {
    awk -v start="  \"$2\": {" 'index($0, start) == 1 {on = 1} on {print} on && /^  }/ {exit}' "$1"
}

# value FILE SECTION KEY: the first value of that name in the section.
value() {
    section "$1" "$2" | grep -m1 -oE "\"$3\": *[^,]+" | sed 's/^[^:]*: *//; s/^"//; s/"$//'
}

# holds EXPRESSION: an awk expression of numbers.
holds() {
    awk "BEGIN {exit !($1)}" || { echo "does not hold: $1"; return 1; }
}
