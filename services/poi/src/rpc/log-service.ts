import {
  type Anchor,
  type AnchorWish,
  type GetInclusionProofResponse,
  LogServiceDefinition,
} from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Database } from "@koinon/postgres/database";
import { bindService, type FaultTable, type ServiceBinding } from "@koinon/rpc/binding";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { TILE_WIDTH, type TileId } from "@koinon/tlog/tile";
import { parseTilePath } from "@koinon/tlog/tile-path";
import type { LinkedAnchor } from "../anchor/anchor-lookup.ts";
import { PoiError, type PoiFault } from "../errors.ts";
import type { Cosigning } from "../log/cosigning.ts";
import type { LogKey } from "../log/log-key.ts";
import type { InclusionProof, LogProofs, ReceiptProof } from "../log/log-proofs.ts";
import type { PublishedLog } from "../log/published-log.ts";
import { createTileSource, readEntryBundle } from "../store/log-reading.ts";

/** What the log service answers from. */
export interface LogServiceDependencies {
  readonly key: LogKey;
  readonly published: PublishedLog;
  readonly proofs: LogProofs;
  readonly cosigning: Cosigning;
  readonly database: Database;
}

const waitMsMax = 10_000;
const receiptIdBytes = 32;
const trustedBlocksMax = 64;
const hashTileBytesMax = 8_192;
// 256 entries of 65,535 bytes and their lengths; real ones are below 300 kB.
const bundleBytesMax = 256 * (65_535 + 2) + hashTileBytesMax;

const faults: FaultTable = {
  RECEIPT_NOT_LOGGED: "NOT_FOUND",
  RECEIPT_REFUSED: "FAILED_PRECONDITION",
  CHECKPOINT_PENDING: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
  NO_CHECKPOINT: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
  ANCHOR_PENDING: { status: "UNAVAILABLE", retryAfterMs: 10_000 },
  ANCHORING_OFF: "FAILED_PRECONDITION",
  TILE_NOT_FOUND: "NOT_FOUND",
  TILE_PATH_MALFORMED: "INVALID_ARGUMENT",
  TREE_SIZE_UNKNOWN: "OUT_OF_RANGE",
  REQUEST_INVALID: "INVALID_ARGUMENT",
  COSIGNATURE_INVALID: "INVALID_ARGUMENT",
  WITNESS_UNKNOWN: "PERMISSION_DENIED",
  CHECKPOINT_UNKNOWN: "NOT_FOUND",
  DATABASE_UNREACHABLE: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
  DATABASE_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 1_000 },
} satisfies Partial<Record<PoiFault["code"], FaultTable[string]>> & FaultTable;

/** The log over RPC. */
export function bindLogService(dependencies: LogServiceDependencies): ServiceBinding {
  const { key, published, proofs, cosigning } = dependencies;
  return bindService({
    definition: LogServiceDefinition,
    callers: ["gateway"],
    faults,
    limits: { maxResponseBytes: bundleBytesMax },
    handlers: {
      async getCheckpoint() {
        if (published.current === undefined) throw new PoiError({ code: "NO_CHECKPOINT" });
        return { note: published.current.note, vkey: key.vkey };
      },
      async getTile({ path }) {
        const id = parseTilePath(path);
        return { content: await readTile(dependencies.database, id), immutable: id.width === TILE_WIDTH };
      },
      async getInclusionProof({ receiptId, waitMs, anchor }, { signal }) {
        if (receiptId.length !== receiptIdBytes) throw new PoiError({ code: "REQUEST_INVALID", field: "receipt_id" });
        if (waitMs > waitMsMax) throw new PoiError({ code: "REQUEST_INVALID", field: "wait_ms" });
        if (anchor !== undefined && !isAnswerable(anchor))
          throw new PoiError({ code: "REQUEST_INVALID", field: "anchor.blocks" });
        return encodeProof(await proofs.proveReceipt(receiptId, { waitMs, anchor }, signal));
      },
      async getConsistencyProof({ first, second }) {
        const proof = await proofs.proveConsistency(first, second);
        return { second: proof.second, hashes: [...proof.hashes] };
      },
      async addCosignature({ note }) {
        await cosigning.add(note);
        return {};
      },
    },
  });
}

async function readTile(database: Database, id: TileId): Promise<Uint8Array> {
  if (id.level === "entries") return await readEntryBundle(database, id);
  const [content] = await createTileSource(database).readTiles([id]);
  return content ?? new Uint8Array(0);
}

function isAnswerable({ blocks }: AnchorWish): boolean {
  return blocks.length <= trustedBlocksMax && blocks.every((hash) => hash.length === 32);
}

function encodeProof({ checkpoint, inclusion, previous, anchor }: ReceiptProof): GetInclusionProofResponse {
  return {
    checkpoint: checkpoint.note,
    inclusion: encodeInclusion(inclusion),
    previous: previous && { ...previous, inclusion: encodeInclusion(previous.inclusion) },
    anchor: anchor && encodeAnchor(anchor),
  };
}

function encodeAnchor({ registry, anchor, headers }: LinkedAnchor): Anchor {
  const { account, slots } = anchor.proof;
  const [root = [], submission = []] = slots;
  return {
    registry: hexToBytes(registry),
    headers: [...headers],
    account: account.map(hexToBytes),
    root: root.map(hexToBytes),
    submission: submission.map(hexToBytes),
  };
}

function encodeInclusion({ index, treeSize, hashes }: InclusionProof) {
  return { index, treeSize, hashes: [...hashes] };
}
