import { type Fork, isActive } from "@koinon/ethereum/fork";

/**
 * What a fork changes in execution. Elsewhere: opcodes in opcode-table.ts, precompiles in @koinon/precompiles, and what a
 * transaction must be whatever the state (EIP-7623 floor, EIP-7825 cap, types) in @koinon/ethereum/transaction-rules.
 */
export interface ForkRules {
  readonly fork: Fork;
  /** EIP-7702: an account may delegate to the code of another. */
  readonly delegation: boolean;
  /** EIP-7623: data pays a floor price. */
  readonly calldataFloor: boolean;
  /** EIP-2935: block hashes are kept in a contract. */
  readonly historyContract: boolean;
  /** EIP-7685: requests to the consensus layer (EIP-6110, EIP-7002, EIP-7251). */
  readonly requests: boolean;
  /** EIP-4844, EIP-7691, EIP-7594: the most blobs in one transaction. */
  readonly blobsPerTransactionMax: number;
}

function createForkRules(fork: Fork): ForkRules {
  const prague = isActive(fork, "prague");
  const osaka = isActive(fork, "osaka");
  return {
    fork,
    delegation: prague,
    calldataFloor: prague,
    historyContract: prague,
    requests: prague,
    blobsPerTransactionMax: prague && !osaka ? 9 : 6,
  };
}

const rules: Readonly<Record<Fork, ForkRules>> = {
  cancun: createForkRules("cancun"),
  prague: createForkRules("prague"),
  osaka: createForkRules("osaka"),
};

/** The rules of a fork. */
export function forkRules(fork: Fork): ForkRules {
  return rules[fork];
}

/** Limits that no supported fork changes. */
export const limits = {
  /** EIP-170, bytes. */
  codeSize: 24_576,
  /** EIP-3860, bytes. */
  initCodeSize: 49_152,
  /** Calls and creations inside of each other, under the transaction's own. */
  callDepth: 1024,
  /** Of a log. */
  topics: 4,
  /** BLOCKHASH reaches this many blocks back. */
  blockHashes: 256,
  /** EIP-2681: the highest nonce; an account that has it creates nothing more. */
  nonce: 0xffff_ffff_ffff_ffffn,
} as const;
