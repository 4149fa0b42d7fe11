#!/usr/bin/env node
// pack-image.mjs NAME OUT.tar --layer FOLDER... [--env NAME=VALUE]... [--user UID:GID] [--workdir FOLDER] -- ENTRYPOINT...
// Packs folders as the layers of one OCI image, without a container engine. Same folders, same bytes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";

const mediaType = "application/vnd.oci.image.";
// Files belong to root whoever packs them; the order of names and the time are fixed.
const sameBytes = ["--format=gnu", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    layer: { type: "string", multiple: true, default: [] },
    env: { type: "string", multiple: true, default: [] },
    user: { type: "string", default: "" },
    workdir: { type: "string", default: "/" },
  },
});
const [name, out, ...entrypoint] = positionals;
if (out === undefined || entrypoint.length === 0 || values.layer.length === 0) {
  process.stderr.write("usage: pack-image.mjs NAME OUT.tar --layer FOLDER... -- ENTRYPOINT...\n");
  process.exit(2);
}

mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
const folder = mkdtempSync(`${path.resolve(out)}.`);
const blobs = path.join(folder, "blobs/sha256");
try {
  mkdirSync(blobs, { recursive: true });
  const layers = [];
  for (const source of values.layer) layers.push(await putLayer(source));
  const config = putJson({
    architecture: { x64: "amd64" }[process.arch] ?? process.arch,
    os: "linux",
    config: { Entrypoint: entrypoint, Env: values.env, User: values.user, WorkingDir: values.workdir },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = putJson({
    schemaVersion: 2,
    mediaType: `${mediaType}manifest.v1+json`,
    config: { mediaType: `${mediaType}config.v1+json`, ...config },
    layers: layers.map((layer) => ({ mediaType: `${mediaType}layer.v1.tar`, ...layer })),
  });
  const annotations = { "io.containerd.image.name": name };
  const listed = { mediaType: `${mediaType}manifest.v1+json`, ...manifest, annotations };
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [listed] }));
  writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  execFileSync("tar", [...sameBytes, "-C", folder, "-cf", out, "blobs", "index.json", "oci-layout"]);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  process.stdout.write(`${JSON.stringify({ name, digest: manifest.digest, sizeBytes: size })}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

async function putLayer(source) {
  const file = path.join(blobs, "layer");
  execFileSync("tar", [...sameBytes, "-C", source, "-cf", file, "."]);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return keep(file, hash.digest("hex"));
}

function putJson(value) {
  const file = path.join(blobs, "document");
  const text = JSON.stringify(value);
  writeFileSync(file, text);
  return keep(file, createHash("sha256").update(text).digest("hex"));
}

function keep(file, hex) {
  const size = statSync(file).size;
  renameSync(file, path.join(blobs, hex));
  return { digest: `sha256:${hex}`, size };
}
