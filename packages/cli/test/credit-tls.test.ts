import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type CertifiedKey, createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { koinon, type Ran } from "./run-bin.ts";

const address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const shardMain = fileURLToPath(new URL("main.js", import.meta.resolve("@koinon/chain/module")));
const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let shard: Child;
let service: string;
const within = (...names: string[]): string => path.join(folder.path, ...names);

/** A folder of certificates as a Secret mounts it. */
async function writeIdentity(name: string, authority: CertifiedKey, services: readonly string[]): Promise<string> {
  const { certificatePem, keyPem } = await issueCertificate(authority, { ...validity, services }, random);
  await mkdir(within(name));
  const files = { "tls.crt": certificatePem, "tls.key": keyPem, "ca.crt": authority.certificatePem };
  for (const [file, text] of Object.entries(files)) await writeFile(within(name, file), text);
  return within(name);
}

beforeAll(async () => {
  folder = await temporaryFolder("koinon-credit-tls-");
  const authority = await createAuthority({ ...validity, name: "ours" }, random);
  const stranger = await createAuthority({ ...validity, name: "theirs" }, random);
  const own = await writeIdentity("chain", authority, ["chain"]);
  await writeIdentity("treasury", authority, ["treasury"]);
  await writeIdentity("market", authority, ["market"]);
  await writeIdentity("stranger", stranger, ["treasury"]);
  const init = await koinon(["chain", "init", within("genesis.json"), "--chain-id", "4711"]);
  expect([init.code, init.err]).toEqual([0, ""]);
  shard = await startChild({
    command: process.execPath,
    args: ["--no-warnings", shardMain],
    env: {
      RPC_LISTEN: "127.0.0.1:0",
      TLS_CERTIFICATE_FILE: path.join(own, "tls.crt"),
      TLS_KEY_FILE: path.join(own, "tls.key"),
      TLS_CA_FILE: path.join(own, "ca.crt"),
      CHAIN_DATA: within("data"),
      CHAIN_GENESIS: within("genesis.json"),
      CHAIN_RPC_LISTEN: "off",
      CHAIN_BLOCK_INTERVAL_MS: "10",
      CHAIN_WITHDRAWAL_CALLERS: "treasury",
    },
    ready: /"rpc":\["([^"]+)"\].*"process ready"/,
    deadlineMs: 30_000,
  });
  service = shard.ready?.[1] ?? "";
});
afterAll(async () => {
  await shard?.stop();
  await folder.remove();
});

const credit = (identity: string, ...more: string[]): Promise<Ran> =>
  koinon([
    ...["chain", "credit", address, "--value", "1.5", "--service", service, "--tls", within(identity), "--json"],
    ...more,
  ]);

describe("koinon chain credit, of a shard over mutual TLS", () => {
  test("credits once for one request id", async () => {
    const first = await credit("treasury", "--request-id", "march");
    expect(first.err).toBe("request march\n");
    expect([first.code, JSON.parse(first.out)]).toMatchObject([
      0,
      { requestId: "march", address, amountGwei: "1500000000", index: "0", block: { number: "1" } },
    ]);
    const again = await credit("treasury", "--request-id", "march");
    expect([again.code, JSON.parse(again.out)]).toEqual([0, JSON.parse(first.out)]);
    const other = await credit("treasury", "--request-id", "march", "--value", "2");
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/was used for another address or amount \(withdrawal 0\)$/m),
    ]);
    const next = await credit("treasury");
    expect([next.code, JSON.parse(next.out)]).toMatchObject([0, { index: "1" }]);
  });

  test("refuses a certificate of another service, and says so", async () => {
    const { code, out, err } = await credit("market");
    expect([code, out, err]).toEqual([
      1,
      "",
      expect.stringContaining("does not take withdrawals from this certificate"),
    ]);
  });

  test("can not reach it with a certificate of another authority, or where nothing listens", async () => {
    const stranger = await credit("stranger");
    expect([stranger.code, stranger.out]).toEqual([2, ""]);
    expect(stranger.err).toMatch(
      new RegExp(`can not reach the chain at ${service}: self-signed certificate.*chain$`, "m"),
    );
    const nowhere = await koinon([
      ...["chain", "credit", address, "--value", "1", "--service", "127.0.0.1:9", "--tls", within("treasury")],
    ]);
    expect([nowhere.code, nowhere.out]).toEqual([2, ""]);
    expect(nowhere.err).toMatch(/can not reach the chain at 127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9$/m);
  });

  test("says which files it can not read", async () => {
    const { code, err } = await credit("nobody");
    expect([code, err]).toEqual([2, expect.stringContaining("can not read tls.crt, tls.key and ca.crt of")]);
  });
});
