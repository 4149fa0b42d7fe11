import { createHash } from "node:crypto";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ReservationRequest, ReservationTerms, SettleRequest } from "../../src/market/accounts/money-store.ts";

/** 32 bytes that follow from a label. */
export function hash(label: string): Hex {
  return `0x${createHash("sha256").update(label).digest("hex")}`;
}

/** An address that follows from a label. */
export function address(label: string): Address {
  return `0x${createHash("sha256").update(label).digest("hex").slice(0, 40)}`;
}

export const zeroHash: Hex = `0x${"00".repeat(32)}`;

/** The terms of a provider named so. */
export function terms(provider: string, amount: bigint): ReservationTerms {
  return {
    provider: address(provider),
    providerName: provider,
    subject: hash(`${provider} model`),
    priceId: hash(`${provider} price`),
    certificateId: hash(`${provider} certificate`),
    amount,
  };
}

/** A reservation of a request named so. */
export function reservation(
  request: string,
  accountId: string,
  amount: bigint,
  more: Partial<ReservationRequest> & { from?: string } = {},
): ReservationRequest {
  const { from = "ada", ...rest } = more;
  return {
    ...terms(from, amount),
    requestId: hash(request),
    accountId,
    model: "small",
    endpoint: "chat",
    requestDigest: hash(`${request} body`),
    requestBytes: 200,
    relayedBy: "market-1",
    now: 1_000,
    expiresAt: 61_000,
    ...rest,
  };
}

/** Receipts of one session, each following the one before; as large as real ones. */
export class SessionSample {
  readonly provider: string;
  readonly session: Hex;
  readonly signedBy: { key: Address; epoch: bigint };
  #sequence = 0n;
  #previous = zeroHash;

  constructor(provider: string, name: string) {
    this.provider = provider;
    this.session = hash(`session ${name}`);
    this.signedBy = { key: address(`${provider} key`), epoch: 1n };
  }

  /** The next receipt, for this request. */
  next(request: string, fee: bigint, more: Partial<SettleRequest> = {}): SettleRequest {
    const settle = this.at(request, fee, this.#sequence, this.#previous, more);
    this.#sequence += 1n;
    this.#previous = settle.receiptId;
    return settle;
  }

  /** A receipt at a given place. */
  at(request: string, fee: bigint, sequence: bigint, previous: Hex, more: Partial<SettleRequest> = {}): SettleRequest {
    const receiptId = hash(`receipt ${request} ${this.session} ${sequence}`);
    return {
      requestId: hash(request),
      provider: address(this.provider),
      priceId: hash(`${this.provider} price`),
      receiptId,
      session: this.session,
      sequence,
      previous,
      signedBy: this.signedBy,
      fee,
      receipt: {
        content: Buffer.alloc(672, receiptId.slice(2, 10)),
        signature: Buffer.alloc(65, 1),
        input: { blinding: hash(`${request} input blinding`), digest: hash(`${request} body`) },
        output: { blinding: hash(`${request} output blinding`), digest: hash(`${request} answer`) },
      },
      relayed: true,
      attempts: [{ providerName: this.provider, outcome: "SERVED", durationMs: 12 }],
      event: {
        subject: `koinon.compute.v1.settled.${address(this.provider)}`,
        payload: Buffer.alloc(1_450, receiptId.slice(2, 10)),
      },
      now: 2_000,
      ...more,
    };
  }
}
