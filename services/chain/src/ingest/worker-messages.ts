/** What the pool sends to a worker; the request's buffer is transferred. */
export interface RecoveryRequest {
  readonly job: number;
  readonly request: ArrayBuffer;
}

/** The last thing that the pool sends: the worker ends when it has answered what came before. */
export const endOfWork = "end";

/** What a worker answers; the buffer is transferred. */
export interface RecoveryAnswer {
  readonly job: number;
  readonly answer: ArrayBuffer;
}
