import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import type { ApiKey } from "../gateway/api-keys.ts";
import type { AdminCall } from "../gateway/gateway-client.ts";
import type { Page } from "../gateway/settlements.ts";
import { EmptyNote, PageFrame, PageSection } from "../shell/page-frame.tsx";
import { usePagedList } from "../state/use-paged-list.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { AdminNotice } from "./admin-notice.tsx";
import { readAllKeys } from "./all-keys.ts";
import { CreateKeyDialog } from "./create-key-dialog.tsx";
import { KeyTable } from "./key-table.tsx";
import { OwnBudget } from "./own-budget.tsx";

/** The budget of the key in use, and, for an administrator, everybody's keys. */
export function KeysPage() {
  const { gateway, apiKey } = useTerminal();
  const key = useStore(apiKey);
  // Kept as long as the page is open, and nowhere else: an administrator's key can do too much to lie around.
  const [adminKey, setAdminKey] = useState<string | null>(null);
  const call = (signal: AbortSignal): AdminCall => (adminKey === null ? { signal } : { signal, apiKey: adminKey });
  return (
    <PageFrame
      title="Keys and budgets"
      lead="A key is a budget: it can never spend more than was put into it, however many requests run at once."
    >
      <PageSection title="Your budget">
        <OwnBudget />
      </PageSection>
      <AllKeys
        key={adminKey ?? key ?? ""}
        scope={adminKey ?? key ?? ""}
        call={call}
        load={(token, signal) => readAllKeys(gateway, token, call(signal))}
        onAdminKey={setAdminKey}
      />
    </PageFrame>
  );
}

interface AllKeysProps {
  readonly scope: string;
  readonly call: (signal: AbortSignal) => AdminCall;
  readonly load: (pageToken: string, signal: AbortSignal) => Promise<Page<ApiKey>>;
  readonly onAdminKey: (key: string) => void;
}

function AllKeys({ scope, call, load, onAdminKey }: AllKeysProps) {
  const { list, state } = usePagedList(load, scope);
  const [isCreating, setCreating] = useState(false);
  const refresh = (): void => void list.refresh();
  const { fault } = state;
  if (fault !== null && (fault.code === "NOT_ALLOWED" || fault.code === "NO_KEY" || fault.code === "KEY_REFUSED")) {
    return (
      <PageSection title="All keys">
        <AdminNotice fault={fault} onAdminKey={onAdminKey} />
      </PageSection>
    );
  }
  return (
    <PageSection title="All keys" note={state.items.length === 0 ? undefined : `${state.items.length} in view`}>
      <div>
        <Button look="primary" onClick={() => setCreating(true)} data-testid="create-key">
          <Plus size={16} aria-hidden /> New key
        </Button>
      </div>
      {fault !== null && <FaultNotice fault={fault} />}
      {state.items.length > 0 && <KeyTable keys={state.items} call={call} onChanged={refresh} />}
      {state.items.length === 0 && !state.isLoading && fault === null && (
        <EmptyNote title="No keys">Make one, and give it a budget.</EmptyNote>
      )}
      {state.hasMore && (
        <Button onClick={() => void list.more()} disabled={state.isLoading}>
          Show older
        </Button>
      )}
      <CreateKeyDialog open={isCreating} onClose={() => setCreating(false)} call={call} onCreated={refresh} />
    </PageSection>
  );
}
