import type { Log } from "@koinon/ethereum/log";
import type { Tracer } from "@koinon/evm/tracer";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { wordHex } from "../codec/bytes.ts";

/** Topic of Transfer(address,address,uint256). */
const transferTopic: Hex = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** Native coin as if it were a token (ERC-7528). */
const nativeCoin: Address = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

/** The logs of a transaction with movements of native coin among them, as eth_simulateV1 shows them. */
export class TransferLog {
  #logs: Log[] = [];
  /** For every open frame, how many logs there were before it. */
  #frames: number[] = [];
  readonly tracer: Tracer = {
    begin: () => {
      this.#logs = [];
      this.#frames = [];
    },
    enter: ({ kind, from, to, value }) => {
      this.#frames.push(this.#logs.length);
      if (kind === "DELEGATECALL" || value === undefined || value === 0n) return;
      const topics = [transferTopic, wordHex(BigInt(from)), wordHex(BigInt(to))];
      this.#logs.push({ address: nativeCoin, topics, data: hexToBytes(wordHex(value)) });
    },
    log: (log) => void this.#logs.push(log),
    exit: ({ failure }) => {
      const before = this.#frames.pop() ?? 0;
      if (failure !== undefined) this.#logs.length = before;
    },
  };

  /** Logs and transfers of the last transaction, in order. */
  logs(): readonly Log[] {
    return this.#logs;
  }
}
