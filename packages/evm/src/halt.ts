/** How running code came to a stop; also what instruction handlers give back. */
export const Halt = {
  /** Did not stop. */
  none: 0,
  /** STOP, RETURN, SELFDESTRUCT or the end of the code. */
  success: 1,
  /** REVERT: state is undone, the gas left is given back. */
  reverted: 2,
  /** Not stopped: a call or creation was entered and comes first. */
  suspended: 3,
  // From here on: state is undone and all gas is gone.
  outOfGas: 4,
  stackUnderflow: 5,
  stackOverflow: 6,
  invalidJump: 7,
  invalidOpcode: 8,
  writeProtection: 9,
  returnDataOutOfBounds: 10,
  codeTooLarge: 11,
  codeStartsWithEf: 12,
  initCodeTooLarge: 13,
  collision: 14,
  precompileFailed: 15,
  codeStorageOutOfGas: 16,
  // From here on: nothing was run and no gas is taken.
  callTooDeep: 17,
  insufficientBalance: 18,
  nonceOverflow: 19,
} as const;

/** Names of failures, as results and tracers tell them. */
export type Failure =
  | "REVERTED"
  | "OUT_OF_GAS"
  | "STACK_UNDERFLOW"
  | "STACK_OVERFLOW"
  | "INVALID_JUMP"
  | "INVALID_OPCODE"
  | "WRITE_PROTECTION"
  | "RETURN_DATA_OUT_OF_BOUNDS"
  | "CODE_TOO_LARGE"
  | "CODE_STARTS_WITH_EF"
  | "INIT_CODE_TOO_LARGE"
  | "CREATE_COLLISION"
  | "PRECOMPILE_FAILED"
  | "CODE_STORAGE_OUT_OF_GAS"
  | "CALL_TOO_DEEP"
  | "INSUFFICIENT_BALANCE"
  | "NONCE_OVERFLOW";

const failures: readonly (Failure | undefined)[] = [
  undefined,
  undefined,
  "REVERTED",
  undefined,
  "OUT_OF_GAS",
  "STACK_UNDERFLOW",
  "STACK_OVERFLOW",
  "INVALID_JUMP",
  "INVALID_OPCODE",
  "WRITE_PROTECTION",
  "RETURN_DATA_OUT_OF_BOUNDS",
  "CODE_TOO_LARGE",
  "CODE_STARTS_WITH_EF",
  "INIT_CODE_TOO_LARGE",
  "CREATE_COLLISION",
  "PRECOMPILE_FAILED",
  "CODE_STORAGE_OUT_OF_GAS",
  "CALL_TOO_DEEP",
  "INSUFFICIENT_BALANCE",
  "NONCE_OVERFLOW",
];

/** The failure that a halt is; undefined for success. */
export function failureOf(halt: number): Failure | undefined {
  return failures[halt];
}

/** True when the halt takes all gas of the frame. */
export function takesAllGas(halt: number): boolean {
  return halt >= Halt.outOfGas && halt < Halt.callTooDeep;
}
