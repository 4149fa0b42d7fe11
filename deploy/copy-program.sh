#!/bin/sh
# copy-program.sh ROOT FILE...: copies programs, and the shared libraries that they load, into a root file system under the same paths.
set -eu
root="$1"
shift
for file in "$@"; do
  # Lines are "name => /path (address)" and "/path (address)" for the loader; what is no dynamic program has none.
  { echo "$file"; ldd "$file" 2>/dev/null | sed -nE 's#^.* => (/[^ ]+) .*#\1#p; s#^\s*(/[^ ]+) \(.*#\1#p'; } | while read -r each; do
    [ -e "$root$each" ] || install -D -m 0755 "$each" "$root$each"
  done
done
