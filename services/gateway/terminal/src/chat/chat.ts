import { createStore, type ReadableStore, type Store } from "../state/store.ts";
import type { FinishedExchange } from "./answer-stream/exchange.ts";
import { runExchange } from "./answer-stream/exchange.ts";
import type { ChatQuestion } from "./chat-question.ts";
import {
  type Answer,
  answersOf,
  beforeTurn,
  type Conversation,
  chosenAnswer,
  mapAnswer,
  titleOf,
  turnsMax,
  withAnswer,
  withChosen,
  withTurn,
} from "./conversation.ts";
import type { NextFrame } from "./readings.ts";
import { Readings } from "./readings.ts";
import { conversationToMarkdown, exportConversation } from "./records/conversation-export.ts";
import type { ConversationRecords, ConversationSummary, ExchangeRecord } from "./records/conversation-records.ts";
import type { Exchanged } from "./request-body.ts";

/** The answer that is being written. */
export interface RunningAnswer {
  readonly answerId: string;
  readonly conversationId: string;
}

/** What a chat works with. */
export interface ChatDependencies {
  /** Turns a prompt and what went before into a request; null when no model can be asked. */
  prepare(prompt: string, history: readonly Exchanged[]): ChatQuestion | null;
  post(question: ChatQuestion, signal: AbortSignal): Promise<Response>;
  readonly records: Pick<
    ConversationRecords,
    "list" | "load" | "save" | "saveExchange" | "deleteExchanges" | "delete" | "clear"
  >;
  /** Told of every answer that has its last byte, and of every one found in storage. */
  onExchange(exchange: ExchangeRecord, answer: Answer, prompt: string): void;
  /** Told when money may have moved. */
  onSpent(): void;
  readonly nextFrame: NextFrame;
  now(): number;
  newId(): string;
}

/** Conversations and the one answer that may be under way. */
export class Chat {
  readonly readings: Readings;
  readonly #dependencies: ChatDependencies;
  readonly #list = createStore<readonly ConversationSummary[]>([]);
  readonly #current: Store<Conversation>;
  readonly #running = createStore<RunningAnswer | null>(null);
  readonly #storageProblem = createStore<string | null>(null);
  #abort = new AbortController();
  /** The conversation that was asked for last; undefined for a new one. */
  #opening: string | undefined;
  /** The running answer's conversation, which may not be the one on the screen. */
  #runningIn: Conversation | undefined;

  constructor(dependencies: ChatDependencies) {
    this.#dependencies = dependencies;
    this.readings = new Readings(dependencies.nextFrame);
    this.#current = createStore(this.#empty());
  }

  get list(): ReadableStore<readonly ConversationSummary[]> {
    return this.#list;
  }

  get current(): ReadableStore<Conversation> {
    return this.#current;
  }

  get running(): ReadableStore<RunningAnswer | null> {
    return this.#running;
  }

  /** Why conversations can not be kept, in words; null while they can. */
  get storageProblem(): ReadableStore<string | null> {
    return this.#storageProblem;
  }

  /** Reads the list of conversations. */
  async refreshList(): Promise<void> {
    this.#list.set(await this.#dependencies.records.list());
  }

