import { ArrowDown } from "lucide-react";
import { useEffect } from "react";
import { IconButton } from "../../controls/button.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import styles from "./chat-page.module.css";
import { Composer } from "./composer.tsx";
import { EmptyChat } from "./empty-chat.tsx";
import { TurnView } from "./turn-view.tsx";
import { useStickToBottom } from "./use-stick-to-bottom.ts";

/** One conversation and the place to ask. */
export function ChatPage({ conversationId }: { readonly conversationId: string | null }) {
  const { chat, router } = useTerminal();
  const conversation = useStore(chat.current);
  const isEmpty = conversation.turns.length === 0;
  const { scroller, content, isAtBottom, stick } = useStickToBottom(!isEmpty);
  useOpenConversation(conversationId, stick);
  const send = async (prompt: string): Promise<void> => {
    const isNew = chat.current.get().turns.length === 0;
    const sent = chat.send(prompt);
    if (isNew && chat.current.get().turns.length > 0)
      router.replace({ page: "chat", conversationId: chat.current.get().id });
    stick();
    await sent;
  };
  return (
    <div className={styles.page} data-empty={isEmpty || undefined}>
      <div ref={scroller} className={styles.scroller}>
        <div ref={content} className={styles.column}>
          {!isEmpty && <h1 className={styles.spoken}>{conversation.title}</h1>}
          {isEmpty && <EmptyChat onAsk={(prompt) => void send(prompt)} />}
          {conversation.turns.map((turn) => (
            <TurnView key={turn.id} turn={turn} onAsked={stick} />
          ))}
        </div>
      </div>
      {!isAtBottom && !isEmpty && (
        <div className={styles.jump}>
          <IconButton label="To the latest" className={styles.jumpButton} onClick={stick}>
            <ArrowDown size={18} aria-hidden />
          </IconButton>
        </div>
      )}
      <Composer onSend={(prompt) => void send(prompt)} />
    </div>
  );
}

/** Opens what the address names; an address of nothing becomes that of a new conversation. */
function useOpenConversation(conversationId: string | null, onOpened: () => void): void {
  const { chat, router } = useTerminal();
  useEffect(() => {
    if (conversationId === null) {
      chat.startNew();
      return;
    }
    let isWanted = true;
    void chat.open(conversationId).then((isThere) => {
      if (!isWanted) return;
      if (isThere) onOpened();
      else router.replace({ page: "chat", conversationId: null });
    });
    return () => {
      isWanted = false;
    };
  }, [chat, router, conversationId, onOpened]);
}
