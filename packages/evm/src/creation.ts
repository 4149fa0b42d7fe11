import { encodeRlp } from "@koinon/ethereum/rlp";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, writeHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { limits } from "./fork-rules.ts";
import type { Frame } from "./frame.ts";
import { allButOne64th, gas, wordsFor } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";
import { toLength, type Word, writeWord } from "./word.ts";

/** The address of what an account creates with this nonce (yellow paper, section 7). */
export function createAddress(creator: Address, nonce: bigint): Address {
  return bytesToHex(keccak256(encodeRlp([creator, nonce])).subarray(12));
}

/** The address of what CREATE2 creates (EIP-1014). */
export function create2Address(creator: Address, salt: Word, initCode: Uint8Array): Address {
  const preimage = new Uint8Array(85);
  preimage[0] = 0xff;
  writeHex(creator, preimage, 1, 20);
  writeWord(new DataView(preimage.buffer), 21, salt);
  preimage.set(keccak256(initCode), 53);
  return bytesToHex(keccak256(preimage).subarray(12));
}

/** CREATE. */
export function create(machine: Machine, frame: Frame): number {
  return enter(machine, frame, undefined);
}

/** CREATE2 (EIP-1014). */
export function create2(machine: Machine, frame: Frame): number {
  return enter(machine, frame, frame.peek(3));
}

function enter(machine: Machine, frame: Frame, salt: Word | undefined): number {
  const value = frame.peek(0);
  const offset = toLength(frame.peek(1));
  const size = toLength(frame.peek(2));
  frame.sp -= salt === undefined ? 3 : 4;
  if (size > limits.initCodeSize) return Halt.initCodeTooLarge;
  const wordPrice = gas.initCodeWord + (salt === undefined ? 0 : gas.keccakWord);
  if (!frame.reserve(offset, size) || !frame.charge(wordPrice * wordsFor(size))) return Halt.outOfGas;
  if (frame.start.isStatic) return Halt.writeProtection;
  const passed = allButOne64th(frame.gas);
  frame.gas -= passed;
  const initCode = frame.memory.slice(offset, size);
  const creator = frame.start.account;
  return machine.enterCreate({
    kind: salt === undefined ? "CREATE" : "CREATE2",
    parent: frame,
    creator,
    address: () =>
      salt === undefined
        ? createAddress(creator.address, creator.nonce)
        : create2Address(creator.address, salt, initCode),
    value,
    initCode,
    gas: passed,
  });
}
