import type { Revision } from '../../../client/types';
import { Face } from '../icons';
import { useText } from '../text';
import { Sheet } from './sheet';
import { inBeijing } from './time';
import { useHeld, useRead, useTask } from './use-device';

interface Props {
  /** The day whose earlier texts are listed; null: the deleted diaries of all days. */
  date: string | null;
  onRestored: () => void;
  onClose: () => void;
}

/** Texts of the last 30 days that were overwritten or deleted. Each can be brought back. */
export function Past({ date, onRestored, onClose }: Props) {
  const { device, say } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const revisions = useRead<Revision[]>(
    async ({ diary }) => (date === null ? (await diary.trash()).diaries : (await diary.history({ date })).revisions),
    [date],
  );

  const restore = (revisionId: number): void =>
    run(async () => {
      await device.app().diary.restore({ revisionId });
      say(text.past.restored);
      onRestored();
    });

  return (
    <Sheet title={date === null ? text.past.trash : text.past.history} full onClose={onClose}>
      <p class="soft">{text.past.note}</p>
      {revisions?.length === 0 && <p class="empty">{text.past.empty}</p>}
      {revisions?.map((revision) => (
        <section key={revision.id} class="kept">
          <div class="side">
            <h4>
              {revision.mood !== '' && <Face mood={revision.mood} size={18} />}
              <time dateTime={revision.date}>{revision.date}</time>
              <span>
                {text.past.reasons[revision.reason]} {inBeijing(revision.replacedAt).slice(5, 16).replace('T', ' ')}
              </span>
            </h4>
            <p>{revision.content}</p>
          </div>
          <button type="button" class="quiet" disabled={busy} onClick={() => restore(revision.id)}>
            {text.past.restore}
          </button>
        </section>
      ))}
    </Sheet>
  );
}
