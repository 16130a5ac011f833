import { platformContext } from '../../dev/gateway/context';

// One instance of the function `ai` whose timer never rests, in a process that can be killed.

const { main } = await import('../../functions/ai/index');
process.stdin.resume().on('end', () => process.exit(0));

for (;;) {
  const context = platformContext('ai', { door: 'timer' }, 'wxtest', { timeoutSeconds: 5, memoryMb: 256 });
  await main({ Type: 'Timer', TriggerName: 'work', Time: new Date().toISOString(), Message: '' }, context);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
