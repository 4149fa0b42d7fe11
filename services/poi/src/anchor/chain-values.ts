import type { BlockHeader } from "@koinon/ethereum/block-header";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { z } from "zod";

/** Values of the Ethereum JSON-RPC (execution-apis), read strictly. */
export const quantity: z.ZodType<bigint> = z
  .string()
  .regex(/^0x(0|[1-9a-f][0-9a-f]{0,63})$/, "is not a quantity")
  .transform((text) => BigInt(text))
  .pipe(z.bigint());

/** Bytes of any length, made lower case. */
export const data: z.ZodType<Hex> = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/, "is not data")
  .transform((text) => text.toLowerCase() as Hex)
  .pipe(z.custom<Hex>());

/** Exactly so many bytes. */
export function fixedData(sizeBytes: number): z.ZodType<Hex> {
  return data.refine((value) => value.length === 2 + 2 * sizeBytes, `is not ${sizeBytes} bytes`);
}

const hash = fixedData(32);

/** A block of Cancun or later as eth_getBlockByNumber gives it, without its transactions. */
export const headerSchema = z
  .object({
    hash,
    parentHash: hash,
    sha3Uncles: hash,
    miner: fixedData(20),
    stateRoot: hash,
    transactionsRoot: hash,
    receiptsRoot: hash,
    logsBloom: fixedData(256),
    difficulty: quantity,
    number: quantity,
    gasLimit: quantity,
    gasUsed: quantity,
    timestamp: quantity,
    extraData: data,
    mixHash: hash,
    nonce: fixedData(8),
    baseFeePerGas: quantity,
    withdrawalsRoot: hash,
    blobGasUsed: quantity,
    excessBlobGas: quantity,
    parentBeaconBlockRoot: hash,
    // Absent before Prague.
    requestsHash: hash.optional(),
  })
  .transform(({ hash: blockHash, ...block }) => ({ hash: blockHash, header: headerFrom(block) }));

/** What is used of a transaction's receipt. */
export const receiptSchema = z
  .object({ status: quantity, blockNumber: quantity, blockHash: hash })
  .nullable()
  .transform((receipt) => receipt ?? undefined);

/** What is used of eth_getProof (EIP-1186). */
export const proofSchema = z.object({
  accountProof: z.array(data),
  storageProof: z.array(z.object({ proof: z.array(data) })),
});

type BlockJson = Omit<
  BlockHeader,
  "unclesHash" | "beneficiary" | "prevRandao" | "logsBloom" | "extraData" | "requestsHash"
> & {
  readonly sha3Uncles: Hex;
  readonly miner: Hex;
  readonly mixHash: Hex;
  readonly logsBloom: Hex;
  readonly extraData: Hex;
  readonly requestsHash?: Hex | undefined;
};

function headerFrom({
  sha3Uncles,
  miner,
  mixHash,
  logsBloom,
  extraData,
  requestsHash,
  ...fields
}: BlockJson): BlockHeader {
  return {
    ...fields,
    unclesHash: sha3Uncles,
    beneficiary: miner,
    prevRandao: mixHash,
    logsBloom: hexToBytes(logsBloom),
    extraData: hexToBytes(extraData),
    requestsHash,
  };
}
