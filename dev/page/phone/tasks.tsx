import { useState } from 'preact/hooks';
import type { Task } from '../../../client/types';
import { Check } from '../icons';
import { useText } from '../text';
import { useHeld, useRead, useTask } from './use-device';

export function Tasks() {
  const { device, say } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [title, setTitle] = useState('');
  const day = useRead((app) => app.task.list());

  function toggle({ id, isCompleted }: Task): void {
    run(async () => {
      const { task } = device.app();
      if (isCompleted) await task.uncomplete({ id });
      else if ((await task.complete({ id })).points?.capped) say(text.tasks.capped);
    });
  }

  return (
    <>
      {day !== null && (
        <div class="progress-line">
          <p>{text.tasks.done(day.completed, day.total)}</p>
          <progress value={day.completed} max={day.total || 1} aria-label={text.tasks.done(day.completed, day.total)} />
        </div>
      )}
      {day?.total === 0 && <p class="empty">{text.tasks.empty}</p>}
      <ul class="tasks">
        {day?.tasks.map((task) => (
          <li key={task.id} data-done={task.isCompleted}>
            <label class="tick">
              <input
                type="checkbox"
                aria-label={text.tasks.complete(task.title)}
                checked={task.isCompleted}
                disabled={busy}
                onChange={() => toggle(task)}
              />
              {task.isCompleted && <Check />}
            </label>
            <span class="task-title">
              {task.title}
              {!task.isSystem && <small>{text.tasks.own}</small>}
            </span>
            {task.pending && <span class="badge badge-pending">{text.diary.pending}</span>}
            <b class="gain">+{task.pointsReward}</b>
          </li>
        ))}
      </ul>
      <form
        class="add-row"
        onSubmit={(event) => {
          event.preventDefault();
          run(async () => {
            await device.app().task.create({ title, pointsReward: 5 });
            setTitle('');
          });
        }}
      >
        <input
          type="text"
          aria-label={text.tasks.add}
          placeholder={text.tasks.add}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <button type="submit" class="quiet" disabled={busy || title.trim() === ''}>
          {text.tasks.addButton}
        </button>
      </form>
    </>
  );
}
