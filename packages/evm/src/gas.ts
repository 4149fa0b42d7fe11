/**
 * Prices in gas, and the formulas over them. What an opcode costs whatever its operands is in opcode-table.ts; what depends on
 * operands or state is here, and what a transaction costs before it runs is in @koinon/ethereum/intrinsic-gas. Gas is a number
 * inside the machine: block gas stays far below 2^53.
 */
export const gas = {
  /** EIP-3860: per word of init code, in CREATE and CREATE2. */
  initCodeWord: 2,
  /** EIP-7702: of an authorization's 25,000 gas, what comes back when its authority exists already. */
  authorizationExistingRefund: 12_500,

  /** EIP-2929: the static price of an access is the warm one; a first access pays the difference on top. */
  warmAccess: 100,
  coldAccount: 2_600,
  coldAccountExtra: 2_500,
  coldSlot: 2_100,
  coldSlotExtra: 2_000,

  /** EIP-2200 with EIP-2929 and EIP-3529. */
  storageSet: 20_000,
  storageReset: 2_900,
  storageClearRefund: 4_800,
  storageSetUndoRefund: 19_900,
  storageResetUndoRefund: 2_800,
  /** EIP-2200: SSTORE needs more gas than this left. */
  storageSentry: 2_300,

  memoryWord: 3,
  memoryQuadDivisor: 512,
  copyWord: 3,
  keccakWord: 6,
  expByte: 50,
  logByte: 8,

  callValue: 9_000,
  callStipend: 2_300,
  callNewAccount: 25_000,
  selfdestructNewAccount: 25_000,
  codeDepositByte: 200,
} as const;

/** EIP-3529: at most this share of the gas used is refunded. */
const refundQuotient = 5;

/** Words of 32 bytes that cover this many bytes. */
export function wordsFor(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 32);
}

/** Price of a memory of this many words, from nothing. */
export function memoryCost(words: number): number {
  return gas.memoryWord * words + Math.floor((words * words) / gas.memoryQuadDivisor);
}

/** EIP-150: the most that a call may pass on out of what is left. */
export function allButOne64th(available: number): number {
  return available - Math.floor(available / 64);
}

/** EIP-3529: the refund that counts. */
export function cappedRefund(refund: number, gasUsed: number): number {
  return Math.min(refund, Math.floor(gasUsed / refundQuotient));
}

/** What SSTORE costs after the access itself, and by how much it changes the refund (EIP-2200, EIP-3529). */
export interface StorePrice {
  readonly cost: number;
  readonly refund: number;
}

const noop: StorePrice = { cost: gas.warmAccess, refund: 0 };
const firstSet: StorePrice = { cost: gas.storageSet, refund: 0 };
const firstReset: StorePrice = { cost: gas.storageReset, refund: 0 };
const firstClear: StorePrice = { cost: gas.storageReset, refund: gas.storageClearRefund };

/** The price of replacing `current` by `next` in a slot that held `original` before the transaction; values compare with ===. */
export function storePrice<W>(original: W, current: W, next: W, zero: W): StorePrice {
  if (current === next) return noop;
  if (original === current) {
    if (original === zero) return firstSet;
    return next === zero ? firstClear : firstReset;
  }
  let refund = 0;
  if (original !== zero) {
    if (current === zero) refund -= gas.storageClearRefund;
    else if (next === zero) refund += gas.storageClearRefund;
  }
  if (original === next) refund += original === zero ? gas.storageSetUndoRefund : gas.storageResetUndoRefund;
  return { cost: gas.warmAccess, refund };
}
