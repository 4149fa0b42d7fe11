import { Download } from "lucide-react";
import { Button } from "../../controls/button.tsx";
import { CopyButton } from "../../controls/copy-button.tsx";
import { downloadFile } from "../../controls/download.ts";
import type { Evidence } from "../evidence.ts";
import styles from "./proof-files.module.css";

/** The proof to take away: somebody else, elsewhere and offline, comes to the same verdict. */
export function ProofFiles({
  evidence: { bundle, request, response },
  block,
}: {
  readonly evidence: Evidence;
  /** A block that has to be known besides the trust file. */
  readonly block: string | null;
}) {
  const files = [
    { name: "bundle.json", label: "Bundle", bytes: bundle, type: "application/json" },
    { name: "request.json", label: "Request", bytes: request, type: "application/json" },
    { name: "response.bin", label: "Response", bytes: response, type: "application/octet-stream" },
  ];
  const options = [
    block === null ? "" : ` --block ${block}`,
    request === null ? "" : " --request request.json",
    response === null ? "" : " --response response.bin",
  ].join("");
  const command = `npx koinon verify bundle.json --trust trust.json${options}`;
  return (
    <section className={styles.files}>
      <h3>Take it away</h3>
      <div className={styles.buttons}>
        {files.map(
          ({ name, label, bytes, type }) =>
            bytes !== null && (
              <Button key={name} small onClick={() => downloadFile(name, bytes, type)}>
                <Download size={14} aria-hidden /> {label}
              </Button>
            ),
        )}
      </div>
      <p>Verifies with the network off:</p>
      <p className={styles.command}>
        <code>{command}</code>
        <CopyButton text={command} label="Copy command" />
      </p>
    </section>
  );
}
