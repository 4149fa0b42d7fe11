import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signAuthorization, signTransaction } from "@koinon/ethereum/transaction-signing";
import { createAddress } from "@koinon/evm/creation";
import { systemContracts } from "@koinon/evm/system-calls";
import type { Address } from "@koinon/secp256k1/address";
import type { SeededRandom } from "@koinon/testkit/seeded-random";
import { signerOf, transfer } from "../sample-transactions.ts";
import { depositContract } from "./test-genesis.ts";

/** Signs transactions of the rich senders and counts their nonces. */
export class Wallets {
  readonly #nonces = new Map<number, number>();

  /** The next transaction of a sender. */
  sign(sender: number, payload: Partial<TransactionPayload> = {}): Uint8Array {
    const nonce = this.nonceOf(sender);
    this.#nonces.set(sender, nonce + 1);
    // Full blocks raise the base fee by an eighth each.
    const fees = { maxFeePerGas: 5_000_000_000_000n, maxPriorityFeePerGas: BigInt(1_000_000_000 + sender) };
    return encodeTransaction(signTransaction(transfer(nonce, { ...fees, ...payload }), signerOf(sender)));
  }

  nonceOf(sender: number): number {
    return this.#nonces.get(sender) ?? 0;
  }

  /** Counts a nonce that something else than a transaction of the sender used. */
  skip(sender: number): void {
    this.#nonces.set(sender, this.nonceOf(sender) + 1);
  }
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ""), "hex"));

/** Init code that deploys the given runtime code. */
export function initCode(runtime: string): Uint8Array {
  const code = hex(runtime);
  const length = code.length.toString(16).padStart(4, "0");
  return new Uint8Array(Buffer.concat([hex(`61${length} 80 600a 3d 39 3d f3`), code]));
}

/** slot[word 0] = word 1; logs both with a topic; answers the old value. */
const storeAndLog = "5f35 80 54 5f52 6020 35 90 81 5f35 55 60205260aa60405fa1 60205ff3";
/** Calls the precompile that the first word names with the rest, and stores the success and the size of what it answers. */
const callPrecompile = "602036035f 6020 82 37 5f80 602036035f 5f5f35 5a f1 6001 55 3d 6002 55 00";

/** Transfers of every sender. */
export function transfers(wallets: Wallets, senders: number): Uint8Array[] {
  return Array.from({ length: senders }, (_, sender) =>
    wallets.sign(sender, { value: BigInt(sender + 1), to: signerOf(sender + 1).address }),
  );
}

/** Legacy and access-list transactions beside dynamic fees. */
export function olderTypes(wallets: Wallets): Uint8Array[] {
  const { maxFeePerGas: _, maxPriorityFeePerGas: __, ...base } = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
  const legacy = { ...base, type: 0, gasPrice: 20_000_000_000n } as Partial<TransactionPayload>;
  const listed = {
    type: 1,
    gasPrice: 20_000_000_000n,
    gasLimit: 60_000n,
    accessList: [{ address: signerOf(3).address, storageKeys: [1n, 2n] }],
  } as Partial<TransactionPayload>;
  return [
    wallets.sign(20, legacy),
    wallets.sign(21, listed),
    wallets.sign(22, { ...legacy, chainId: undefined } as never),
  ];
}

/** A contract that stores and logs: deployed, called, and called with too little gas. */
export function contracts(wallets: Wallets, sender = 0): Uint8Array[] {
  const address = createAddress(signerOf(sender).address, BigInt(wallets.nonceOf(sender)));
  const call = (slot: string, value: string, gasLimit = 100_000n) =>
    wallets.sign(sender, {
      to: address,
      value: 0n,
      gasLimit,
      data: hex(slot.padStart(64, "0") + value.padStart(64, "0")),
    });
  return [
    wallets.sign(sender, { to: undefined, value: 0n, gasLimit: 300_000n, data: initCode(storeAndLog) }),
    call("01", "ff"),
    call("02", "07"),
    call("01", "00"),
    call("03", "01", 24_000n),
    // Reverts with data.
    wallets.sign(sender, { to: undefined, value: 0n, gasLimit: 100_000n, data: hex("60aa5f5260205ffd") }),
  ];
}

/** A call of every precompile, with input that some take and some refuse. */
export function precompileCalls(wallets: Wallets, sender = 1): Uint8Array[] {
  const address = createAddress(signerOf(sender).address, BigInt(wallets.nonceOf(sender)));
  const create = wallets.sign(sender, { to: undefined, value: 0n, gasLimit: 300_000n, data: initCode(callPrecompile) });
  const numbers = [...Array.from({ length: 0x11 }, (_, index) => index + 1), 0x100];
  const calls = numbers.map((number, index) =>
    wallets.sign(sender, {
      to: address,
      value: 0n,
      gasLimit: 1_000_000n,
      data: hex(number.toString(16).padStart(64, "0") + "01".repeat(index % 2 === 0 ? 128 : 0)),
    }),
  );
  return [create, ...calls];
}

