import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { malformedField } from "../test/malformed-field.ts";
import { parseTrust, type Trust, trustToJson } from "./trust.ts";

interface TrustFile {
  [member: string]: unknown;
  logs: { origin: string; vkey: string }[];
  witnesses: { vkeys: string[]; threshold: number };
  providers: { root: string; name: string }[];
}
const text = readFileSync(new URL("../test/vectors/trust.json", import.meta.url), "utf8");
const file = JSON.parse(text) as TrustFile;
const parse = (value: unknown): Trust => parseTrust(new TextEncoder().encode(JSON.stringify(value)));

describe("trust file", () => {
  test("reads, and writes the same", () => {
    const trust = parseTrust(new TextEncoder().encode(text));
    expect(trust.chainId).toBe(31_337n);
    expect(trustToJson(trust)).toEqual(file);
  });

  const chain = { chainId: "31338", registry: `0x${"c0".repeat(20)}`, blocks: [`0x${"b1".repeat(32)}`] };
  const anchoring = { chains: [chain], required: true };
  const anchoringFile = { ...file, format: "koinon.trust/2", anchoring };

  test("reads chains, and writes the same", () => {
    const trust = parse(anchoringFile);
    expect(trust.anchoring).toEqual({ chains: [{ ...chain, chainId: 31_338n }], required: true });
    expect(trustToJson(trust)).toEqual(anchoringFile);
  });

  test.each([
    [{ chains: [] }, "anchoring.chains"],
    [{ chains: [chain, { ...chain, blocks: [] }] }, "anchoring.chains"],
    [{ chains: [{ ...chain, blocks: [...chain.blocks, ...chain.blocks] }] }, "anchoring.chains.0.blocks"],
    [{ chains: [{ ...chain, blocks: ["0x00"] }] }, "anchoring.chains.0.blocks.0"],
    [{ chains: [{ ...chain, registry: "0x" }] }, "anchoring.chains.0.registry"],
    [{ chains: [{ ...chain, chainId: 1 }] }, "anchoring.chains.0.chainId"],
    [{ required: 1 }, "anchoring.required"],
    [{ threshold: 1 }, "anchoring.threshold"],
  ])("%j in its place is refused", (change, field) => {
    expect(malformedField(() => parse({ ...anchoringFile, anchoring: { ...anchoring, ...change } }))).toBe(field);
  });

  const [log] = file.logs as [TrustFile["logs"][0]];
  const [provider] = file.providers as [TrustFile["providers"][0]];
  const [witness, secondWitness] = file.witnesses.vkeys as [string, string];
  test.each([
    [{ format: "koinon.trust/3" }, "format"],
    [{ format: "koinon.trust/2" }, "anchoring"],
    [{ anchoring }, "anchoring"],
    [{ chainId: 31337 }, "chainId"],
    [{ chainId: "0x7a69" }, "chainId"],
    [{ verifyingContract: "0x0" }, "verifyingContract"],
    [{ logs: [{ ...log, vkey: "x" }] }, "logs.0.vkey"],
    [{ logs: [{ ...log, vkey: witness }] }, "logs.0.vkey"],
    [{ logs: [{ ...log, vkey: log.vkey.replace("+6", "+7") }] }, "logs.0.vkey"],
    [{ logs: [{ ...log, origin: "" }] }, "logs.0.origin"],
    [{ logs: [log, log] }, "logs"],
    [{ logs: [{ ...log, comment: "" }] }, "logs.0.comment"],
    [{ witnesses: { vkeys: [log.vkey], threshold: 0 } }, "witnesses.vkeys.0"],
    [{ witnesses: { vkeys: [witness, witness], threshold: 2 } }, "witnesses.vkeys"],
    [{ witnesses: { vkeys: [witness, secondWitness], threshold: 3 } }, "witnesses.threshold"],
    [{ witnesses: { vkeys: [], threshold: 1 } }, "witnesses.threshold"],
    [{ witnesses: { vkeys: [witness], threshold: -1 } }, "witnesses.threshold"],
    [{ witnesses: { vkeys: [witness], threshold: 0.5 } }, "witnesses.threshold"],
    [{ providers: [provider, { ...provider, name: "Other" }] }, "providers"],
    [{ providers: [{ ...provider, root: provider.root.toUpperCase() }] }, "providers.0.root"],
    [{ providers: [{ ...provider, name: "" }] }, "providers.0.name"],
    [{ comment: "x" }, "comment"],
  ])("%j is refused", (change, field) => {
    expect(malformedField(() => parse({ ...file, ...change }))).toBe(field);
  });

  test("every member is required", () => {
    for (const name of Object.keys(file)) {
      const { [name]: _left, ...rest } = file;
      expect(malformedField(() => parse(rest))).toBe(name);
    }
  });
});
