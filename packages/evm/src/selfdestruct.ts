import type { Frame } from "./frame.ts";
import { gas } from "./gas.ts";
import { Halt } from "./halt.ts";
import type { Machine } from "./machine.ts";

/** SELFDESTRUCT: moves the balance; the account goes only when it was created in the same transaction (EIP-6780). */
export function selfdestruct(machine: Machine, frame: Frame): number {
  const { world } = machine;
  const { account } = frame.start;
  const beneficiary = world.accountAt(frame.peek(0));
  frame.sp--;
  let price = world.warmAccount(beneficiary) ? gas.coldAccount : 0;
  if (beneficiary.isEmpty && account.balance > 0n) price += gas.selfdestructNewAccount;
  if (!frame.charge(price)) return Halt.outOfGas;
  if (frame.start.isStatic) return Halt.writeProtection;
  const { balance } = account;
  world.debit(account, balance);
  world.credit(beneficiary, balance);
  if (world.isCreated(account)) {
    world.debit(account, account.balance);
    world.markDestroyed(account);
  }
  machine.traceSelfdestruct(frame, beneficiary.address, balance);
  return Halt.success;
}
