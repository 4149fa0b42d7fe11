import { readFile, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { checkIdentity, expiryOf } from "../src/certificate-check.ts";
import { CertificateFiles, type CertificateFilesOptions, type CertificatePaths } from "../src/certificate-files.ts";
import { type TestCertificate, testAuthority, writeTestCertificates } from "./test-certificates.ts";

const cleanups: (() => unknown)[] = [];
let folder: string;
beforeEach(async () => {
  const made = await temporaryFolder();
  folder = made.path;
  cleanups.push(() => made.remove());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The certificate of `market`, or what stands in its place. */
async function write(certificate: TestCertificate = {}, authority?: Awaited<ReturnType<typeof testAuthority>>) {
  return (await writeTestCertificates(folder, { market: certificate }, authority))("market");
}

function expecting(paths: CertificatePaths, now: () => number = Date.now, services = ["market"]) {
  const check: CertificateFilesOptions["check"] = (identity) =>
    checkIdentity(identity, paths, { services, now: now() });
  return { pollMs: 10, check };
}

function open(paths: CertificatePaths, now?: () => number, services?: string[]): CertificateFiles {
  const files = new CertificateFiles(paths, expecting(paths, now, services));
  cleanups.push(() => files.close());
  return files;
}

describe("an identity", () => {
  test("that peers believe is taken", async () => {
    open(await write());
    open(await write({ services: ["poi", "market"] }));
    open(await write({ services: ["poi", "market"] }), Date.now, ["market", "poi"]);
  });

  test("of another service is refused, and both are named", async () => {
    const poi = await write({ services: ["poi"] });
    expect(() => open(poi)).toThrow(
      /CERTIFICATE_NAMES_OTHERS \(certificateFile=.*market.pem, expected=market, named=poi\)/,
    );
    expect(() => open(poi, Date.now, ["poi", "market"])).toThrow("CERTIFICATE_NAMES_OTHERS");
    const nobody = await write({ services: [] });
    expect(() => open(nobody)).toThrow("named=no service");
  });

  test("is believed from its first to its last moment, and not beyond", async () => {
    const [first, last] = [
      Math.floor(Date.now() / 1_000) * 1_000 - 60_000,
      Math.floor(Date.now() / 1_000) * 1_000 + 60_000,
    ];
    const paths = await write({ notBefore: first, notAfter: last });
    expect(expiryOf(open(paths).current)).toBe(last);
    for (const now of [first, last]) open(paths, () => now);
    expect(() => open(paths, () => first - 1)).toThrow(/CERTIFICATE_NOT_YET_VALID .*notBefore=/);
    expect(() => open(paths, () => last + 1)).toThrow(/CERTIFICATE_EXPIRED .*subject=CN=market, notAfter=/);
  });

  test("of an authority that has expired is refused", async () => {
    const paths = await write({ notAfter: Date.now() + 3 * 3_600_000 });
    expect(() => open(paths, () => Date.now() + 2 * 3_600_000)).toThrow(/CERTIFICATE_EXPIRED .*subject=CN=test/);
  });

  test("of another authority is refused, also when that has the same name", async () => {
    const paths = await write();
    await writeFile(paths.caFile, (await testAuthority()).certificatePem);
    expect(() => open(paths)).toThrow(/CERTIFICATE_AUTHORITY_UNKNOWN .*issuer=CN=test, caFile=.*ca.pem/);
  });

  test("of either authority is taken while one replaces the other", async () => {
    const paths = await write();
    const [former, next] = [await readFile(paths.caFile, "utf8"), (await testAuthority()).certificatePem];
    for (const both of [former + next, next + former]) {
      await writeFile(paths.caFile, both);
      open(paths);
    }
  });

  test("without an authority, with files that are missing or no PEM, says which", async () => {
    const paths = await write();
    const ca = await readFile(paths.caFile);
    await writeFile(paths.caFile, "nothing here");
    expect(() => open(paths)).toThrow(/CERTIFICATE_UNREADABLE .*ca.pem/);
    await rm(paths.caFile);
    expect(() => open(paths)).toThrow(/CERTIFICATE_UNREADABLE .*no such file.*ca.pem/);
    await writeFile(paths.caFile, ca);
    await writeFile(paths.certificateFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(() => open(paths)).toThrow("CERTIFICATE_UNREADABLE");
  });
});

describe("a process", () => {
  test("waits for an identity that will do, and says why it waits, once for each reason", async () => {
    const paths = await write({ services: ["poi"] });
    const said: string[] = [];
    const onProblem: CertificateFilesOptions["onProblem"] = ({ code }, state) => said.push(`${state} ${code}`);
    const opening = CertificateFiles.open(paths, { ...expecting(paths), onProblem }, new AbortController().signal);
    await waitFor(() => said.length === 1);
    await rm(paths.keyFile);
    await waitFor(() => said.length === 2);
    await write();
    (await opening).close();
    expect(said.slice(0, 2)).toEqual(["missing CERTIFICATE_NAMES_OTHERS", "missing CERTIFICATE_UNREADABLE"]);
  });

  test("stops waiting when it is asked to end", async () => {
    const paths = await write({ services: ["poi"] });
    const ending = new AbortController();
    const opening = CertificateFiles.open(paths, expecting(paths), ending.signal);
    ending.abort();
    await expect(opening).rejects.toThrow("aborted");
  });

  test("keeps the former identity when another service's is put in place, and takes the next that will do", async () => {
    const authority = await testAuthority();
    const paths = await write({}, authority);
    const files = open(paths);
    const former = files.current;
    await write({ services: ["poi"] }, authority);
    await waitFor(() => files.refused?.code === "CERTIFICATE_NAMES_OTHERS");
    expect([files.current, files.lapsed]).toEqual([former, undefined]);
    await write({}, authority);
    await waitFor(() => files.current !== former && files.refused === undefined);
    expect(files.lapsed).toBeUndefined();
  });

  test("notices that its identity has expired, and tells once", async () => {
    const paths = await write();
    let now = Date.now();
    const said: string[] = [];
    const files = new CertificateFiles(paths, {
      ...expecting(paths, () => now),
      onProblem: ({ code }, state) => said.push(`${state} ${code}`),
    });
    cleanups.push(() => files.close());
    expect(files.lapsed).toBeUndefined();
    now += 3_600_000;
    expect(files.lapsed?.code).toBe("CERTIFICATE_EXPIRED");
    files.refresh();
    files.refresh();
    expect(said).toEqual(["lapsed CERTIFICATE_EXPIRED"]);
  });
});
