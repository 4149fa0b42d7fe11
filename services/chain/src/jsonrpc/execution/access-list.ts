import { isActive } from "@koinon/ethereum/fork";
import type { AccessListEntry } from "@koinon/ethereum/transaction";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { createAddress } from "@koinon/evm/creation";
import type { Tracer } from "@koinon/evm/tracer";
import { wordToAddress } from "@koinon/evm/word";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import type { CallMessage, CallOutcome, ChainExecution, ChainReader, ExecutionPlace } from "../../chain-view.ts";

/** What a message would put into its access list, and what it does with it. */
export interface CreatedAccessList {
  readonly accessList: readonly AccessListEntry[];
  readonly outcome: CallOutcome;
}

/** A list that changes what the code does could go on changing; the last one is as good as any. */
const roundsMax = 10;

/**
 * The addresses and slots that a message accesses (EIP-2930), apart from what is warm anyway. The message runs again with the
 * list that it made until the list stays the same, because code may see the difference in gas.
 */
export async function createAccessList(
  execution: ChainExecution,
  message: CallMessage,
  place: ExecutionPlace,
  reader: ChainReader,
): Promise<CreatedAccessList> {
  const excluded = warmAddresses(message, place, reader);
  let accessList = message.accessList ?? [];
  for (let round = 1; ; round++) {
    const recorder = new AccessRecorder(accessList, excluded);
    const outcome = await execution.call({ ...message, accessList }, { ...place, tracer: recorder.tracer });
    const next = recorder.list();
    if (round === roundsMax || isSameList(next, accessList)) return { accessList: next, outcome };
    accessList = next;
  }
}

/** Sender, recipient, precompiles and signers of authorizations. */
function warmAddresses(message: CallMessage, { at }: ExecutionPlace, reader: ChainReader): ReadonlySet<Address> {
  const from = message.from ?? zeroAddress;
  const nonce = message.nonce ?? reader.stateAt(at).account(from)?.nonce ?? 0n;
  const warm = new Set<Address>([from, message.to ?? createAddress(from, nonce)]);
  for (const authorization of message.authorizationList ?? []) {
    const authority = recoverAuthority(authorization);
    if (authority !== undefined) warm.add(authority);
  }
  for (const precompile of precompileAddresses(reader)) warm.add(precompile);
  return warm;
}

/** EIP-2537 ends at 0x11, EIP-7951 adds 0x100. */
function precompileAddresses(reader: ChainReader): Address[] {
  const fork = reader.config.forks.forkAt(reader.head().header.timestamp);
  const numbers = Array.from({ length: isActive(fork, "prague") ? 0x11 : 0x0a }, (_, index) => index + 1);
  if (isActive(fork, "osaka")) numbers.push(0x100);
  return numbers.map(wordToAddress);
}

const opcodes = {
  balance: 0x31,
  extcodesize: 0x3b,
  extcodecopy: 0x3c,
  extcodehash: 0x3f,
  sload: 0x54,
  sstore: 0x55,
  call: 0xf1,
  callcode: 0xf2,
  delegatecall: 0xf4,
  staticcall: 0xfa,
  selfdestruct: 0xff,
} as const;

const accountOpcodes: ReadonlySet<number> = new Set([
  opcodes.balance,
  opcodes.extcodesize,
  opcodes.extcodecopy,
  opcodes.extcodehash,
  opcodes.selfdestruct,
]);
const callOpcodes: ReadonlySet<number> = new Set([
  opcodes.call,
  opcodes.callcode,
  opcodes.delegatecall,
  opcodes.staticcall,
]);

/** Collects what instructions access, starting from a list. */
class AccessRecorder {
  /** Slots by their text: which ones there are is chosen by code (see `SlotWords`). */
  readonly #slots = new Map<Address, Map<string, bigint>>();
  readonly #excluded: ReadonlySet<Address>;
  readonly tracer: Tracer;

  constructor(initial: readonly AccessListEntry[], excluded: ReadonlySet<Address>) {
    this.#excluded = excluded;
    for (const { address, storageKeys } of initial) {
      if (!excluded.has(address)) this.#addAddress(address);
      for (const slot of storageKeys) this.#addSlot(address, slot);
    }
    this.tracer = {
      step: ({ frame, code }) => {
        if (frame.sp < 1) return;
        if (code === opcodes.sload || code === opcodes.sstore) {
          this.#addSlot(frame.start.account.address, BigInt(frame.peek(0)));
        } else if (accountOpcodes.has(code)) {
          this.#addAddress(wordToAddress(frame.peek(0)));
        } else if (callOpcodes.has(code) && frame.sp >= 5) {
          this.#addAddress(wordToAddress(frame.peek(1)));
        }
      },
    };
  }

  /** In ascending order, addresses and slots. */
  list(): AccessListEntry[] {
    return [...this.#slots]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([address, slots]) => ({ address, storageKeys: [...slots.values()].sort((a, b) => (a < b ? -1 : 1)) }));
  }

  #addAddress(address: Address): void {
    if (!this.#excluded.has(address) && !this.#slots.has(address)) this.#slots.set(address, new Map());
  }

  // A slot belongs into the list also when its address is warm: that makes the slot cheaper, not the address.
  #addSlot(address: Address, slot: bigint): void {
    const slots = this.#slots.get(address) ?? new Map<string, bigint>();
    this.#slots.set(address, slots.set(slot.toString(16), slot));
  }
}

function isSameList(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  const known = new Map(b.map(({ address, storageKeys }) => [address, new Set(storageKeys.map(String))]));
  return (
    a.length === b.length &&
    a.every(({ address, storageKeys }) => {
      const slots = known.get(address);
      return slots?.size === storageKeys.length && storageKeys.every((slot) => slots.has(String(slot)));
    })
  );
}
