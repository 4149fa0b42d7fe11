import type { Frame } from "../frame.ts";
import type { Failure } from "../halt.ts";
import { opcodeName, opcodeOf } from "../opcode-table.ts";

const messages: Readonly<Record<Exclude<Failure, "STACK_UNDERFLOW" | "STACK_OVERFLOW" | "INVALID_OPCODE">, string>> = {
  REVERTED: "execution reverted",
  OUT_OF_GAS: "out of gas",
  INVALID_JUMP: "invalid jump destination",
  WRITE_PROTECTION: "write protection",
  RETURN_DATA_OUT_OF_BOUNDS: "return data out of bounds",
  CODE_TOO_LARGE: "max code size exceeded",
  CODE_STARTS_WITH_EF: "invalid code: must not begin with 0xef",
  INIT_CODE_TOO_LARGE: "max initcode size exceeded",
  CREATE_COLLISION: "contract address collision",
  PRECOMPILE_FAILED: "precompile failed",
  CODE_STORAGE_OUT_OF_GAS: "contract creation code storage out of gas",
  CALL_TOO_DEEP: "max call depth exceeded",
  INSUFFICIENT_BALANCE: "insufficient balance for transfer",
  NONCE_OVERFLOW: "nonce uint64 overflow",
};

const early: ReadonlySet<Failure> = new Set(["OUT_OF_GAS", "STACK_UNDERFLOW", "STACK_OVERFLOW", "INIT_CODE_TOO_LARGE"]);

/** True for a failure that geth finds before it carries out the instruction: its tracers then treat the instruction as not begun. */
export function precedesInstruction(failure: Failure): boolean {
  return early.has(failure);
}

/** A failure in geth's words; `frame` is the traced frame in which it happened, when there is one. */
export function failureMessage(failure: Failure, frame: Frame | undefined): string {
  switch (failure) {
    case "OUT_OF_GAS":
      return isSentry(frame) ? "out of gas: not enough gas for reentrancy sentry" : messages[failure];
    case "INVALID_OPCODE":
      return `invalid opcode: ${opcodeName(failedCode(frame))}`;
    case "STACK_UNDERFLOW":
      return `stack underflow (${frame?.sp ?? 0} <=> ${opcodeOf(failedCode(frame))?.pops ?? 0})`;
    case "STACK_OVERFLOW":
      return `stack limit reached ${frame?.sp ?? 0} (${overflowLimit(frame)})`;
    default:
      return messages[failure];
  }
}

const sstore = 0x55;

/** EIP-2200: SSTORE fails with gas that is left, but little. */
function isSentry(frame: Frame | undefined): boolean {
  return frame !== undefined && failedCode(frame) === sstore && frame.haltGas >= 0;
}

function failedCode(frame: Frame | undefined): number {
  return frame?.start.program.bytes[frame.tracedPc] ?? 0;
}

/** The most items with which the failed instruction may begin. */
function overflowLimit(frame: Frame | undefined): number {
  const opcode = opcodeOf(failedCode(frame));
  return opcode === undefined ? 1024 : 1024 + opcode.pops - opcode.pushes;
}
