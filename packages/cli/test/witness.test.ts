import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { parseCheckpoint } from "@koinon/tlog/checkpoint";
import { parseNote } from "@koinon/tlog/note";
import { parseVerifierKey } from "@koinon/tlog/note-key";
import { verifyNote } from "@koinon/tlog/note-signature";
import { koinon, type Ran, startKoinon } from "./run-bin.ts";
import { logFiles, logKey, type SampleNetwork, sampleEntries, startSampleNetwork } from "./sample-network.ts";

let network: SampleNetwork;
let keyFile: string;
const cosignatures: string[] = [];
const entries = sampleEntries(600);
const otherEntries = sampleEntries(600, "another history");

beforeEach(async () => {
  network = await startSampleNetwork();
  keyFile = path.join(network.folder, "witness.key");
  cosignatures.length = 0;
  network.routes.set("POST /log/add-cosignature", ({ body }) => {
    cosignatures.push(body);
    return [204, ""];
  });
});
afterEach(() => network.close());

const args = (...more: string[]): string[] => [
  "witness",
  "--data",
  network.folder,
  "--witness-key",
  keyFile,
  "--name",
  "w.example",
  ...more,
];
const once = (...more: string[]): Promise<Ran> => koinon(args("--once", "--json", ...more));
const statusOf = ({ out }: Ran): string => (JSON.parse(out) as { status: string }).status;
const stateFile = (): string => `${keyFile}.state.json`;
const evidence = (): string[] => (existsSync(`${stateFile()}.evidence`) ? readdirSync(`${stateFile()}.evidence`) : []);