  /** Puts an empty conversation on the screen. */
  startNew(): void {
    this.#opening = undefined;
    if (this.#current.get().turns.length > 0) this.#current.set(this.#empty());
  }

  /** Puts a conversation on the screen; false when it is gone. */
  async open(id: string): Promise<boolean> {
    this.#opening = id;
    if (this.#current.get().id === id) return true;
    const found = await this.#dependencies.records.load(id);
    if (found === null) return false;
    // Meanwhile another one was asked for.
    if (this.#opening !== id) return true;
    const conversation = this.#runningIn?.id === id ? this.#runningIn : found.conversation;
    this.#current.set(conversation);
    const running = this.#running.get()?.answerId;
    this.readings.keepOnly(new Set([...answersOf(conversation).map((answer) => answer.id), running ?? ""]));
    const exchanges = new Map(found.exchanges.map((exchange) => [exchange.answerId, exchange]));
    for (const turn of conversation.turns) {
      for (const answer of turn.answers) {
        const exchange = exchanges.get(answer.id);
        if (exchange === undefined) continue;
        this.readings.readBytes(answer.id, exchange.response);
        this.#dependencies.onExchange(exchange, answer, turn.prompt);
      }
    }
    return true;
  }

  /** Asks in the conversation on the screen. Resolves when the answer has ended; answers false when it could not be asked. */
  async send(prompt: string): Promise<boolean> {
    const conversation = this.#current.get();
    if (conversation.turns.length >= turnsMax) return false;
    const titled = conversation.turns.length === 0 ? { ...conversation, title: titleOf(prompt) } : conversation;
    return this.#ask(titled, prompt, null);
  }

  /** Asks the same prompt again; the new answer stands beside the old ones. */
  async regenerate(turnId: string): Promise<boolean> {
    const conversation = this.#current.get();
    const turn = conversation.turns.find(({ id }) => id === turnId);
    return turn !== undefined && this.#ask(conversation, turn.prompt, turnId);
  }

  /** Goes back to a turn and asks something else there; what came after it is dropped. */
  async editAndResend(turnId: string, prompt: string): Promise<boolean> {
    const conversation = this.#current.get();
    const kept = beforeTurn(conversation, turnId);
    if (kept === conversation || this.#running.get() !== null) return false;
    const keptIds = new Set(answersOf(kept).map(({ id }) => id));
    const dropped = answersOf(conversation).flatMap(({ id }) => (keptIds.has(id) ? [] : [id]));
    await this.#dependencies.records.deleteExchanges(dropped);
    return this.#ask(kept.turns.length === 0 ? { ...kept, title: titleOf(prompt) } : kept, prompt, null);
  }

  /** Stops the running answer; what has arrived stays. */
  stop(): void {
    this.#abort.abort();
  }

  /** Shows another answer of a turn. */
  choose(turnId: string, chosen: number): void {
    this.#current.update((conversation) => withChosen(conversation, turnId, chosen));
    const conversation = this.#current.get();
    if (this.#runningIn?.id === conversation.id) this.#runningIn = conversation;
    void this.#save(conversation);
  }

  async delete(id: string): Promise<void> {
    if (this.#runningIn?.id === id) this.#abandon();
    await this.#dependencies.records.delete(id);
    if (this.#current.get().id === id) this.#current.set(this.#empty());
    await this.refreshList();
  }

  async deleteAll(): Promise<void> {
    this.#abandon();
    await this.#dependencies.records.clear();
    this.#current.set(this.#empty());
    await this.refreshList();
  }

  /** The conversation as a file: with its bytes and proofs as JSON, or as Markdown to read; null when it is gone. */
  async export(id: string, form: "proofs" | "markdown"): Promise<string | null> {
    const found = await this.#dependencies.records.load(id);
    if (found === null) return null;
    const write = form === "proofs" ? exportConversation : conversationToMarkdown;
    return write(found.conversation, found.exchanges);
  }

  /** Stops the running answer and keeps nothing of it. */
  #abandon(): void {
    this.#runningIn = undefined;
    this.stop();
  }

  async #ask(conversation: Conversation, prompt: string, turnId: string | null): Promise<boolean> {
    if (this.#running.get() !== null) return false;
    const before = turnId === null ? conversation : beforeTurn(conversation, turnId);
    const question = this.#dependencies.prepare(prompt, this.#historyOf(before));
    if (question === null) return false;
    const { now, newId } = this.#dependencies;
    const answer = newAnswer(newId(), question, now());
    const asked =
      turnId === null
        ? withTurn(conversation, { id: newId(), prompt, answers: [answer], chosen: 0 }, now())
        : withAnswer(conversation, turnId, answer, now());
    this.#runningIn = asked;
    this.#current.set(asked);
    this.#abort = new AbortController();
    this.#running.set({ answerId: answer.id, conversationId: asked.id });
    // The question does not wait for the disk.
    const [finished] = await Promise.all([this.#run(question, answer.id), this.#save(asked)]);
    await this.#finish(finished, question, answer.id, prompt);
    return true;
  }

  #run(question: ChatQuestion, answerId: string): Promise<FinishedExchange> {
    return runExchange((signal) => this.#dependencies.post(question, signal), this.#abort.signal, {
      onHead: (head) => this.#change(answerId, (answer) => ({ ...answer, state: "streaming", head })),
      onReading: (reading) => {
        if (reading.text !== "" || reading.reasoning !== "") this.#noteFirstByte(answerId);
        this.readings.progress(answerId, reading);
      },
    });
  }

  async #finish(
    { end, head, response, reading }: FinishedExchange,
    question: ChatQuestion,
    answerId: string,
    prompt: string,
  ): Promise<void> {
    this.readings.finish(answerId, reading);
    this.#change(answerId, (answer) => ({
      ...answer,
      state: end.kind,
      head: head ?? answer.head,
      endedAt: this.#dependencies.now(),
      reason: end.kind === "broken" ? end.reason : null,
      fault: end.kind === "refused" ? end.fault : null,
    }));
    const conversation = this.#runningIn;
    this.#runningIn = undefined;
    this.#running.set(null);
    this.#dependencies.onSpent();
    const answer = conversation && answersOf(conversation).find(({ id }) => id === answerId);
    if (conversation === undefined || answer === undefined) return;
    if (head !== null) {
      const requestId = head.requestId;
      const exchange = {
        answerId,
        conversationId: conversation.id,
        requestId,
        request: question.body,
        response,
        bundle: null,
      };
      this.#dependencies.onExchange(exchange, answer, prompt);
      await this.#keep(exchange);
    }
    await this.#save(conversation);
  }

  async #keep(exchange: ExchangeRecord): Promise<void> {
    try {
      await this.#dependencies.records.saveExchange(exchange);
    } catch (error) {
      this.#storageProblem.set(error instanceof Error ? error.message : String(error));
    }
  }

  #noteFirstByte(answerId: string): void {
    const running = this.#runningIn && answersOf(this.#runningIn).find(({ id }) => id === answerId);
    if (running?.firstByteAt !== null) return;
    this.#change(answerId, (answer) => ({ ...answer, firstByteAt: this.#dependencies.now() }));
  }

