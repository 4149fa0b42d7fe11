import { FileUp, RefreshCw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../controls/button.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { TextField } from "../controls/field.tsx";
import { Segments } from "../controls/segments.tsx";
import { EmptyNote, PageFrame } from "../shell/page-frame.tsx";
import { usePagedList } from "../state/use-paged-list.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { openReceipt } from "./open-receipt.ts";
import { everyReceipt, filterReceipts, type ReceiptFilter } from "./receipt-filter.ts";
import { ReceiptTable } from "./receipt-table.tsx";
import styles from "./receipts-page.module.css";
import { useBundleDrop } from "./use-bundle-drop.ts";

/** What this key asked and paid for, each with its proof; and any bundle from elsewhere. */
export function ReceiptsPage({ receiptId }: { readonly receiptId: string | null }) {
  const { gateway, apiKey } = useTerminal();
  const key = useStore(apiKey);
  const { list, state } = usePagedList((token, signal) => gateway.listSettlements(token, signal), key ?? "");
  const [filter, setFilter] = useState<ReceiptFilter>(everyReceipt);
  const input = useRef<HTMLInputElement>(null);
  const { isOver, refusal, take, dropHandlers } = useBundleDrop();
  useReceiptInAddress(receiptId);
  const shown = filterReceipts(state.items, filter);
  return (
    <div className={styles.drop} data-over={isOver || undefined} {...dropHandlers}>
      <PageFrame
        title="Receipts"
        lead="Every answer that was paid for has one, signed by its provider. Open any to verify it here; or drop a proof bundle from anywhere on this page."
        actions={
          <>
            <Button onClick={() => input.current?.click()}>
              <FileUp size={16} aria-hidden /> Verify a file…
            </Button>
            <Button onClick={() => void list.refresh()} disabled={state.isLoading}>
              <RefreshCw size={15} aria-hidden /> Refresh
            </Button>
            <input
              ref={input}
              type="file"
              multiple
              hidden
              data-testid="bundle-file"
              onChange={(event) => take(event.target.files)}
            />
          </>
        }
      >
        {refusal !== null && <EmptyNote title="Not a proof">{refusal}</EmptyNote>}
        <Filter filter={filter} onChange={setFilter} />
        {state.fault !== null && <FaultNotice fault={state.fault} />}
        {shown.length > 0 && <ReceiptTable settlements={shown} />}
        {shown.length === 0 && !state.isLoading && state.fault === null && (
          <EmptyNote title={state.items.length === 0 ? "No receipts yet" : "None of them"}>
            {state.items.length === 0
              ? "Ask something in the chat, and its receipt will stand here."
              : "No receipt passes this filter."}
          </EmptyNote>
        )}
        {state.hasMore && (
          <Button className={styles.more} onClick={() => void list.more()} disabled={state.isLoading}>
            Show older
          </Button>
        )}
      </PageFrame>
    </div>
  );
}

function Filter({
  filter,
  onChange,
}: {
  readonly filter: ReceiptFilter;
  readonly onChange: (filter: ReceiptFilter) => void;
}) {
  return (
    <div className={styles.filter}>
      <Segments
        label="Show"
        value={filter.state}
        segments={[
          { value: "all", label: "All" },
          { value: "logged", label: "Logged" },
          { value: "waiting", label: "Waiting" },
          { value: "voided", label: "Voided" },
        ]}
        onChange={(state) => onChange({ ...filter, state })}
      />
      <TextField
        label="Search in these"
        type="search"
        placeholder="Provider, model or id"
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
      />
    </div>
  );
}

/** An address that names a receipt opens it; closing the proof takes it out of the address. */
function useReceiptInAddress(receiptId: string | null): void {
  const terminal = useTerminal();
  useEffect(() => {
    if (receiptId === null) return;
    const opening = new AbortController();
    // What the gateway does not know is said by the proof panel, which asks for it.
    void openReceipt(terminal, receiptId, opening.signal).catch(() => undefined);
    const stop = terminal.openProof.subscribe(() => {
      if (terminal.openProof.get() === null) terminal.router.replace({ page: "receipts", receiptId: null });
    });
    return () => {
      opening.abort();
      stop();
    };
  }, [terminal, receiptId]);
}
