/**
 * Sent behind a statement that committed asynchronously: a tiny transaction that commits synchronously flushes the log up to itself. A commit is
 * flushed only when its transaction wrote something to the log; this writes a message that nobody reads.
 */
export const walFlush = { name: "wal-flush", text: "SELECT pg_logical_emit_message(true, 'koinon.flush', '')" };
