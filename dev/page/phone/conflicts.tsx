import { useEffect } from 'preact/hooks';
import type { Conflict } from '../../../client/types';
import { Face } from '../icons';
import { useText } from '../text';
import { Sheet } from './sheet';
import { useHeld, useTask } from './use-device';

function Side({ title, mood, content }: { title: string; mood: string; content: string }) {
  return (
    <section class="side">
      <h4>
        {mood !== '' && <Face mood={mood} size={20} />}
        {title}
      </h4>
      <p>{content}</p>
    </section>
  );
}

/** Both texts of a day that two phones wrote; the child chooses, and the other one is kept on the server. */
export function ConflictSheet({ onClose }: { onClose: () => void }) {
  const { device } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const { sync } = device.app();
  const [conflict] = sync.conflicts().filter(({ policy }) => policy === 'ask');
  useEffect(() => {
    if (!conflict) onClose();
  }, [conflict, onClose]);
  if (!conflict) return null;

  const { id, mine, theirs, date } = conflict;
  const choose = (choice: Parameters<typeof sync.resolve>[1]) => () => run(() => sync.resolve(id, choice));
  return (
    <Sheet title={text.conflict.title} onClose={onClose}>
      <p class="soft">
        <time dateTime={date}>{date}</time> · {text.conflict.note}
      </p>
      <Side title={text.conflict.mine} mood={mine?.mood ?? ''} content={mine?.content ?? text.conflict.deleted} />
      <Side title={text.conflict.theirs} mood={theirs?.mood ?? ''} content={theirs?.content ?? text.conflict.deleted} />
      <div class="choices">
        <button type="button" class="main-button" disabled={busy} onClick={choose('mine')}>
          {text.conflict.useMine}
        </button>
        <button type="button" class="main-button" disabled={busy} onClick={choose('theirs')}>
          {text.conflict.useTheirs}
        </button>
        {mine && theirs && (
          <button type="button" class="quiet" disabled={busy} onClick={choose({ content: `${theirs.content}\n\n${mine.content}` })}>
            {text.conflict.useBoth}
          </button>
        )}
      </div>
    </Sheet>
  );
}

/** Texts that lost by the agreed rule, and changes the server refused: nothing that was written goes without being seen. */
export function KeptSheet({ onClose }: { onClose: () => void }) {
  const { device } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const { sync } = device.app();
  const kept: Conflict[] = sync.conflicts().filter(({ policy }) => policy !== 'ask');
  const aside = sync.setAside();
  const isEmpty = kept.length + aside.length === 0;
  useEffect(() => {
    if (isEmpty) onClose();
  }, [isEmpty, onClose]);
  return (
    <Sheet title={text.conflict.keptTitle} onClose={onClose}>
      {kept.map(({ id, date, mine }) => (
        <section key={id} class="kept">
          <p class="soft">
            <time dateTime={date}>{date}</time> · {text.conflict.keptNote}
          </p>
          <Side title={text.conflict.mine} mood={mine?.mood ?? ''} content={mine?.content ?? text.conflict.deleted} />
          <div class="choices">
            <button type="button" class="quiet" disabled={busy} onClick={() => run(() => sync.resolve(id, 'mine'))}>
              {text.conflict.useMine}
            </button>
            <button type="button" class="quiet" disabled={busy} onClick={() => run(() => sync.resolve(id, 'theirs'))}>
              {text.conflict.noted}
            </button>
          </div>
        </section>
      ))}
      {aside.length > 0 && <h4>{text.conflict.asideTitle}</h4>}
      {aside.map(({ id, type, message, args }) => (
        <section key={id} class="kept">
          <p>
            <code>{type}</code> {message}
          </p>
          {typeof args.content === 'string' && <p class="side">{args.content}</p>}
          <div class="choices">
            <button type="button" class="quiet" disabled={busy} onClick={() => run(() => sync.retry(id))}>
              {text.conflict.retry}
            </button>
            <button type="button" class="quiet danger" onClick={() => sync.discard(id)}>
              {text.conflict.discard}
            </button>
          </div>
        </section>
      ))}
    </Sheet>
  );
}
