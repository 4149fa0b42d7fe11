import { Download, EllipsisVertical, FileText, Trash2 } from "lucide-react";
import { useEffect } from "react";
import { IconButton } from "../../controls/button.tsx";
import { downloadFile } from "../../controls/download.ts";
import { Menu } from "../../controls/menu.tsx";
import { agoText } from "../../controls/time-text.ts";
import { Link } from "../../routing/link.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import type { ConversationSummary } from "../records/conversation-records.ts";
import styles from "./conversation-list.module.css";

/** The conversations that this browser keeps. */
export function ConversationList({ onOpened }: { readonly onOpened?: () => void }) {
  const { chat } = useTerminal();
  const conversations = useStore(chat.list);
  useEffect(() => {
    void chat.refreshList();
  }, [chat]);
  if (conversations.length === 0)
    return <p className={styles.none}>Nothing yet. What you ask stays in this browser.</p>;
  return (
    <ul className={styles.list}>
      {conversations.map((conversation) => (
        <Row key={conversation.id} conversation={conversation} onOpened={onOpened} />
      ))}
    </ul>
  );
}

function Row({
  conversation: { id, title, updatedAt },
  onOpened,
}: {
  readonly conversation: ConversationSummary;
  readonly onOpened: (() => void) | undefined;
}) {
  const terminal = useTerminal();
  const { chat, router } = terminal;
  const route = useStore(router.route);
  const current = useStore(chat.current).id;
  const isOpen = route.page === "chat" && current === id;
  const isRunning = useStore(chat.running)?.conversationId === id;
  const remove = async (): Promise<void> => {
    await chat.delete(id);
    if (isOpen) router.replace({ page: "chat", conversationId: null });
  };
  const save = async (form: "proofs" | "markdown"): Promise<void> => {
    const text = await chat.export(id, form);
    if (text === null) return;
    const name = `koinon-${id.slice(0, 8)}`;
    if (form === "proofs") downloadFile(`${name}.json`, text, "application/json");
    else downloadFile(`${name}.md`, text, "text/markdown");
  };
  return (
    <li className={styles.row} data-open={isOpen || undefined}>
      <Link
        to={{ page: "chat", conversationId: id }}
        className={styles.link}
        onClick={onOpened}
        aria-current={isOpen ? "true" : undefined}
      >
        <span className={styles.title}>{title}</span>
        <span className={styles.time}>{isRunning ? "being answered" : agoText(updatedAt, terminal.now())}</span>
      </Link>
      <Menu
        trigger={
          <IconButton small label={`More for “${title}”`} className={styles.more}>
            <EllipsisVertical size={16} aria-hidden />
          </IconButton>
        }
        actions={[
          {
            label: "Export with proofs",
            icon: <Download size={15} aria-hidden />,
            onSelect: () => void save("proofs"),
          },
          {
            label: "Export as Markdown",
            icon: <FileText size={15} aria-hidden />,
            onSelect: () => void save("markdown"),
          },
          { label: "Delete", icon: <Trash2 size={15} aria-hidden />, onSelect: () => void remove() },
        ]}
      />
    </li>
  );
}
