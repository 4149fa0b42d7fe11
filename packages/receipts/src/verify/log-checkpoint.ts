import type { Check } from "./evidence.ts";
import { failed, passed, skipped } from "./verification.ts";

/** The checkpoint is of a log that the trust file knows. */
export const checkLogIdentity: Check = ({ checkpoint }) => {
  switch (checkpoint.state) {
    case "malformed":
      return failed(`The checkpoint can not be read: ${checkpoint.reason}.`);
    case "unknown-log":
      return failed(`The log ${checkpoint.origin} is not in the trust file.`);
    default:
      return passed(`The checkpoint is of ${checkpoint.log.origin}, a log that the trust file names.`, [
        { kind: "log", id: checkpoint.log.vkey, name: checkpoint.log.origin },
      ]);
  }
};

/** The log's key signed the checkpoint. */
export const checkCheckpointSignature: Check = ({ checkpoint }) => {
  switch (checkpoint.state) {
    case "malformed":
    case "unknown-log":
      return skipped("Not checked: there is no known log to check it with.");
    case "not-signed":
      return failed(`The checkpoint is not what the log signed: ${checkpoint.reason}.`);
    case "signed":
      return passed(`The log signed a tree of ${checkpoint.checkpoint.size} entries.`, [
        { kind: "log", id: checkpoint.log.vkey, name: checkpoint.log.origin },
      ]);
  }
};
