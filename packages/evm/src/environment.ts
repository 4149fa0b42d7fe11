import type { AccountRecord } from "./account-record.ts";
import { limits } from "./fork-rules.ts";
import { type Frame, noBytes } from "./frame.ts";
import { gas } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";
import { copy } from "./ranges.ts";
import { hexToWord, toWord, type Word } from "./word.ts";

/** The account that the topmost item names, paid for when cold (EIP-2929); undefined when there is not enough gas. */
function access({ world }: Machine, frame: Frame): AccountRecord | undefined {
  const account = world.accountAt(frame.peek(0));
  return world.warmAccount(account) && !frame.charge(gas.coldAccountExtra) ? undefined : account;
}

function replace(frame: Frame, word: Word): number {
  frame.stack[frame.sp - 1] = word;
  return Halt.none;
}

function push(frame: Frame, word: Word): number {
  frame.push(word);
  return Halt.none;
}

/** BALANCE. */
export function balance(machine: Machine, frame: Frame): number {
  const account = access(machine, frame);
  return account === undefined ? Halt.outOfGas : replace(frame, toWord(account.balance));
}

/** EXTCODESIZE. */
export function extcodesize(machine: Machine, frame: Frame): number {
  const account = access(machine, frame);
  if (account === undefined) return Halt.outOfGas;
  return replace(frame, account.hasCode ? machine.world.program(account).bytes.length : 0);
}

/** EXTCODECOPY. */
export function extcodecopy(machine: Machine, frame: Frame): number {
  const account = access(machine, frame);
  if (account === undefined) return Halt.outOfGas;
  frame.sp--;
  return copy(frame, account.hasCode ? machine.world.program(account).bytes : noBytes);
}

/** EXTCODEHASH (EIP-1052): zero for an account that is empty or not there. */
export function extcodehash(machine: Machine, frame: Frame): number {
  const account = access(machine, frame);
  if (account === undefined) return Halt.outOfGas;
  return replace(frame, account.isEmpty ? 0 : hexToWord(account.codeHash));
}

/** BLOCKHASH: of the 256 blocks before this one. */
export function blockhash({ block }: Machine, frame: Frame): number {
  const wanted = frame.peek(0);
  const age = typeof wanted === "bigint" ? 0 : Number(block.context.number) - wanted;
  if (age < 1 || age > limits.blockHashes) return replace(frame, 0);
  const hash = block.context.blockHash(BigInt(wanted));
  return replace(frame, hash === undefined ? 0 : hexToWord(hash));
}

/** BLOBHASH (EIP-4844). */
export function blobhash({ transaction }: Machine, frame: Frame): number {
  const index = frame.peek(0);
  const hash = typeof index === "number" ? transaction.blobHashes[index] : undefined;
  return replace(frame, hash === undefined ? 0 : hexToWord(hash));
}

/** SELFBALANCE. */
export function selfbalance(_machine: Machine, frame: Frame): number {
  return push(frame, toWord(frame.start.account.balance));
}

/** ORIGIN. */
export function origin({ transaction }: Machine, frame: Frame): number {
  return push(frame, transaction.origin);
}

/** GASPRICE: what the sender pays per gas. */
export function gasprice({ transaction }: Machine, frame: Frame): number {
  return push(frame, transaction.gasPrice);
}

/** COINBASE. */
export function coinbase({ block }: Machine, frame: Frame): number {
  return push(frame, block.coinbase);
}

/** TIMESTAMP. */
export function timestamp({ block }: Machine, frame: Frame): number {
  return push(frame, block.timestamp);
}

/** NUMBER. */
export function number({ block }: Machine, frame: Frame): number {
  return push(frame, block.number);
}

/** PREVRANDAO (EIP-4399). */
export function prevrandao({ block }: Machine, frame: Frame): number {
  return push(frame, block.prevRandao);
}

/** GASLIMIT. */
export function gaslimit({ block }: Machine, frame: Frame): number {
  return push(frame, block.gasLimit);
}

/** CHAINID. */
export function chainid({ block }: Machine, frame: Frame): number {
  return push(frame, block.chainId);
}

/** BASEFEE. */
export function basefee({ block }: Machine, frame: Frame): number {
  return push(frame, block.baseFee);
}

/** BLOBBASEFEE (EIP-7516). */
export function blobbasefee({ block }: Machine, frame: Frame): number {
  return push(frame, block.blobBaseFee);
}
