import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { GetInclusionProofResponse } from "@koinon/contracts/koinon/poi/v1/log_service";
import { SampleProvider, type SampleWork } from "@koinon/contributions/sample-work";
import { decodeHeader } from "@koinon/ethereum/block-header";
import { keccakHex } from "@koinon/ethereum/hash";
import { freePort } from "@koinon/machine/free-port";
import { Secret } from "@koinon/runtime/secret";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { verifyAnchor } from "@koinon/solidity/anchor-proof";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { PoiConfig } from "../../src/config.ts";
import { openTestCheckpoint } from "../log-checks.ts";
import { logKey, PoiFixture, type RunningPoi } from "../poi-fixture.ts";
import { Anvil, describeWithAnvil } from "./anvil.ts";

const submitterKey = new Uint8Array(32).fill(9);

describeWithAnvil("proofs under anchored checkpoints", (program) => {
  let anvil: Anvil;
  let postgres: TestPostgres;
  let fixture: PoiFixture;
  let registry: Address;
  let running: RunningPoi;
  const provider = new SampleProvider("a");

  beforeAll(async () => {
    [anvil, postgres] = await Promise.all([Anvil.start(program), startTestPostgres()]);
    const [deployer = zeroAddress] = await anvil.accounts();
    registry = await anvil.deployRegistry(deployer);
    await anvil.control("anvil_setBalance", createSigner(submitterKey).address, "0xde0b6b3a7640000");
    fixture = await PoiFixture.open(postgres);
    running = await fixture.start(anchoring());
  });
  afterAll(async () => {
    await fixture.close();
    await Promise.all([anvil.stop(), postgres.stop()]);
  });

  const anchoring = (change: Partial<PoiConfig> = {}): Partial<PoiConfig> => ({
    ...{ anchorRpcUrl: new Secret(anvil.url), anchorChainId: 31_338n, anchorRegistry: registry },
    ...{ anchorKey: new Secret(bytesToHex(submitterKey)), anchorIntervalMs: 100 },
    ...change,
  });

  async function publish(): Promise<SampleWork> {
    const work = provider.serve();
    await fixture.publish([work]);
    return work;
  }

  const prove = (work: SampleWork, anchor: { blocks: Uint8Array[]; required: boolean } | undefined, waitMs = 9_000) =>
    running.log.getInclusionProof({ receiptId: hexToBytes(work.id), waitMs, anchor });

  /** Checks an anchor as a reader does; answers the hash of its last block and the number of the first. */
  function checkAnchor({ anchor, checkpoint, inclusion }: GetInclusionProofResponse): { last: Hex; anchored: bigint } {
    if (anchor === undefined) throw new Error("no anchor");
    const { size, root } = openTestCheckpoint(checkpoint);
    expect([inclusion?.treeSize, bytesToHex(anchor.registry)]).toEqual([size, registry]);
    const headers = anchor.headers.map(decodeHeader);
    for (const [index, header] of headers.slice(1).entries()) {
      expect(header.parentHash).toBe(keccakHex(anchor.headers[index] ?? new Uint8Array(0)));
    }
    const [first] = headers;
    const verdict = verifyAnchor(
      { stateRoot: first?.stateRoot ?? "0x", registry, origin: logKey.name, size },
      {
        account: anchor.account.map((node) => bytesToHex(node)),
        slots: [anchor.root, anchor.submission].map((nodes) => nodes.map((node) => bytesToHex(node))),
      },
    );
    expect(verdict).toMatchObject({ status: "anchored", checkpoint: { size, root: bytesToHex(root) } });
    return { last: keccakHex(anchor.headers.at(-1) ?? new Uint8Array(0)), anchored: first?.number ?? 0n };
  }

  test("a receipt waits for its anchor, and is proved under the block that has it", async () => {
    const proof = await prove(await publish(), { blocks: [], required: true });
    const { last } = checkAnchor(proof);
    expect(proof.anchor?.headers).toHaveLength(1);
    expect((await anvil.chain.block(last, new AbortController().signal))?.hash).toBe(last);
    await waitFor(() =>
      running.poi.health().parts.some(({ name, detail }) => name === "anchor" && detail === "anchoring"),
    );
    expect(running.poi.health().status).toBe("serving");
  });

  test("under a block that the reader trusts, its own or one shortly after", async () => {
    const signal = new AbortController().signal;
    const work = await publish();
    const { last: own } = checkAnchor(await prove(work, { blocks: [], required: true }));
    await anvil.control("anvil_mine", "0x4");
    const trusted = await anvil.chain.block("latest", signal);
    const blocks = [hexToBytes(trusted?.hash ?? "0x")];
    const linked = await prove(work, { blocks, required: true });
    expect(checkAnchor(linked)).toMatchObject({ last: trusted?.hash });
    expect(linked.anchor?.headers.length).toBeGreaterThan(4);
    const direct = await prove(work, { blocks: [hexToBytes(own)], required: true });
    expect([checkAnchor(direct).last, direct.anchor?.headers.length]).toEqual([own, 1]);

    // A block before the anchor shows nothing of it, nor does one too long after it, nor one of no chain.
    const { anchored } = checkAnchor(direct);
    await anvil.control("anvil_mine", "0x100");
    const [before, late] = [await anvil.chain.block(anchored - 1n, signal), await anvil.chain.block("latest", signal)];
    for (const hash of [before?.hash, late?.hash, `0x${"ab".repeat(32)}`]) {
      const wish = { blocks: [hexToBytes(hash ?? "0x")], required: false };
      expect([hash, (await prove(work, wish, 0)).anchor]).toEqual([hash, undefined]);
      await expect(prove(work, { ...wish, required: true }, 0)).rejects.toThrow("ANCHOR_PENDING");
    }
  });

  test("without asking there is none, and what makes no sense is refused", async () => {
    const work = await publish();
    expect((await prove(work, undefined)).anchor).toBeUndefined();
    const many = Array.from({ length: 65 }, () => new Uint8Array(32));
    for (const blocks of [many, [new Uint8Array(31)]]) {
      await expect(prove(work, { blocks, required: false })).rejects.toThrow("REQUEST_INVALID");
    }
  });

  test("a chain that is away degrades, is told, and takes nothing from readers of the log", async () => {
    const work = await publish();
    await prove(work, { blocks: [], required: true });
    await running.stop();
    running = await fixture.start(anchoring({ anchorRpcUrl: new Secret(`http://127.0.0.1:${await freePort()}`) }));
    await waitFor(() => running.poi.health().status === "degraded");
    expect(running.poi.health().parts).toContainEqual({ name: "anchor", ok: false, detail: "CHAIN_UNREACHABLE" });
    checkAnchor(await prove(work, { blocks: [], required: true }));
    const later = await publish();
    const trusted = [new Uint8Array(32).fill(1)];
    expect((await prove(later, { blocks: trusted, required: false })).anchor).toBeUndefined();
    await running.stop();
    running = await fixture.start(anchoring());
    checkAnchor(await prove(later, { blocks: [], required: true }));
  });

  test("is counted, and how far it came is shown", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    await running.stop();
    running = await fixture.start(anchoring(), provider.getMeter("poi"));
    const proof = await prove(await publish(), { blocks: [], required: true });
    const { size } = openTestCheckpoint(proof.checkpoint);
    const points = await waitFor(async () => {
      exporter.reset();
      await reader.forceFlush();
      const all = exporter.getMetrics().flatMap((batch) => batch.scopeMetrics.flatMap((scope) => scope.metrics));
      const of = (name: string) => all.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0];
      const [anchors, anchored] = [of("poi.anchors"), of("poi.anchor.size")];
      return anchors?.attributes.outcome === "anchored" && anchored?.value === Number(size);
    });
    expect(points).toBe(true);
    await provider.shutdown();
  });

  test("anchored by the sequencer alone; off by default; settings that do not fit are named", async () => {
    const standby = await fixture.start(anchoring());
    expect(standby.poi.health().parts).toContainEqual({ name: "anchor", ok: true, detail: "standby" });
    await standby.stop();
    const off = await fixture.start();
    expect(off.poi.health().parts.map(({ name }) => name)).not.toContain("anchor");
    const receiptId = hexToBytes((await publish()).id);
    const wish = { receiptId, waitMs: 0, anchor: { blocks: [], required: true } };
    await expect(off.log.getInclusionProof(wish)).rejects.toThrow("ANCHORING_OFF");
    await off.stop();
    const missing: readonly (readonly [Partial<PoiConfig>, string])[] = [
      [{ anchorRpcUrl: undefined }, "POI_ANCHOR_RPC_URL"],
      [{ anchorChainId: undefined }, "POI_ANCHOR_CHAIN_ID"],
      [{ anchorRegistry: undefined, anchorKey: undefined }, "POI_ANCHOR_REGISTRY"],
      [{ anchorKey: new Secret("0x12") }, "POI_ANCHOR_KEY is no private key"],
      [{ anchorKey: new Secret(`0x${"ff".repeat(32)}`) }, "POI_ANCHOR_KEY is no private key"],
    ];
    for (const [change, name] of missing) await expect(fixture.start(anchoring(change))).rejects.toThrow(name);
  });
});
