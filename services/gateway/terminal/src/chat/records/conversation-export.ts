import { readAnswer } from "../answer-stream/completion-reader.ts";
import { type Conversation, chosenAnswer } from "../conversation.ts";
import type { ExchangeRecord } from "./conversation-records.ts";

/** A conversation with everything that proves it, as one JSON text: bytes in base64, so that each answer stays verifiable. */
export function exportConversation(conversation: Conversation, exchanges: readonly ExchangeRecord[]): string {
  const byAnswer = new Map(exchanges.map((exchange) => [exchange.answerId, exchange]));
  const turns = conversation.turns.map((turn) => ({
    prompt: turn.prompt,
    chosen: turn.chosen,
    answers: turn.answers.map((answer) => {
      const exchange = byAnswer.get(answer.id);
      return {
        state: answer.state,
        model: answer.model,
        requestId: answer.head?.requestId ?? null,
        provider: answer.head?.provider ?? null,
        askedAt: new Date(answer.askedAt).toISOString(),
        text: exchange === undefined ? "" : readAnswer(exchange.response).text,
        request: exchange === undefined ? null : base64Of(exchange.request),
        response: exchange === undefined ? null : base64Of(exchange.response),
        bundle: exchange?.bundle ? base64Of(exchange.bundle) : null,
      };
    }),
  }));
  return JSON.stringify({ format: "koinon.conversation/1", title: conversation.title, turns }, null, 2);
}

/** A conversation as Markdown, to read elsewhere: the chosen answers, and of each that is not whole, that it is not. */
export function conversationToMarkdown(conversation: Conversation, exchanges: readonly ExchangeRecord[]): string {
  const byAnswer = new Map(exchanges.map((exchange) => [exchange.answerId, exchange]));
  const parts = conversation.turns.map((turn) => {
    const answer = chosenAnswer(turn);
    const exchange = answer && byAnswer.get(answer.id);
    const text = exchange === undefined ? "" : readAnswer(exchange.response).text;
    const note =
      answer === undefined || answer.state === "complete" ? "" : `\n\n*(${answer.state}: not a complete answer)*`;
    return `## ${turn.prompt}\n\n${text}${note}\n`;
  });
  return `# ${conversation.title}\n\n${parts.join("\n")}`;
}

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
