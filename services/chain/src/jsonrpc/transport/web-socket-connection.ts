import type { RawData, WebSocket } from "ws";
import type { Dispatcher } from "../dispatcher.ts";
import type { Connection } from "../method.ts";
import { type SubscriptionDependencies, Subscriptions } from "./subscriptions.ts";

/** Bounds of a connection. */
export interface ConnectionLimits {
  readonly subscriptionsPerConnectionMax: number;
  readonly messagesPerConnectionMax: number;
  readonly sendQueueBytesMax: number;
  readonly stalledConnectionMs: number;
}

/** What a connection needs. */
export interface ConnectionDependencies extends SubscriptionDependencies {
  readonly dispatcher: Dispatcher;
}

/** WebSocket close code for a peer that breaks a policy (RFC 6455, section 7.4.1). */
const policyViolation = 1008;

/**
 * One WebSocket. What waits to be sent is bounded: above the bound nothing is read from the peer and subscriptions pause; a peer
 * that takes nothing for too long is cut off.
 */
export class WebSocketConnection {
  readonly subscriptions: Subscriptions;
  readonly #socket: WebSocket;
  readonly #limits: ConnectionLimits;
  readonly #dispatcher: Dispatcher;
  readonly #ended = new AbortController();
  #answering = 0;
  #unsentBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #stall: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, limits: ConnectionLimits, dependencies: ConnectionDependencies) {
    this.#socket = socket;
    this.#limits = limits;
    this.#dispatcher = dependencies.dispatcher;
    this.subscriptions = new Subscriptions(limits.subscriptionsPerConnectionMax, dependencies);
    socket.on("message", (data: RawData, isBinary: boolean) => void this.#receive(data, isBinary));
    socket.on("close", () => this.#end());
    // "close" follows.
    socket.on("error", () => undefined);
  }

  async send(text: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const sizeBytes = Buffer.byteLength(text);
    this.#unsentBytes += sizeBytes;
    this.#socket.send(text, () => this.#sent(sizeBytes));
    if (this.#unsentBytes <= this.#limits.sendQueueBytesMax) return;
    this.#stall ??= setTimeout(() => this.#socket.terminate(), this.#limits.stalledConnectionMs);
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
  }

  /** Ends the connection in order. */
  close(code: number): void {
    this.#socket.close(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  async #receive(data: RawData, isBinary: boolean): Promise<void> {
    if (isBinary || !Buffer.isBuffer(data)) {
      this.close(policyViolation);
      return;
    }
    this.#answering++;
    if (this.#answering >= this.#limits.messagesPerConnectionMax) this.#socket.pause();
    const tasks: (() => void)[] = [];
    const connection: Connection = {
      subscriptions: this.subscriptions,
      send: (text) => this.send(text),
      afterAnswer: (task) => void tasks.push(task),
    };
    const answer = await this.#dispatcher.answer(data.toString("utf8"), { signal: this.#ended.signal, connection });
    if (answer !== undefined) await this.send(answer);
    for (const task of tasks) task();
    this.#answering--;
    if (!this.#ended.signal.aborted) this.#socket.resume();
  }

  #sent(sizeBytes: number): void {
    this.#unsentBytes -= sizeBytes;
    if (this.#stall !== undefined) {
      // Something was taken: the time begins again.
      clearTimeout(this.#stall);
      this.#stall = undefined;
    }
    if (this.#unsentBytes > this.#limits.sendQueueBytesMax && !this.#ended.signal.aborted) {
      this.#stall = setTimeout(() => this.#socket.terminate(), this.#limits.stalledConnectionMs);
      return;
    }
    this.#room?.resolve();
    this.#room = undefined;
  }

  #end(): void {
    this.#ended.abort();
    clearTimeout(this.#stall);
    this.#room?.resolve();
    this.#room = undefined;
    this.subscriptions.close();
  }
}
