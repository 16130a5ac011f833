import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Cross } from '../icons';
import { useText } from '../text';

interface Props {
  title: string;
  full?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}

/** Covers the phone's screen until it is closed; what lies under it is inert meanwhile. */
export function Sheet({ title, full = false, onClose, children }: Props) {
  const text = useText();
  const id = useId();
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    sheet.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <div class="cover">
      <div
        class={full ? 'sheet sheet-full' : 'sheet'}
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
        ref={sheet}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      >
        <div class="sheet-head">
          <h3 id={id}>{title}</h3>
          <button type="button" class="close" aria-label={text.editor.close} onClick={onClose}>
            <Cross />
          </button>
        </div>
        <div class="sheet-body">{children}</div>
      </div>
    </div>
  );
}
