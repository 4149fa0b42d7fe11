import type { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import { ContributionAudit } from "@koinon/contributions/audit";
import type { Contribution } from "@koinon/contributions/contribution";
import { sampleDomain } from "@koinon/contributions/sample-work";
import { documentId } from "@koinon/receipts/document";
import { decodeLogEntry } from "@koinon/receipts/log-entry";
import { receiptDocument } from "@koinon/receipts/receipt";
import type { Client } from "@koinon/rpc/handler";
import type { Hex } from "@koinon/secp256k1/hex";
import { type Checkpoint, openCheckpoint } from "@koinon/tlog/checkpoint";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { openEntryBundle } from "@koinon/tlog/entry-bundle";
import { TILE_WIDTH, widthInTree } from "@koinon/tlog/tile";
import { formatTilePath } from "@koinon/tlog/tile-path";
import { createVerifiedTileSource } from "@koinon/tlog/tile-verifier";
import { nodeHasher } from "../src/log/node-hasher.ts";
import { logKey } from "./poi-fixture.ts";

/** A log as an auditor found it. */
export interface AuditedLog {
  readonly checkpoint: Checkpoint;
  /** Receipts in the order of the log. */
  readonly receipts: readonly Hex[];
  readonly contributions: readonly Contribution[];
}

/** Opens a signed checkpoint of the test log. */
export function openTestCheckpoint(note: string): Checkpoint {
  return openCheckpoint(note, { origin: logKey.name, key: logKey }, [], nodeEd25519).checkpoint;
}

/**
 * Does what an auditor does with nothing but the log's public resources: reads the checkpoint, every tile against it, every entry
 * against its tile, and every document against the rules.
 */
export async function auditLog(log: Client<LogServiceDefinition>): Promise<AuditedLog> {
  const checkpoint = openTestCheckpoint((await log.getCheckpoint({})).note);
  const read = async (path: string) => (await log.getTile({ path })).content;
  const source = {
    readTiles: (ids: Parameters<typeof formatTilePath>[0][]) => Promise.all(ids.map((id) => read(formatTilePath(id)))),
  };
  const tiles = createVerifiedTileSource(
    { readTiles: (ids) => source.readTiles([...ids]) },
    { size: checkpoint.size, root: checkpoint.root },
    nodeHasher,
  );
  const audit = new ContributionAudit({ domain: sampleDomain });
  const receipts: Hex[] = [];
  for (let index = 0n; ; index++) {
    const width = widthInTree(checkpoint.size, "entries", index);
    if (width === 0) break;
    const [leafTile] = await tiles.readTiles([{ level: 0, index, width }]);
    const bundle = await read(formatTilePath({ level: "entries", index, width }));
    for (const entry of openEntryBundle(bundle, leafTile ?? new Uint8Array(0), width, nodeHasher)) {
      audit.add(entry);
      const decoded = decodeLogEntry(entry);
      if (decoded.type === "receipt") receipts.push(documentId(receiptDocument, decoded.signed.document, sampleDomain));
    }
    if (width < TILE_WIDTH) break;
  }
  return { checkpoint, receipts, contributions: audit.contributions() };
}
