import { platformContext } from '../../dev/gateway/context';
import { leadCloudbaseTo } from './cloudbase-line';

// One instance of the function `ai` whose timer never rests, in a process that can be killed.

if (process.env.TEST_GATEWAY_PORT) leadCloudbaseTo(Number(process.env.TEST_GATEWAY_PORT));
const { main } = await import('../../functions/ai/index');
process.stdin.resume().on('end', () => process.exit(0));

for (;;) {
  const context = platformContext('ai', { door: 'timer' }, 'wxtest', { timeoutSeconds: 20, memoryMb: 256 });
  await main({ Type: 'Timer', TriggerName: 'work', Time: new Date().toISOString(), Message: '' }, context);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
