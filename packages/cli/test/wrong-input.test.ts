import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { koinon, startKoinon } from "./run-bin.ts";

const vector = (name: string): string => fileURLToPath(new URL(`../../receipts/test/vectors/${name}`, import.meta.url));
const [bundle, trust] = [vector("bundle.json"), vector("trust.json")] as const;
const request = `req_${"0a".repeat(16)}`;

let folder: string;
/** A web server that is no gateway and no node. */
let server: Server;
let url: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "koinon-wrong-"));
  writeFileSync(path.join(folder, "empty"), "");
  writeFileSync(path.join(folder, "array.json"), "[]");
  writeFileSync(path.join(folder, "text"), "some words\n");
  mkdirSync(path.join(folder, "network"));
  writeFileSync(path.join(folder, "network", "network.json"), "words\n");
  const init = await koinon(["chain", "init", at("genesis.json"), "--chain-id", "4711"]);
  expect(init.code).toBe(0);
  server = createServer((_request, response) => response.writeHead(404).end("<h1>nothing here</h1>"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
const at = (name: string): string => path.join(folder, name);

/** Each ends with 2, says so, and says it in words: no code of ours, no stack, nothing on standard output. */
async function expectWords(cases: readonly [args: readonly string[], words: string][], env = {}): Promise<void> {
  const ran = await Promise.all(cases.map(([args]) => koinon(args, env, folder)));
  for (const [index, [args, words]] of cases.entries()) {
    const { code, out, err } = ran[index] ?? { code: 0, out: "", err: "" };
    expect([args, code, out, err]).toEqual([args, 2, "", expect.stringContaining(words)]);
    expect(err).not.toMatch(/^ {4}at |[A-Z]{3,}_[A-Z]{3,}|undefined|\[object/m);
  }
}

describe("wrong input", () => {
  test("an argument that is empty, as a shell's variable may be", async () => {
    await expectWords([
      [["start", "--data", ""], "the value of --data is empty"],
      [["verify", bundle, "--trust="], "the value of --trust is empty"],
      [["verify", "", "--trust", trust], "an argument is empty"],
    ]);
  });

  test("a shard that can not start with its options", async () => {
    const start = (...more: string[]) => ["start", "chain", "--data", at("shard"), ...more];
    const genesis = ["--genesis", at("genesis.json")];
    const engine = ["--engine", "http://127.0.0.1:8551"];
    await expectWords([
      [start(...genesis, "--port", "65536"), "--port 65536: not a port"],
      [start(...genesis, "--port", "a"), "--port a: not a port"],
      [start("--genesis", at("nowhere.json")), "can not read the genesis file"],
      [start(...genesis, ...engine), "--engine and --jwt go together"],
      [start(...genesis, ...engine, "--jwt", at("nowhere")), "can not read the secret"],
    ]);
    expect(existsSync(at("shard"))).toBe(false);
  });

  test("files of the wrong kind", async () => {
    await expectWords([
      [["verify", bundle, "--trust", at("empty")], "is not a trust file: it is empty"],
      [["verify", bundle, "--trust", at("text")], "is not a trust file: it is not JSON"],
      [["verify", bundle, "--trust", at("array.json")], "is not a trust file: it is not an object"],
      [["verify", bundle, "--trust", bundle], "its member format is wrong: not koinon.trust/1 or koinon.trust/2"],
      [["verify", path.join(bundle, "x"), "--trust", trust], "a part of its path is a file, not a folder"],
      [["verify", "/dev/zero", "--trust", trust], "it has more than 256 MiB"],
      [["verify", bundle], "--trust FILE names another"],
      [["audit", "--log", bundle, "--trust", trust], "a part of its path is a file, not a folder"],
    ]);
    const wrong = await koinon(["verify", trust, "--trust", trust]);
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringContaining("its member format is wrong: not koinon.bundle/1"),
    ]);
  });

  test("files of a chain", async () => {
    await expectWords([
      [["chain", "init", at("nowhere/genesis.json"), "--chain-id", "1"], "there is no such folder"],
      [["chain", "export", folder, "--rpc", url], "it is a folder"],
      [
        ["chain", "import", at("text"), "--genesis", at("text"), "--data", at("one")],
        "the genesis file can not be read",
      ],
      [
        ["chain", "import", at("text"), "--genesis", at("genesis.json"), "--data", at("two")],
        "does not hold blocks as RLP",
      ],
    ]);
  });

  test("addresses", async () => {
    await expectWords([
      [["trace", request, "--url", "localhost:8080"], "--url 'localhost:8080' is not an address such as http://"],
      [["budget", "--url", "ftp://127.0.0.1"], "is not an address such as http://"],
      [["chain", "status", "--rpc", "localhost:8545"], "is not an address such as http://"],
      [["start", "--engine", "nonsense"], "--engine 'nonsense' is not an address"],
    ]);
    const environment = await koinon(["budget"], { KOINON_URL: "localhost:8080" });
    expect([environment.code, environment.err]).toEqual([
      2,
      expect.stringMatching(/- KOINON_URL.*not an http or https URL/),
    ]);
  });

  test("servers that are something else", async () => {
    await expectWords([
      [["receipts", "--url", url], `${url} did not answer as a gateway does: HTTP 404`],
      [["trace", request, "--url", url], "did not answer as a gateway does"],
      [["audit", "--url", url, "--trust", trust], "did not answer as a gateway does"],
      [["budget", "--url", url.replace("http", "https")], "it does not speak TLS"],
      [["chain", "status", "--rpc", url], "did not answer as an Ethereum node does"],
      [["budget", "--data", at("network")], "network.json: it is not JSON ('koinon start' makes it"],
    ]);
  });

  test("models, services and folders that are none", async () => {
    await expectWords([
      [["model", "add", "nonsense"], "'nonsense' names no model: expected file:PATH"],
      [["model", "convert", at("absent"), "--name", "x", "--license", "MIT", "--author", "a"], "there is no such file"],
      [["start", "--model", "nonsense"], "'nonsense' names no model"],
      [["start", "markt"], "there is no service 'markt'; there are gateway, market"],
      [["start", "--data", at("text")], "there is a file of that name"],
      [["witness", "--witness-key", at("nowhere/key"), "--name", "w.example", "--vkey"], "there is no such folder"],
    ]);
    const broken = await koinon(["model", "add", `file:${at("text")}`, "--models", at("models")]);
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining("can not be read: not a GGUF file")]);
  });
});

