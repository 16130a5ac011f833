import { CommandError, localPort, runCommand } from '../scripts/command';

const usage = `Calls a function of a running npm start, and prints its answer. Exits with 1 when the answer is a refusal.

  npm run invoke -- diary create '{"date":"2025-01-01","content":"…"}' --as oAlice
  npm run invoke -- login login --as oAlice --now 2025-01-01T08:00:00+08:00
  npm run invoke -- monitor --door timer

  --as OPENID    as this WeChat user        --door console|timer   --now INSTANT   the function's clock
  --token JWT    on the console's door      --id REQUEST_ID        makes a retry safe`;

const text = { type: 'string' } as const;

function parseInput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new CommandError(`The data must be JSON, such as '{"date":"2025-01-01"}', not: ${json}`);
  }
}

/** `success: false` of a function, `errorCode` of the platform or `error` of the gateway. */
const isRefusal = (answer: unknown): boolean => {
  const { result = answer }: { result?: unknown } = Object(answer);
  const { success, error, errorCode }: { success?: unknown; error?: unknown; errorCode?: unknown } = Object(result);
  return success === false || error !== undefined || errorCode !== undefined;
};

await runCommand({ usage, maxWords: 3, flags: { as: text, door: text, now: text, token: text, id: text } }, async (flags, words) => {
  const [functionName, action, input] = words;
  if (functionName === undefined) throw new CommandError('Name a function, such as: npm run invoke -- diary list --as oAlice');
  const { as, door, now, token, id } = flags;
  const data = {
    ...(action && { action }),
    ...(input && { data: parseInput(input) }),
    ...(token && { token }),
    ...(id && { requestId: id }),
  };
  const body = { data, ...(as && { as: { openid: as } }), ...(door && { door }), ...(now && { now }) };
  const url = `http://127.0.0.1:${localPort()}/invoke/${encodeURIComponent(functionName)}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) }).catch(() => null);
  if (!response) throw new CommandError(`Nothing answers at ${url}. Start it with: npm start`);
  const answer: unknown = await response.json();
  console.log(JSON.stringify(answer, null, 2));
  if (isRefusal(answer)) process.exitCode = 1;
});
