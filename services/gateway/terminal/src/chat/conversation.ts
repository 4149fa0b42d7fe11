import type { GatewayFault } from "../gateway/fault.ts";
import type { AnswerHead } from "./answer-stream/exchange.ts";

/** Where an answer is. Only "complete" is a whole answer. */
export type AnswerState = "waiting" | "streaming" | "complete" | "stopped" | "broken" | "refused";

/** One answer to a prompt. Its text is not here: it is read from the response bytes, which are kept beside (see exchange records). */
export interface Answer {
  readonly id: string;
  readonly state: AnswerState;
  /** The model as it was asked for. */
  readonly model: string;
  readonly head: AnswerHead | null;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  readonly firstByteAt: number | null;
  readonly endedAt: number | null;
  /** Why it is broken. */
  readonly reason: string | null;
  /** Why it was refused. */
  readonly fault: GatewayFault | null;
  /** Earlier turns that did not fit the model's context and were not sent. */
  readonly turnsLeftOut: number;
}

/** A prompt with the answers to it; regenerating adds one. */
export interface Turn {
  readonly id: string;
  readonly prompt: string;
  readonly answers: readonly Answer[];
  /** Index of the answer that the conversation goes on from. */
  readonly chosen: number;
}

/** A conversation, oldest turn first. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly turns: readonly Turn[];
}

/** A conversation is closed to new turns beyond this many. */
export const turnsMax = 500;
const answersPerTurnMax = 20;
const titleLengthMax = 60;

/** A title from the first prompt: its first line, cut at a word. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split("\n", 1)[0]?.replaceAll(/\s+/g, " ").trim() ?? "";
  if (line.length <= titleLengthMax) return line === "" ? "Untitled" : line;
  const cut = line.slice(0, titleLengthMax);
  const word = cut.lastIndexOf(" ");
  return `${(word > titleLengthMax / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}

/** The conversation with a new turn at its end. */
export function withTurn(conversation: Conversation, turn: Turn, at: number): Conversation {
  return { ...conversation, turns: [...conversation.turns, turn], updatedAt: at };
}

/** The conversation as it was before a turn: what editing that turn's prompt goes on from. */
export function beforeTurn(conversation: Conversation, turnId: string): Conversation {
  const index = conversation.turns.findIndex((turn) => turn.id === turnId);
  return index === -1 ? conversation : { ...conversation, turns: conversation.turns.slice(0, index) };
}

/** The conversation with another answer to its turn, chosen. The oldest answer makes room when there are too many. */
export function withAnswer(conversation: Conversation, turnId: string, answer: Answer, at: number): Conversation {
  return mapTurn({ ...conversation, updatedAt: at }, turnId, (turn) => {
    const answers = [...turn.answers, answer].slice(-answersPerTurnMax);
    return { ...turn, answers, chosen: answers.length - 1 };
  });
}

/** The conversation with a change to one answer. */
export function mapAnswer(
  conversation: Conversation,
  answerId: string,
  change: (answer: Answer) => Answer,
): Conversation {
  const turns = conversation.turns.map((turn) => {
    if (!turn.answers.some(({ id }) => id === answerId)) return turn;
    return { ...turn, answers: turn.answers.map((answer) => (answer.id === answerId ? change(answer) : answer)) };
  });
  return { ...conversation, turns };
}

/** The conversation going on from another answer of a turn. */
export function withChosen(conversation: Conversation, turnId: string, chosen: number): Conversation {
  return mapTurn(conversation, turnId, (turn) => (turn.answers[chosen] === undefined ? turn : { ...turn, chosen }));
}

/** The answer that a turn goes on from. */
export function chosenAnswer(turn: Turn): Answer | undefined {
  return turn.answers[turn.chosen];
}

/** Every answer of the conversation. */
export function answersOf(conversation: Conversation): Answer[] {
  return conversation.turns.flatMap((turn) => turn.answers);
}

/** A conversation found in storage: an answer that was under way when the page went away can not go on. */
export function asFound(conversation: Conversation): Conversation {
  const turns = conversation.turns.map((turn) => ({ ...turn, answers: turn.answers.map(answerAsFound) }));
  return { ...conversation, turns };
}

function answerAsFound(answer: Answer): Answer {
  if (answer.state !== "waiting" && answer.state !== "streaming") return answer;
  return { ...answer, state: "broken", reason: "The page was closed before the answer was complete." };
}

function mapTurn(conversation: Conversation, turnId: string, change: (turn: Turn) => Turn): Conversation {
  return { ...conversation, turns: conversation.turns.map((turn) => (turn.id === turnId ? change(turn) : turn)) };
}