test("a port that another program has is told at once, before anything is fetched or started", async () => {
  const { host, port } = new URL(url);
  const data = at("laptop");
  const { code, out, err } = await koinon(["start", "--port", port, "--data", data]);
  const words = `koinon start: another program listens at ${host}; --port N takes another port\n`;
  expect([code, out, err]).toEqual([1, "", words]);
  expect(existsSync(path.join(data, "models"))).toBe(false);
});

test("a log that the trust file does not name", async () => {
  const note = JSON.parse(readFileSync(bundle, "utf8")) as { checkpoint: string };
  mkdirSync(at("log"));
  writeFileSync(path.join(at("log"), "checkpoint"), note.checkpoint.replace(/^[^\n]+/, "log.example/other"));
  const { code, out } = await koinon(["audit", "--log", at("log"), "--trust", trust]);
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/^INVALID: the trust file does not name the log log\.example\/other \(LOG_UNKNOWN\)\n/),
  ]);
});

test("koinon help COMMAND is its help", async () => {
  const { code, out } = await koinon(["help", "verify"]);
  expect([code, out]).toEqual([0, (await koinon(["verify", "--help"])).out]);
});

test("a reader of problems that leaves early does not change the exit code", async () => {
  const running = startKoinon(["verify", at("text"), "--trust", trust]);
  running.child.stderr?.destroy();
  expect((await running.ended).code).toBe(2);
});