  #change(answerId: string, change: (answer: Answer) => Answer): void {
    if (this.#runningIn === undefined) return;
    this.#runningIn = mapAnswer(this.#runningIn, answerId, change);
    if (this.#current.get().id === this.#runningIn.id) this.#current.set(this.#runningIn);
  }

  async #save(conversation: Conversation): Promise<void> {
    try {
      await this.#dependencies.records.save(conversation);
      await this.refreshList();
      this.#storageProblem.set(null);
    } catch (error) {
      // A full or refused storage must not keep anybody from asking.
      this.#storageProblem.set(error instanceof Error ? error.message : String(error));
    }
  }

  /** Turns whose answer has a text: what the model is told of the conversation so far. */
  #historyOf(conversation: Conversation): Exchanged[] {
    return conversation.turns.flatMap((turn) => {
      const answer = chosenAnswer(turn);
      const text = answer === undefined ? "" : this.readings.of(answer.id).get().text;
      return text === "" ? [] : [{ prompt: turn.prompt, answer: text }];
    });
  }

  #empty(): Conversation {
    const now = this.#dependencies.now();
    return { id: this.#dependencies.newId(), title: "New conversation", createdAt: now, updatedAt: now, turns: [] };
  }
}

function newAnswer(id: string, { model, turnsLeftOut }: ChatQuestion, askedAt: number): Answer {
  return {
    id,
    state: "waiting",
    model,
    head: null,
    askedAt,
    firstByteAt: null,
    endedAt: null,
    reason: null,
    fault: null,
    turnsLeftOut,
  };
}
