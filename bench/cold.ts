import { createRequire } from 'node:module';

// A function instance from its beginning to its first answer. Arguments: the bundle and the invocation; neither: an empty function.

const [file, invocation] = process.argv.slice(2);

async function first(): Promise<void> {
  if (file === undefined || invocation === undefined) return console.log('answered');
  const { event, context } = JSON.parse(invocation);
  const answer = await createRequire(__filename)(file).main(event, context);
  console.log(answer.success ? 'answered' : `refused ${JSON.stringify(answer)}`);
}

first().then(() => process.exit(0));
