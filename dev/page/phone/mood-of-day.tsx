import { Face } from '../icons';
import { useText } from '../text';
import { Picks } from './picks';
import { useHeld, useRead, useTask } from './use-device';

/** One touch records today's mood, with or without a diary. */
export function MoodOfDay() {
  const { device, say } = useHeld();
  const text = useText();
  const { run } = useTask();
  const today = device.today();
  const calendar = useRead((app) => app.diary.calendar({ month: today.slice(0, 7) }), [today]);
  const mood = calendar?.days.find(({ date }) => date === today)?.moodOfDay ?? '';

  function record(chosen: string): void {
    // A mood can be changed, not taken back.
    if (chosen === '') return;
    run(async () => {
      const { points } = await device.app().diary.recordMood({ date: today, mood: chosen });
      say(points ? text.calendar.moodReward(points.awarded) : text.calendar.moodSaved);
    });
  }

  return (
    <>
      <h3>{text.calendar.mood}</h3>
      <Picks label={text.calendar.mood} names={text.moods} value={mood} onPick={record}>
        {(name) => <Face mood={name} size={30} />}
      </Picks>
    </>
  );
}
