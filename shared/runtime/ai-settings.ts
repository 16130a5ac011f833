import { ConfigError, type Environment, list } from './environment';

/** 扣子 (Coze): a bot that comments and a workflow that draws. */
export interface CozeSettings {
  provider: 'coze';
  baseUrl: string;
  /** '' without a bot: comments are off. */
  botId: string;
  /** '' without a workflow: pictures are off. */
  workflowId: string;
  /** A personal access token, or an application whose signed requests are exchanged for short-lived tokens. */
  access: { token: string } | { appId: string; keyId: string; privateKey: string };
  pictureHosts: readonly string[];
}

/** An endpoint with OpenAI's interface, such as those of 混元, DeepSeek and 通义. */
export interface OpenaiSettings {
  provider: 'openai';
  /** Without `/chat/completions`, such as `https://api.deepseek.com/v1`. */
  baseUrl: string;
  key: string;
  model: string;
  /** '' without a model: pictures are off. */
  pictureModel: string;
  pictureHosts: readonly string[];
}

/** The models of the CloudBase environment; calls are billed to the environment. */
export interface CloudbaseSettings {
  provider: 'cloudbase';
  /** The argument of `createModel`, such as `hunyuan-exp`. */
  group: string;
  model: string;
  pictureModel: string;
  pictureHosts: readonly string[];
}

/** `pictureHosts`: where pictures may be fetched from; `*.` stands for any subdomain. */
export type AiSettings = CozeSettings | OpenaiSettings | CloudbaseSettings;

const COZE_HOSTS = '*.coze.cn,*.byteimg.com';
const TENCENT_HOSTS = '*.myqcloud.com,*.tencentcos.cn';
const CLOUDBASE_MODEL = 'hunyuan-exp/hunyuan-turbos-latest';

function readCoze(env: Environment): CozeSettings {
  const { COZE_TOKEN: token, COZE_OAUTH_APP_ID: appId, COZE_OAUTH_KEY_ID: keyId, COZE_OAUTH_PRIVATE_KEY: privateKey } = env;
  if (!token && !appId) throw new ConfigError('AI_PROVIDER=coze needs COZE_TOKEN, or COZE_OAUTH_APP_ID with its key');
  if (!token && (!keyId || !privateKey)) throw new ConfigError('COZE_OAUTH_APP_ID needs COZE_OAUTH_KEY_ID and COZE_OAUTH_PRIVATE_KEY');
  return {
    provider: 'coze',
    baseUrl: env.COZE_API_BASE || 'https://api.coze.cn',
    botId: env.COZE_BOT_ID ?? '',
    workflowId: env.COZE_WORKFLOW_ID ?? '',
    access: token ? { token } : { appId: appId ?? '', keyId: keyId ?? '', privateKey: (privateKey ?? '').replaceAll('\\n', '\n') },
    pictureHosts: list(env.COZE_PICTURE_HOSTS || env.AI_PICTURE_HOSTS || COZE_HOSTS),
  };
}

function readOpenai(env: Environment): OpenaiSettings {
  const { AI_BASE_URL: baseUrl = '', AI_KEY: key = '', AI_MODEL: model = '' } = env;
  if (!baseUrl || !key || !model) throw new ConfigError('AI_BASE_URL, AI_KEY and AI_MODEL belong together');
  const isLocal = env.APP_ENV === 'local' || env.APP_ENV === 'test';
  // HTTPS only: the request carries diaries and the key.
  if (!URL.canParse(baseUrl) || (!isLocal && !baseUrl.startsWith('https://')))
    throw new ConfigError('AI_BASE_URL must be an https address');
  return {
    provider: 'openai',
    baseUrl: baseUrl.replace(/\/+$/, ''),
    key,
    model,
    pictureModel: env.AI_PICTURE_MODEL ?? '',
    pictureHosts: list(env.AI_PICTURE_HOSTS || TENCENT_HOSTS),
  };
}

function readCloudbase(env: Environment): CloudbaseSettings {
  const [, group, model] = /^([\w-]+)\/(.+)$/.exec(env.AI_MODEL || CLOUDBASE_MODEL) ?? [];
  if (group === undefined || model === undefined) throw new ConfigError('AI_MODEL must read group/model for CloudBase');
  return {
    provider: 'cloudbase',
    group,
    model,
    pictureModel: env.AI_PICTURE_MODEL ?? '',
    pictureHosts: list(env.AI_PICTURE_HOSTS || TENCENT_HOSTS),
  };
}

const readers = { coze: readCoze, openai: readOpenai, cloudbase: readCloudbase };

/** The provider named by AI_PROVIDER, otherwise the one that has settings; null without any. */
export function readAiSettings(env: Environment): AiSettings | null {
  const inferred = env.COZE_TOKEN || env.COZE_OAUTH_APP_ID ? 'coze' : env.AI_BASE_URL ? 'openai' : env.AI_MODEL ? 'cloudbase' : 'off';
  const provider = env.AI_PROVIDER || inferred;
  if (provider === 'off') return null;
  if (provider === 'coze' || provider === 'openai' || provider === 'cloudbase') return readers[provider](env);
  throw new ConfigError('AI_PROVIDER must be coze, openai, cloudbase or off');
}