describe("koinon witness --once", () => {
  test("makes a key that its owner alone reads, and keeps it", async () => {
    const { code, out } = await koinon(args("--vkey"));
    expect(code).toBe(0);
    expect(parseVerifierKey(out.trimEnd())).toMatchObject({ name: "w.example", type: "cosignature" });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect((await koinon(args("--vkey"))).out).toBe(out);
    expect(out).not.toContain("PRIVATE");
  });

  test("cosigns the first checkpoint and every one that extends it, and hands that in", async () => {
    const key = parseVerifierKey((await koinon(args("--vkey"))).out.trimEnd());
    for (const size of [0, 3, 300, 604]) {
      network.publish(entries.slice(0, size));
      const ran = await once();
      expect([size, ran.code, ran.err]).toEqual([size, 0, ""]);
      expect(JSON.parse(ran.out)).toMatchObject({ status: "cosigned", size: String(size) });
      const note = parseNote(cosignatures.at(-1) ?? "");
      const { verified, ignored } = verifyNote(note, [logKey, key]);
      expect([verified.map((line) => line.key.name), ignored]).toEqual([[logKey.name, "w.example"], []]);
      expect(Math.abs(Number(verified[1]?.timestamp) - Date.now() / 1000)).toBeLessThan(60);
      expect(parseCheckpoint(note.text).size).toBe(BigInt(size));
    }
  });

  test("an unchanged checkpoint that carries the cosignature is left alone; one that lost it is cosigned again", async () => {
    network.publish(entries.slice(0, 10));
    await once();
    network.files.set("checkpoint", new TextEncoder().encode(cosignatures[0]));
    expect(statusOf(await once())).toBe("unchanged");
    expect(cosignatures).toHaveLength(1);
    network.publish(entries.slice(0, 10));
    expect(statusOf(await once())).toBe("cosigned");
    expect(cosignatures).toHaveLength(2);
  });

  test.each([
    ["of the same size", 300, "FORK"],
    ["of a larger size", 500, "BAD_PROOF"],
    ["of a smaller size", 100, "ROLLBACK"],
  ])("another history %s is refused, with evidence, and not cosigned", async (_name, size, reason) => {
    network.publish(entries.slice(0, 300));
    await once();
    const before = readFileSync(stateFile(), "utf8");
    network.publish(otherEntries.slice(0, size));
    const ran = await once();
    expect([ran.code, JSON.parse(ran.out)]).toEqual([
      1,
      expect.objectContaining({ status: "refused", refusal: expect.objectContaining({ reason }) }),
    ]);
    expect(cosignatures).toHaveLength(1);
    expect(readFileSync(stateFile(), "utf8")).toBe(before);
    const [file] = evidence();
    const content = JSON.parse(readFileSync(path.join(`${stateFile()}.evidence`, file ?? ""), "utf8")) as {
      known: string;
      offered: string;
    };
    expect(parseCheckpoint(parseNote(content.known).text).size).toBe(300n);
    expect(content.offered).toBe(new TextDecoder().decode(logFiles(otherEntries.slice(0, size)).get("checkpoint")));
    // Both notes are signed by the log: together they convict it.
    for (const note of [content.known, content.offered])
      expect(verifyNote(parseNote(note), [logKey]).verified).toHaveLength(1);
    await once();
    expect(evidence()).toHaveLength(1);
    network.publish(entries.slice(0, 400));
    expect(statusOf(await once())).toBe("cosigned");
  });

  test("an honest log rolled back is refused too", async () => {
    network.publish(entries.slice(0, 300));
    await once();
    network.publish(entries.slice(0, 200));
    expect((await once()).code).toBe(1);
  });

  test("notes that the log did not sign, and tiles of another tree, are neither cosigned nor held against it", async () => {
    network.publish(entries.slice(0, 300));
    await once();
    network.publish(entries.slice(0, 400));
    const forged = new TextDecoder().decode(network.files.get("checkpoint")).replace("\n400\n", "\n401\n");
    network.files.set("checkpoint", new TextEncoder().encode(forged));
    expect([(await once()).code, evidence()]).toEqual([2, []]);
    network.publish(otherEntries.slice(0, 400));
    network.files.set("checkpoint", logFiles(entries.slice(0, 400)).get("checkpoint") as Uint8Array);
    expect([(await once()).code, evidence()]).toEqual([2, []]);
    network.files.delete("checkpoint");
    expect([(await once()).code, evidence()]).toEqual([2, []]);
    expect(cosignatures).toHaveLength(1);
  });

  test("what it vouched for is on disk before the cosignature leaves", async () => {
    network.publish(entries.slice(0, 300));
    let state = "";
    network.routes.set("POST /log/add-cosignature", () => {
      state = readFileSync(stateFile(), "utf8");
      return [503, { error: { code: "OVERLOADED", message: "Later." } }];
    });
    expect((await once()).code).toBe(2);
    expect(state).toContain("\\n300\\n");
    network.publish(otherEntries.slice(0, 300));
    expect((await once()).code).toBe(1);
  });

  test("a state or key that can not be read is no fresh start", async () => {
    network.publish(entries.slice(0, 3));
    await once();
    writeFileSync(stateFile(), readFileSync(stateFile(), "utf8").slice(0, -20));
    expect(await once()).toMatchObject({ code: 2, err: expect.stringContaining("can not read the witness's state") });
    writeFileSync(keyFile, "PRIVATE+KEY+secret-in-here\n");
    const ran = await once();
    expect([ran.code, ran.err]).toEqual([2, expect.not.stringContaining("secret")]);
    expect((await koinon(["witness", "--data", network.folder, "--once"])).code).toBe(2);
    expect(
      (await koinon(["witness", "--data", network.folder, "--witness-key", path.join(network.folder, "none")])).err,
    ).toContain("--name");
  });

  test("two witnesses do not share a state; one that was killed leaves it to the next", async () => {
    network.publish(entries.slice(0, 3));
    await once();
    const first = startKoinon(args("--interval", "0.1"));
    await waitFor(() => existsSync(`${stateFile()}.owner`));
    const { pid } = first.child;
    await waitFor(() => readFileSync(`${stateFile()}.owner`, "utf8") === `${pid}\n`);
    expect(await once()).toMatchObject({ code: 2, err: expect.stringContaining(`process ${pid} works with`) });
    first.child.kill("SIGKILL");
    await first.ended;
    expect((await once()).code).toBe(0);
    expect(existsSync(`${stateFile()}.owner`)).toBe(false);
  });
});

describe("koinon witness", () => {
  test("goes on through outages and growth until it is stopped", async () => {
    network.publish(entries.slice(0, 5));
    const witness = startKoinon(args("--interval", "0.1"));
    await waitFor(() => cosignatures.length === 1);
    network.routes.set("GET /log/checkpoint", [502, "bad gateway"]);
    const seen = network.seen.length;
    await waitFor(() => network.seen.length >= seen + 3);
    network.publish(entries.slice(0, 280));
    network.routes.delete("GET /log/checkpoint");
    await waitFor(() => cosignatures.some((note) => note.includes("\n280\n")));
    witness.child.kill("SIGTERM");
    const { code, out, err } = await witness.ended;
    expect(code).toBe(0);
    expect(out).toContain("cosigned sample.example/log at 280 entries");
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(`${stateFile()}.owner`)).toBe(false);
  });

  test("a rollback is reported and it goes on; a fork ends it", async () => {
    network.publish(entries.slice(0, 300));
    mkdirSync(`${stateFile()}.evidence`);
    const witness = startKoinon(args("--interval", "0.1"));
    await waitFor(() => cosignatures.length > 0);
    network.publish(entries.slice(0, 200));
    await waitFor(() => evidence().length === 1);
    network.publish(otherEntries.slice(0, 400));
    const { code, out } = await witness.ended;
    expect(code).toBe(1);
    expect(out).toContain("shorter history");
    expect(out).toContain("two histories");
    expect(evidence()).toHaveLength(2);
  });
});
