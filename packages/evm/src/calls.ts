import type { AccountRecord } from "./account-record.ts";
import { type Frame, noBytes } from "./frame.ts";
import { allButOne64th, gas } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { CallKind, Machine } from "./machine.ts";
import { toBigInt, toLength, type Word } from "./word.ts";

/** CALL. */
export function call(machine: Machine, frame: Frame): number {
  return enter(machine, frame, "CALL", frame.peek(2));
}

/** CALLCODE: the other account's code on this account. */
export function callcode(machine: Machine, frame: Frame): number {
  return enter(machine, frame, "CALLCODE", frame.peek(2));
}

/** DELEGATECALL (EIP-7): as CALLCODE, with this frame's caller and value. */
export function delegatecall(machine: Machine, frame: Frame): number {
  return enter(machine, frame, "DELEGATECALL", undefined);
}

/** STATICCALL (EIP-214). */
export function staticcall(machine: Machine, frame: Frame): number {
  return enter(machine, frame, "STATICCALL", undefined);
}

function enter(machine: Machine, frame: Frame, kind: CallKind, value: Word | undefined): number {
  const transfers = value !== undefined && value !== 0;
  const target = machine.world.accountAt(frame.peek(1));
  // Under gas and target there is the value, if there is one, then the ranges.
  const ranges = value === undefined ? 2 : 3;
  const inputOffset = toLength(frame.peek(ranges));
  const inputSize = toLength(frame.peek(ranges + 1));
  const outputOffset = toLength(frame.peek(ranges + 2));
  const outputSize = toLength(frame.peek(ranges + 3));
  const requested = frame.peek(0);
  frame.sp -= ranges + 4;
  if (!frame.reserve(inputOffset, inputSize) || !frame.reserve(outputOffset, outputSize)) return Halt.outOfGas;
  if (!frame.charge(callPrice(machine, target, kind, transfers))) return Halt.outOfGas;
  const available = allButOne64th(frame.gas);
  const passed = Math.min(available, typeof requested === "number" ? requested : Number(requested));
  frame.gas -= passed;
  if (transfers && kind === "CALL" && frame.start.isStatic) return Halt.writeProtection;
  const { account, caller } = frame.start;
  const isOwn = kind === "CALLCODE" || kind === "DELEGATECALL";
  return machine.enterCall({
    kind,
    parent: frame,
    caller: kind === "DELEGATECALL" ? caller : account.word,
    from: account,
    account: isOwn ? account : target,
    target,
    value: kind === "DELEGATECALL" ? frame.start.value : (value ?? 0),
    input: inputSize === 0 ? noBytes : frame.memory.slice(inputOffset, inputSize),
    gas: passed + (transfers ? gas.callStipend : 0),
    isStatic: frame.start.isStatic || kind === "STATICCALL",
    outputOffset,
    outputSize,
  });
}

/** What a call costs apart from its static price, its memory and the gas that it passes on. */
function callPrice({ world, rules }: Machine, target: AccountRecord, kind: CallKind, transfers: boolean): number {
  let price = world.warmAccount(target) ? gas.coldAccountExtra : 0;
  if (transfers) {
    price += gas.callValue;
    if (kind === "CALL" && target.isEmpty) price += gas.callNewAccount;
  }
  if (rules.delegation && target.hasCode) {
    const { delegate } = world.program(target);
    if (delegate !== undefined) price += world.warmAccount(world.account(delegate)) ? gas.coldAccount : gas.warmAccess;
  }
  return price;
}

/** True when the account can pay. */
export function canPay(account: AccountRecord, value: Word): boolean {
  return value === 0 || account.balance >= toBigInt(value);
}
