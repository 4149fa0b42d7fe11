import { type Fork, isActive } from "@koinon/ethereum/fork";

/** One instruction of the Ethereum virtual machine. */
export interface Opcode {
  readonly code: number;
  readonly name: string;
  /** Gas whatever the operands; accesses are listed with their warm price (EIP-2929). */
  readonly gas: number;
  readonly pops: number;
  readonly pushes: number;
  /** The first supported fork that has it. */
  readonly since: Fork;
  /** Where it is specified, and what its further gas depends on (formulas: gas.ts). */
  readonly spec: string;
}

type Row = readonly [code: number, name: string, gas: number, pops: number, pushes: number, spec: string, since?: Fork];

// Without a named fork an instruction is older than Cancun. "YP" is the yellow paper, appendix H.
const rows: readonly Row[] = [
  [0x00, "STOP", 0, 0, 0, "YP"],
  [0x01, "ADD", 3, 2, 1, "YP"],
  [0x02, "MUL", 5, 2, 1, "YP"],
  [0x03, "SUB", 3, 2, 1, "YP"],
  [0x04, "DIV", 5, 2, 1, "YP"],
  [0x05, "SDIV", 5, 2, 1, "YP"],
  [0x06, "MOD", 5, 2, 1, "YP"],
  [0x07, "SMOD", 5, 2, 1, "YP"],
  [0x08, "ADDMOD", 8, 3, 1, "YP"],
  [0x09, "MULMOD", 8, 3, 1, "YP"],
  [0x0a, "EXP", 10, 2, 1, "YP, EIP-160; + 50 per byte of the exponent"],
  [0x0b, "SIGNEXTEND", 5, 2, 1, "YP"],
  [0x10, "LT", 3, 2, 1, "YP"],
  [0x11, "GT", 3, 2, 1, "YP"],
  [0x12, "SLT", 3, 2, 1, "YP"],
  [0x13, "SGT", 3, 2, 1, "YP"],
  [0x14, "EQ", 3, 2, 1, "YP"],
  [0x15, "ISZERO", 3, 1, 1, "YP"],
  [0x16, "AND", 3, 2, 1, "YP"],
  [0x17, "OR", 3, 2, 1, "YP"],
  [0x18, "XOR", 3, 2, 1, "YP"],
  [0x19, "NOT", 3, 1, 1, "YP"],
  [0x1a, "BYTE", 3, 2, 1, "YP"],
  [0x1b, "SHL", 3, 2, 1, "EIP-145"],
  [0x1c, "SHR", 3, 2, 1, "EIP-145"],
  [0x1d, "SAR", 3, 2, 1, "EIP-145"],
  [0x1e, "CLZ", 5, 1, 1, "EIP-7939", "osaka"],
  [0x20, "KECCAK256", 30, 2, 1, "YP; + 6 per word, memory"],
  [0x30, "ADDRESS", 2, 0, 1, "YP"],
  [0x31, "BALANCE", 100, 1, 1, "YP, EIP-1884, EIP-2929; + 2500 cold"],
  [0x32, "ORIGIN", 2, 0, 1, "YP"],
  [0x33, "CALLER", 2, 0, 1, "YP"],
  [0x34, "CALLVALUE", 2, 0, 1, "YP"],
  [0x35, "CALLDATALOAD", 3, 1, 1, "YP"],
  [0x36, "CALLDATASIZE", 2, 0, 1, "YP"],
  [0x37, "CALLDATACOPY", 3, 3, 0, "YP; + 3 per word, memory"],
  [0x38, "CODESIZE", 2, 0, 1, "YP"],
  [0x39, "CODECOPY", 3, 3, 0, "YP; + 3 per word, memory"],
  [0x3a, "GASPRICE", 2, 0, 1, "YP, EIP-1559"],
  [0x3b, "EXTCODESIZE", 100, 1, 1, "YP, EIP-2929; + 2500 cold"],
  [0x3c, "EXTCODECOPY", 100, 4, 0, "YP, EIP-2929; + 2500 cold, 3 per word, memory"],
  [0x3d, "RETURNDATASIZE", 2, 0, 1, "EIP-211"],
  [0x3e, "RETURNDATACOPY", 3, 3, 0, "EIP-211; + 3 per word, memory"],
  [0x3f, "EXTCODEHASH", 100, 1, 1, "EIP-1052, EIP-2929; + 2500 cold"],
  [0x40, "BLOCKHASH", 20, 1, 1, "YP"],
  [0x41, "COINBASE", 2, 0, 1, "YP"],
  [0x42, "TIMESTAMP", 2, 0, 1, "YP"],
  [0x43, "NUMBER", 2, 0, 1, "YP"],
  [0x44, "PREVRANDAO", 2, 0, 1, "EIP-4399"],
  [0x45, "GASLIMIT", 2, 0, 1, "YP"],
  [0x46, "CHAINID", 2, 0, 1, "EIP-1344"],
  [0x47, "SELFBALANCE", 5, 0, 1, "EIP-1884"],
  [0x48, "BASEFEE", 2, 0, 1, "EIP-3198"],
  [0x49, "BLOBHASH", 3, 1, 1, "EIP-4844", "cancun"],
  [0x4a, "BLOBBASEFEE", 2, 0, 1, "EIP-7516", "cancun"],
  [0x50, "POP", 2, 1, 0, "YP"],
  [0x51, "MLOAD", 3, 1, 1, "YP; + memory"],
  [0x52, "MSTORE", 3, 2, 0, "YP; + memory"],
  [0x53, "MSTORE8", 3, 2, 0, "YP; + memory"],
  [0x54, "SLOAD", 100, 1, 1, "YP, EIP-1884, EIP-2929; + 2000 cold"],
  [0x55, "SSTORE", 0, 2, 0, "EIP-2200, EIP-2929, EIP-3529; see storePrice"],
  [0x56, "JUMP", 8, 1, 0, "YP"],
  [0x57, "JUMPI", 10, 2, 0, "YP"],
  [0x58, "PC", 2, 0, 1, "YP"],
  [0x59, "MSIZE", 2, 0, 1, "YP"],
  [0x5a, "GAS", 2, 0, 1, "YP"],
  [0x5b, "JUMPDEST", 1, 0, 0, "YP"],
  [0x5c, "TLOAD", 100, 1, 1, "EIP-1153", "cancun"],
  [0x5d, "TSTORE", 100, 2, 0, "EIP-1153", "cancun"],
  [0x5e, "MCOPY", 3, 3, 0, "EIP-5656; + 3 per word, memory", "cancun"],
  [0x5f, "PUSH0", 2, 0, 1, "EIP-3855"],
  ...series(32, (n): Row => [0x5f + n, `PUSH${n}`, 3, 0, 1, "YP"]),
  ...series(16, (n): Row => [0x7f + n, `DUP${n}`, 3, n, n + 1, "YP"]),
  ...series(16, (n): Row => [0x8f + n, `SWAP${n}`, 3, n + 1, n + 1, "YP"]),
  ...series(5, (n): Row => [0x9f + n, `LOG${n - 1}`, 375 * n, n + 1, 0, "YP; + 8 per byte, memory"]),
  [0xf0, "CREATE", 32_000, 3, 1, "YP, EIP-3860; + 2 per word of init code, memory, 200 per byte deployed"],
  [
    0xf1,
    "CALL",
    100,
    7,
    1,
    "YP, EIP-150, EIP-2929; + 2500 cold, 9000 value, 25000 new account, memory, EIP-7702 target",
  ],
  [0xf2, "CALLCODE", 100, 7, 1, "YP, EIP-150, EIP-2929; + 2500 cold, 9000 value, memory, EIP-7702 target"],
  [0xf3, "RETURN", 0, 2, 0, "YP; + memory"],
  [0xf4, "DELEGATECALL", 100, 6, 1, "EIP-7, EIP-150, EIP-2929; + 2500 cold, memory, EIP-7702 target"],
  [0xf5, "CREATE2", 32_000, 4, 1, "EIP-1014, EIP-3860; + 8 per word of init code, memory, 200 per byte deployed"],
  [0xfa, "STATICCALL", 100, 6, 1, "EIP-214, EIP-150, EIP-2929; + 2500 cold, memory, EIP-7702 target"],
  [0xfd, "REVERT", 0, 2, 0, "EIP-140; + memory"],
  [0xfe, "INVALID", 0, 0, 0, "EIP-141"],
  [0xff, "SELFDESTRUCT", 5000, 1, 0, "YP, EIP-150, EIP-161, EIP-6780, EIP-2929; + 2600 cold, 25000 new account"],
];

function series(count: number, row: (n: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => row(index + 1));
}

/** Every instruction, in the order of its code. */
export const opcodes: readonly Opcode[] = rows.map(([code, name, gas, pops, pushes, spec, since = "cancun"]) => ({
  code,
  name,
  gas,
  pops,
  pushes,
  since,
  spec,
}));

const byCode: readonly (Opcode | undefined)[] = tableOf(opcodes);

/** The instruction with this code under the newest fork. */
export function opcodeOf(code: number): Opcode | undefined {
  return byCode[code];
}

/** The instruction's name as tracers print it. */
export function opcodeName(code: number): string {
  return byCode[code]?.name ?? `opcode 0x${code.toString(16)} not defined`;
}

/** The instructions of a fork by code; undefined where the fork has none. */
export function opcodesOf(fork: Fork): readonly (Opcode | undefined)[] {
  return tableOf(opcodes.filter(({ since }) => isActive(fork, since)));
}

function tableOf(list: readonly Opcode[]): (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = new Array(256).fill(undefined);
  for (const opcode of list) table[opcode.code] = opcode;
  return table;
}
