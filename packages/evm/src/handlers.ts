import { call, callcode, delegatecall, staticcall } from "./calls.ts";
import { create, create2 } from "./creation.ts";
import * as environment from "./environment.ts";
import type { Frame } from "./frame.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";
import {
  calldatacopy,
  calldataload,
  codecopy,
  keccak,
  log,
  mcopy,
  returndatacopy,
  returnRange,
  revertRange,
} from "./ranges.ts";
import { selfdestruct } from "./selfdestruct.ts";
import { sload, sstore, tload, tstore } from "./storage.ts";

/** An instruction that works on a frame and the machine around it; `Halt.none` to go on. Stack bounds and static gas are dealt with. */
export type Handler = (machine: Machine, frame: Frame) => number;

/** Handlers by code, for the instructions that the interpreter does not carry out itself. */
export const handlers: readonly (Handler | undefined)[] = createHandlers({
  32: keccak,
  49: environment.balance,
  50: environment.origin,
  53: calldataload,
  55: calldatacopy,
  57: codecopy,
  58: environment.gasprice,
  59: environment.extcodesize,
  60: environment.extcodecopy,
  62: returndatacopy,
  63: environment.extcodehash,
  64: environment.blockhash,
  65: environment.coinbase,
  66: environment.timestamp,
  67: environment.number,
  68: environment.prevrandao,
  69: environment.gaslimit,
  70: environment.chainid,
  71: environment.selfbalance,
  72: environment.basefee,
  73: environment.blobhash,
  74: environment.blobbasefee,
  84: sload,
  85: sstore,
  92: tload,
  93: tstore,
  94: mcopy,
  160: (machine, frame) => log(machine, frame, 0),
  161: (machine, frame) => log(machine, frame, 1),
  162: (machine, frame) => log(machine, frame, 2),
  163: (machine, frame) => log(machine, frame, 3),
  164: (machine, frame) => log(machine, frame, 4),
  240: create,
  241: call,
  242: callcode,
  243: returnRange,
  244: delegatecall,
  245: create2,
  250: staticcall,
  253: revertRange,
  254: () => Halt.invalidOpcode,
  255: selfdestruct,
});

function createHandlers(byCode: Readonly<Record<number, Handler>>): readonly (Handler | undefined)[] {
  return Array.from({ length: 256 }, (_, code) => byCode[code]);
}
