/** One step of getting a model, for a progress bar; `totalBytes` is null while nobody knows it. */
export interface Progress {
  readonly phase: "downloading" | "unpacking" | "converting" | "verifying";
  readonly what: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** Is called often; must not throw and should return at once. */
export type OnProgress = (progress: Progress) => void;
