import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Fake, type FakeAnswer, startFake } from '../../dev/fakes/server';

interface Trigger {
  TriggerName: string;
  Type: string;
  TriggerDesc: string;
}

/** A function as the vendor's API describes it. */
interface DeployedFunction {
  FunctionName: string;
  Runtime: string;
  Environment: { Variables: { Key: string; Value: string }[] };
  VpcConfig: { VpcId: string; SubnetId: string };
  Triggers: Trigger[];
  [field: string]: unknown;
}

export interface CloudApi extends Fake {
  readonly functions: Map<string, DeployedFunction>;
  /** The answer of a function that is called; by its name and event. */
  answer: (name: string, event: Record<string, unknown>) => unknown;
  /** From now on no trigger is created. */
  refuseTriggers: boolean;
  /** What makes the vendor's command line ask this stand-in: it keeps its login in `home`. */
  environment(home: string): Record<string, string>;
}

const VPCS = {
  VpcSet: [
    { VpcId: 'vpc-1', VpcName: 'v' },
    { VpcId: 'vpc-2', VpcName: 'w' },
  ],
};
const SUBNETS = {
  SubnetSet: [
    { SubnetId: 'subnet-1', SubnetName: 's', CidrBlock: '10.0.0.0/24', VpcId: 'vpc-1' },
    { SubnetId: 'subnet-2', SubnetName: 't', CidrBlock: '10.0.1.0/24', VpcId: 'vpc-2' },
  ],
};
const ENVIRONMENT = {
  EnvId: 'prod-1a2b3c',
  Source: 'miniapp',
  Alias: 'prod',
  Status: 'NORMAL',
  EnvType: 'baas',
  Region: 'ap-shanghai',
  Functions: [{ Namespace: 'prod-1a2b3c', Region: 'ap-shanghai' }],
  Storages: [{ Bucket: '7072-prod-1a2b3c-1300000000', Region: 'ap-shanghai', AppId: '1300000000' }],
  Databases: [],
};
const SIGN = 'q-sign-algorithm=sha1&q-ak=a&q-sign-time=1;2&q-key-time=1;2&q-header-list=host&q-url-param-list=&q-signature=x';

const failure = (Code: string, Message: string) => ({ Error: { Code, Message } });

/**
 * The vendor's API (`tcb`, `scf`, `vpc`) and the bucket that code is uploaded to, as far as deploying asks for them. Keeps functions as the real one
 * does: a runtime is fixed when a function is created, a trigger is only ever added.
 */
export async function startCloudApi(): Promise<CloudApi> {
  const functions = new Map<string, DeployedFunction>();
  const state = { refuseTriggers: false, answer: (): unknown => ({ success: false, error: { code: 'NOT_FOUND' } }) } as Pick<
    CloudApi,
    'refuseTriggers' | 'answer'
  >;

  const actions: Record<string, (asked: Record<string, string>) => object> = {
    DescribeEnvs: () => ({ EnvList: [ENVIRONMENT] }),
    DescribeTcbAccountInfo: () => ({ AppId: '1300000000', Uin: '1' }),
    GetTempCosInfo: () => ({ Date: '2026', Sign: SIGN, Token: 't' }),
    DescribeVpcs: () => VPCS,
    DescribeSubnets: () => SUBNETS,
    GetFunction: ({ FunctionName = '' }) =>
      functions.get(FunctionName) ?? failure('ResourceNotFound.FunctionName', `no function ${FunctionName}`),
    CreateFunction: (asked) => {
      const made = { Status: 'Active', Layers: [], ...asked, Triggers: [] } as unknown as DeployedFunction;
      functions.set(made.FunctionName, made);
      return {};
    },
    UpdateFunctionCode: () => ({}),
    UpdateFunctionConfiguration: ({ FunctionName = '', ...asked }) => {
      Object.assign(functions.get(FunctionName) ?? {}, asked);
      return {};
    },
    BatchCreateTrigger: ({ FunctionName = '', Triggers = '[]' }) => {
      if (state.refuseTriggers) return failure('LimitExceeded.Trigger', 'quota of triggers');
      const known = functions.get(FunctionName);
      const added: Trigger[] = JSON.parse(Triggers);
      if (known) {
        known.Triggers = [
          ...known.Triggers.filter(({ TriggerName }) => added.every((each) => each.TriggerName !== TriggerName)),
          ...added.map((each) => ({ ...each, TriggerDesc: JSON.stringify({ cron: each.TriggerDesc }) })),
        ];
      }
      return {};
    },
    Invoke: ({ FunctionName = '', ClientContext = '{}' }) => ({
      Result: { InvokeResult: 0, FunctionRequestId: 'r', RetMsg: JSON.stringify(state.answer(FunctionName, JSON.parse(ClientContext))) },
    }),
  };

  const api = (action: string, body: string): FakeAnswer => {
    const run = actions[action];
    const answered = run ? run(JSON.parse(body || '{}')) : failure('InvalidAction', `the stand-in does not know ${action}`);
    return { body: { Response: { RequestId: 'r', ...answered } } };
  };
  const upload = (): FakeAnswer => ({
    headers: { etag: '"e"', 'content-type': 'application/xml' },
    body: '<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>',
  });
  const either = ({ headers, body }: { headers: Record<string, string | string[] | undefined>; body: string }): FakeAnswer =>
    typeof headers['x-tc-action'] === 'string' ? api(headers['x-tc-action'], body) : upload();
  const fake = await startFake({ 'POST /*': either, 'PUT /*': upload, 'GET /*': upload });

  return Object.assign(state, fake, {
    functions,
    environment(home: string) {
      mkdirSync(join(home, '.config/.cloudbase'), { recursive: true });
      writeFileSync(join(home, '.config/.cloudbase/auth.json'), '{"credential":{"secretId":"AKIDx","secretKey":"y"}}');
      return {
        PATH: process.env.PATH ?? '',
        HOME: home,
        // Two deployments of one function would otherwise share the archive that the command line writes.
        TMPDIR: home,
        CLOUD_API_PORT: new URL(fake.url).port,
        NODE_OPTIONS: `--import ${fileURLToPath(new URL('reroute.mjs', import.meta.url))}`,
      };
    },
  });
}
