import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { certificateDocument } from "@koinon/receipts/certificate";
import { decodeDocument, isSignedBy } from "@koinon/receipts/document";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { openProviderKeys } from "./provider-keys.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const dayMs = 86_400_000;
const domain = createKoinonDomain({ chainId: 31337n, verifyingContract: `0x${"00".repeat(20)}` });
const clock = new FakeClock();
const random = new SeededRandom("keys");
const open = (chain = domain) => openProviderKeys(folder.path, { domain: chain, clock, random });
const file = (name: string) => path.join(folder.path, name);

test("the first start makes keys that only the owner reads, and a certificate that holds; later starts find the same", async () => {
  const made = await open();
  const signed = decodeDocument(certificateDocument, made.certificateBytes);
  expect(isSignedBy(certificateDocument, signed, { domain, expected: made.provider })).toBe(true);
  expect(signed.document).toMatchObject({
    root: made.provider,
    key: made.signer.address,
    purpose: "serving",
    epoch: 1n,
  });
  for (const name of ["root.key", "serving.key", "certificate.json"]) {
    expect([name, statSync(file(name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect((await open()).certificate).toEqual(made.certificate);
});

test("a certificate near its end is replaced under the next epoch, with a new key, by the same party", async () => {
  const made = await open();
  clock.advance(334 * dayMs);
  expect((await open()).certificate.epoch).toBe(1n);
  clock.advance(2 * dayMs);
  const renewed = await open();
  expect(renewed).toMatchObject({ provider: made.provider, certificate: { epoch: 2n } });
  expect(renewed.signer.address).not.toBe(made.signer.address);
});

test("without the root key the certified key goes on working, and nothing is made up in its place", async () => {
  const made = await open();
  rmSync(file("root.key"));
  expect((await open()).provider).toBe(made.provider);
  rmSync(file("certificate.json"));
  await expect(open()).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
});

test("a certificate of another network is made anew; a damaged file is named", async () => {
  const made = await open();
  const other = createKoinonDomain({ chainId: 1n, verifyingContract: `0x${"00".repeat(20)}` });
  expect(await open(other)).toMatchObject({ provider: made.provider });
  writeFileSync(file("root.key"), `${readFileSync(file("root.key"), "utf8").slice(0, 20)}\n`);
  await expect(open()).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
});