/** Contracts that destroy themselves: while they are made, and later. */
export function selfDestructs(wallets: Wallets, sender = 2): Uint8Array[] {
  const address = createAddress(signerOf(sender).address, BigInt(wallets.nonceOf(sender) + 1));
  return [
    wallets.sign(sender, { to: undefined, value: 9n, gasLimit: 100_000n, data: hex("33ff") }),
    wallets.sign(sender, { to: undefined, value: 5n, gasLimit: 100_000n, data: initCode("60ccff") }),
    wallets.sign(sender, { to: address, value: 3n, gasLimit: 100_000n }),
  ];
}

/** Accounts that delegate to code (EIP-7702), are called, and go back. */
export function delegations(wallets: Wallets, sponsor = 4, authority = 5): Uint8Array[] {
  const code = createAddress(signerOf(sponsor).address, BigInt(wallets.nonceOf(sponsor)));
  const raws = [wallets.sign(sponsor, { to: undefined, value: 0n, gasLimit: 300_000n, data: initCode(storeAndLog) })];
  const delegate = (address: Address) => {
    const message = { chainId: 31_337n, address, nonce: BigInt(wallets.nonceOf(authority)) };
    wallets.skip(authority);
    const data = hex("05".padStart(64, "0") + "06".padStart(64, "0"));
    const authorizationList = [signAuthorization(message, signerOf(authority))];
    const to = signerOf(authority).address;
    return wallets.sign(sponsor, { type: 4, to, value: 0n, gasLimit: 300_000n, data, authorizationList } as never);
  };
  raws.push(delegate(code));
  raws.push(
    wallets.sign(sponsor, {
      to: signerOf(authority).address,
      value: 1n,
      gasLimit: 200_000n,
      data: hex("00".repeat(64)),
    }),
  );
  raws.push(delegate("0x0000000000000000000000000000000000000000"));
  return raws;
}

/** What consensus hears of: a deposit, a withdrawal and a consolidation (EIP-6110, EIP-7002, EIP-7251). */
export function consensusRequests(wallets: Wallets, sender = 7): Uint8Array[] {
  const fields: readonly (readonly [offset: number, content: string])[] = [
    [160, "11".repeat(48)],
    [256, "22".repeat(32)],
    [320, "33".repeat(8)],
    [384, "44".repeat(96)],
    [512, "55".repeat(8)],
  ];
  const log = new Uint8Array(576);
  const view = new DataView(log.buffer);
  for (const [index, [offset, content]] of fields.entries()) {
    view.setUint32(32 * index + 28, offset);
    view.setUint32(offset + 28, content.length / 2);
    log.set(hex(content), offset + 32);
  }
  const ask = (to: Address, data: Uint8Array, value: bigint) =>
    wallets.sign(sender, { to, data, value, gasLimit: 500_000n });
  return [
    ask(depositContract, log, 0n),
    ask(systemContracts.withdrawalRequests, hex("66".repeat(56)), 10n),
    ask(systemContracts.consolidationRequests, hex("77".repeat(96)), 10n),
  ];
}

/** Creations and calls of random code that often does something: pushes before operations, within bounds of memory. */
export function randomPrograms(wallets: Wallets, random: SeededRandom, count: number, sender = 6): Uint8Array[] {
  const operations = [0x01, 0x02, 0x03, 0x04, 0x06, 0x0a, 0x0b, 0x10, 0x16, 0x19, 0x1a, 0x1b, 0x20, 0x31, 0x3b, 0x3f];
  operations.push(0x40, 0x41, 0x42, 0x44, 0x47, 0x48, 0x51, 0x52, 0x53, 0x54, 0x55, 0x59, 0x5a, 0x5c, 0x5d, 0x5e, 0x80);
  operations.push(0x81, 0x90, 0xa0, 0xa1, 0xf0, 0xf1, 0xf4, 0xf5, 0xfa);
  const program = (): Uint8Array => {
    const bytes: number[] = [];
    for (let step = 0; step < 60; step++) {
      for (let push = random.integer(4); push >= 0; push--) bytes.push(0x60, random.integer(push === 0 ? 256 : 48));
      bytes.push(operations[random.integer(operations.length)] as number);
    }
    return Uint8Array.from(bytes);
  };
  return Array.from({ length: count }, () =>
    wallets.sign(sender, { to: undefined, value: BigInt(random.integer(3)), gasLimit: 500_000n, data: program() }),
  );
}
