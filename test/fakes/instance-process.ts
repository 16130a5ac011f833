// One instance of the functions in a process of its own: runs the calls that its parent sends.

const functions: Record<string, () => Promise<{ main(event: unknown, context: unknown): Promise<unknown> }>> = {
  diary: () => import('../../functions/diary/index'),
  login: () => import('../../functions/login/index'),
  user: () => import('../../functions/user/index'),
};

process.on('message', async ({ id, name, event, context }: { id: number; name: string; event: unknown; context: unknown }) => {
  const { main } = (await functions[name]?.()) ?? {};
  process.send?.({ id, answer: await main?.(event, context) });
});
process.on('disconnect', () => process.exit(0));
