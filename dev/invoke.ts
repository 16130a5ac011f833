import { parseArgs } from 'node:util';

const usage = `Calls a function of a running gateway (npm start).

  npm run invoke -- diary create '{"date":"2025-01-01","content":"…"}' --as oAlice
  npm run invoke -- login login --as oAlice --now 2025-01-01T08:00:00+08:00
  npm run invoke -- monitor --door timer

  --as OPENID    as this WeChat user        --door console|timer   --now INSTANT   the function's clock
  --token JWT    on the console's door      --id REQUEST_ID        makes a retry safe`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      as: { type: 'string' },
      door: { type: 'string' },
      now: { type: 'string' },
      token: { type: 'string' },
      id: { type: 'string' },
    },
  });
  const [functionName, action, input] = positionals;
  if (functionName === undefined) {
    console.log(usage);
    return;
  }
  const { as, door, now, token, id } = values;
  const data = {
    ...(action && { action }),
    ...(input && { data: JSON.parse(input) }),
    ...(token && { token }),
    ...(id && { requestId: id }),
  };
  const body = { data, ...(as && { as: { openid: as } }), ...(door && { door }), ...(now && { now }) };
  const url = `http://127.0.0.1:${process.env.PORT || 3000}/invoke/${encodeURIComponent(functionName)}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) }).catch(() => null);
  if (!response) throw new Error(`Nothing answers at ${url}. Start it with: npm start`);
  console.log(JSON.stringify(await response.json(), null, 2));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
