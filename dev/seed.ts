import { CommandError, localPort, runCommand } from '../scripts/command';
import type { DemoSummary } from './demo';

const usage = `Makes a demo child in a running npm start: eight weeks of diaries, tasks, points and draws.

  npm run seed

The page offers the child as 示例孩子 (?child=oDemo). Running it again adds the days since.`;

await runCommand({ usage }, async () => {
  const url = `http://127.0.0.1:${localPort()}`;
  const response = await fetch(`${url}/local/demo`, { method: 'POST' }).catch(() => null);
  if (!response) throw new CommandError(`Nothing answers at ${url}. Start it with: npm start`);
  if (!response.ok) throw new CommandError(`The demo child could not be made: ${await response.text()}`);
  const { diaries, tasks, draws, points } = (await response.json()) as DemoSummary;
  console.log(`${diaries} diaries, ${tasks} tasks done, ${draws} draws; ${points} points now`);
  console.log(`Look at the child at ${url}/?child=oDemo`);
});
