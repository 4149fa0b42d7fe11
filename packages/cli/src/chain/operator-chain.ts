import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type QueuedWithdrawal,
  WithdrawalServiceDefinition,
} from "@koinon/contracts/koinon/chain/v1/withdrawal_service";
import { developmentChain } from "@koinon/node/development-chain";
import { CertificateFiles } from "@koinon/rpc/certificate-files";
import type { Channel } from "@koinon/rpc/channel";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import type { Client } from "@koinon/rpc/handler";
import { RpcError } from "@koinon/rpc/rpc-error";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { InputError, type Terminal } from "../command.ts";
import { reasonOf } from "../connection/files.ts";
import { RefusedError } from "./json-rpc.ts";

/** A withdrawal as the chain knows it. */
export interface CreditedWithdrawal {
  readonly index: bigint;
  /** Undefined while it waits for one. */
  readonly block: { readonly number: bigint; readonly hash: Hex } | undefined;
}

const pollMs = 100;
/** What is not the chain's answer but the lack of one. */
const unanswered: ReadonlySet<string> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/** The chain's service for its operator, over gRPC. */
export class OperatorChain {
  readonly #client: Client<WithdrawalServiceDefinition>;
  readonly #channel: Channel;
  readonly #address: string;
  readonly #signal: AbortSignal;
  readonly #release: () => void;

  /** The development chain of a data folder, by its socket, which its owner alone may open. Throws InputError when it is not there. */
  static onThisMachine(folder: string, terminal: Terminal): OperatorChain {
    const socket = path.resolve(folder, developmentChain.socket);
    if (!existsSync(socket))
      throw new InputError(`no chain runs on ${folder}: there is no ${socket}; --service and --tls name one elsewhere`);
    return new OperatorChain(`unix:${socket}`, { kind: "plaintext", caller: developmentChain.operator }, terminal);
  }

  /** A chain elsewhere, with tls.crt, tls.key and ca.crt of a folder. Throws InputError when they can not be read. */
  static elsewhere(address: string, folder: string, terminal: Terminal): OperatorChain {
    const file = (name: string) => path.join(folder, name);
    let certificates: CertificateFiles;
    try {
      certificates = new CertificateFiles({
        ...{ certificateFile: file("tls.crt"), keyFile: file("tls.key"), caFile: file("ca.crt") },
      });
    } catch (cause) {
      throw new InputError(`can not read tls.crt, tls.key and ca.crt of ${folder}: ${reasonOf(cause)}`, { cause });
    }
    const security = { kind: "mtls", certificates, server: "chain" } as const;
    return new OperatorChain(address, security, terminal, () => certificates.close());
  }

  private constructor(
    address: string,
    security: Parameters<typeof createGrpcChannel>[0]["security"],
    { clock, interrupted }: Pick<Terminal, "clock" | "interrupted">,
    release: () => void = () => undefined,
  ) {
    this.#address = address;
    this.#signal = interrupted();
    this.#release = release;
    this.#channel = createGrpcChannel({ address, security, definitions: [WithdrawalServiceDefinition] }, { clock });
    this.#client = createClient(WithdrawalServiceDefinition, this.#channel, {}, { clock });
  }

  /** Resolves when it is on the chain's disk; throws RefusedError, or InputError when the chain does not answer. */
  async queue(request: { requestId: string; address: Address; amountGwei: bigint }): Promise<CreditedWithdrawal> {
    const { requestId, address, amountGwei } = request;
    const message = { requestId, address: hexToBytes(address), amountGwei };
    return this.#ask(() => this.#client.queueWithdrawal(message, { signal: this.#signal }));
  }

  /** The withdrawal once it is in a block, or as it is when that takes longer; throws like `queue`. */
  async untilInBlock(requestId: string, limitMs: number): Promise<CreditedWithdrawal> {
    const limit = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = await this.#ask(() => this.#client.getWithdrawal({ requestId }, { signal: this.#signal }));
      if (found.block !== undefined || limit.aborted) return found;
      await delay(pollMs, undefined, { signal: this.#signal });
    }
  }

  close(): void {
    this.#channel.close();
    this.#release();
  }

  async #ask(call: () => Promise<{ withdrawal?: QueuedWithdrawal | undefined }>): Promise<CreditedWithdrawal> {
    try {
      const { withdrawal } = await call();
      if (withdrawal === undefined) throw new InputError(`the chain at ${this.#address} left out what it promises`);
      const { index, block } = withdrawal;
      return { index, block: block && { number: block.number, hash: bytesToHex(block.hash) } };
    } catch (error) {
      if (!(error instanceof RpcError) || this.#signal.aborted) throw error;
      if (unanswered.has(error.status))
        throw new InputError(`can not reach the chain at ${this.#address}: ${connectionReason(error)}`, {
          cause: error,
        });
      throw new RefusedError(wordsOf(error));
    }
  }
}

/** What the connection failed of, without what grpc-js says about its balancing around it. */
function connectionReason({ detail, code }: RpcError): string {
  const [, reason] = /.*Last error: (?:Error: )?(.+?)\.? Resolution note:/.exec(detail ?? "") ?? [];
  return reason ?? detail ?? code;
}

function wordsOf({ code, facts }: RpcError): string {
  switch (code) {
    case "WITHDRAWAL_MISMATCH":
      return `this request id was used for another address or amount (withdrawal ${facts.index})`;
    case "WITHDRAWAL_QUEUE_FULL":
      return `${facts.limit} withdrawals wait for a block already`;
    case "CALLER_REFUSED":
      return "the chain does not take withdrawals from this certificate's service";
    case "METHOD_UNKNOWN":
      return "the chain takes no withdrawals: CHAIN_WITHDRAWAL_CALLERS names nobody, or it does not propose";
    default:
      return `${code} ${facts.field ?? ""}`.trim();
  }
}
