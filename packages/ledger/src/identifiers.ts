/** Names an account; the ledger reads nothing into it. */
export type AccountId = string;

/** Names a transfer once and for all: the same id with the same content is the same transfer. */
export type TransferId = string;
