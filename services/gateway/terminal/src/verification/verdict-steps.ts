import { type StepName, stepNames } from "@koinon/receipts/verification";

/** The steps that only the place where a text is shown can check. */
export const screenStepNames = ["request-id", "screen-text"] as const;

/** A step's name: of the proof bundle, or of the screen. */
export type VerdictStepName = StepName | (typeof screenStepNames)[number];

/** Every step in order: those of the proof bundle, then those of the screen. */
export const allStepNames: readonly VerdictStepName[] = [...stepNames, ...screenStepNames];
