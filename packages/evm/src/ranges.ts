import { LogWriter } from "@koinon/ethereum/log";
import { keccak256InPlace } from "@koinon/secp256k1/keccak";
import { limits } from "./fork-rules.ts";
import { type Frame, noBytes } from "./frame.ts";
import { gas, wordsFor } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";
import { readWord, toLength, type Word, writeWord } from "./word.ts";

// Instructions over ranges of bytes: hashing, copying, logging, returning.

/** KECCAK256. */
export function keccak(_machine: Machine, frame: Frame): number {
  const offset = toLength(frame.peek(0));
  const size = toLength(frame.peek(1));
  if (!frame.charge(gas.keccakWord * wordsFor(size)) || !frame.reserve(offset, size)) return Halt.outOfGas;
  frame.sp--;
  const range = size === 0 ? frame.memory.bytes.subarray(0, 0) : frame.memory.bytes.subarray(offset, offset + size);
  frame.stack[frame.sp - 1] = readWord(keccak256InPlace(range), 0);
  return Halt.none;
}

/** CALLDATALOAD. */
export function calldataload(_machine: Machine, frame: Frame): number {
  frame.stack[frame.sp - 1] = loadPadded(frame.start.input, frame.peek(0));
  return Halt.none;
}

const wordView = new DataView(new ArrayBuffer(32));
const wordBytes = new Uint8Array(wordView.buffer);

function loadPadded(input: Uint8Array, offset: Word): Word {
  if (typeof offset !== "number" || offset >= input.length) return 0;
  for (let index = 0; index < 32; index++) wordBytes[index] = input[offset + index] ?? 0;
  return readWord(wordView, 0);
}

/** CALLDATACOPY. */
export function calldatacopy(_machine: Machine, frame: Frame): number {
  return copy(frame, frame.start.input);
}

/** CODECOPY. */
export function codecopy(_machine: Machine, frame: Frame): number {
  return copy(frame, frame.start.program.bytes);
}

/** RETURNDATACOPY (EIP-211): reading beyond the end halts, though it is paid for. */
export function returndatacopy(_machine: Machine, frame: Frame): number {
  const isWithin = toLength(frame.peek(1)) + toLength(frame.peek(2)) <= frame.returnData.length;
  const halt = copy(frame, frame.returnData);
  return halt === Halt.none && !isWithin ? Halt.returnDataOutOfBounds : halt;
}

/** Copies to memory from `source`, as the three topmost items say: target, source offset, size. */
export function copy(frame: Frame, source: Uint8Array): number {
  const target = toLength(frame.peek(0));
  const from = toLength(frame.peek(1));
  const size = toLength(frame.peek(2));
  frame.sp -= 3;
  if (!frame.charge(gas.copyWord * wordsFor(size)) || !frame.reserve(target, size)) return Halt.outOfGas;
  frame.memory.copyIn(target, source, from, size);
  return Halt.none;
}

/** MCOPY (EIP-5656). */
export function mcopy(_machine: Machine, frame: Frame): number {
  const target = toLength(frame.peek(0));
  const from = toLength(frame.peek(1));
  const size = toLength(frame.peek(2));
  frame.sp -= 3;
  if (!frame.charge(gas.copyWord * wordsFor(size))) return Halt.outOfGas;
  if (!frame.reserve(Math.max(target, from), size)) return Halt.outOfGas;
  if (size > 0) frame.memory.bytes.copyWithin(target, from, from + size);
  return Halt.none;
}

/** Where topics are written on their way into a log. */
const topicViews = Array.from({ length: limits.topics }, () => new DataView(new ArrayBuffer(32)));
const topicBytes = topicViews.map(({ buffer }) => new Uint8Array(buffer));
/** By their number. */
const topicLists = Array.from({ length: limits.topics + 1 }, (_, count) => topicBytes.slice(0, count));

const logWriter = new LogWriter();

/** LOG0 to LOG4. */
export function log({ world, tracer }: Machine, frame: Frame, topicCount: number): number {
  const offset = toLength(frame.peek(0));
  const size = toLength(frame.peek(1));
  if (!frame.charge(gas.logByte * size) || !frame.reserve(offset, size)) return Halt.outOfGas;
  if (frame.start.isStatic) return Halt.writeProtection;
  for (let index = 0; index < topicCount; index++) writeWord(topicViews[index] as DataView, 0, frame.peek(2 + index));
  frame.sp -= 2 + topicCount;
  const data = size === 0 ? noBytes : frame.memory.bytes.subarray(offset, offset + size);
  const entry = logWriter.write(frame.start.account.address, topicLists[topicCount] as Uint8Array[], data);
  world.logs.push(entry);
  tracer?.log?.(entry);
  return Halt.none;
}

/** RETURN. */
export function returnRange(_machine: Machine, frame: Frame): number {
  return finish(frame, Halt.success);
}

/** REVERT (EIP-140). */
export function revertRange(_machine: Machine, frame: Frame): number {
  return finish(frame, Halt.reverted);
}

function finish(frame: Frame, halt: number): number {
  const offset = toLength(frame.peek(0));
  const size = toLength(frame.peek(1));
  frame.sp -= 2;
  if (!frame.reserve(offset, size)) return Halt.outOfGas;
  frame.output = frame.memory.slice(offset, size);
  return halt;
}
