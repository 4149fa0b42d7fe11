import type { Frame } from "./frame.ts";
import { gas, storePrice } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";

/** SLOAD. */
export function sload({ world }: Machine, frame: Frame): number {
  const slot = world.slot(frame.start.account, frame.peek(0));
  if (world.warmSlot(slot) && !frame.charge(gas.coldSlotExtra)) return Halt.outOfGas;
  frame.stack[frame.sp - 1] = slot.current;
  return Halt.none;
}

// Where an instruction may not write, it is paid for nevertheless: tracers show what it would have cost.

/** SSTORE. */
export function sstore({ world }: Machine, frame: Frame): number {
  if (frame.gas <= gas.storageSentry) return Halt.outOfGas;
  const { account } = frame.start;
  const value = frame.peek(1);
  const slot = world.slot(account, frame.peek(0));
  frame.sp -= 2;
  if (world.warmSlot(slot) && !frame.charge(gas.coldSlot)) return Halt.outOfGas;
  const { cost, refund } = storePrice(slot.original, slot.current, value, 0);
  if (!frame.charge(cost)) return Halt.outOfGas;
  if (frame.start.isStatic) return Halt.writeProtection;
  world.refund += refund;
  if (slot.current !== value) world.setSlot(account, slot, value);
  return Halt.none;
}

/** TLOAD (EIP-1153). */
export function tload({ world }: Machine, frame: Frame): number {
  frame.stack[frame.sp - 1] = world.transientLoad(frame.start.account, frame.peek(0));
  return Halt.none;
}

/** TSTORE (EIP-1153). */
export function tstore({ world }: Machine, frame: Frame): number {
  if (frame.start.isStatic) return Halt.writeProtection;
  world.transientStore(frame.start.account, frame.peek(0), frame.peek(1));
  frame.sp -= 2;
  return Halt.none;
}
