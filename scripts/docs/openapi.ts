import * as z from 'zod';
import { errorKinds } from '../../shared/errors';
import type { ApiAction } from './api';

type Json = Record<string, unknown>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
};

const envelope = (data: Json): Json => ({
  type: 'object',
  required: ['success', 'data', 'requestId'],
  properties: { success: { const: true }, data, requestId: { type: 'string' } },
});

const errorResponse = {
  description: 'Refused: the status follows the code',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

const components = {
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  parameters: {
    GuardianToken: {
      name: 'X-Guardian-Token',
      in: 'header',
      description: 'From family.unlock: proves that a guardian is at the phone',
      schema: { type: 'string' },
    },
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'The same key with the same body answers the same; with another body it is refused',
      schema: { type: 'string', pattern: '^[A-Za-z0-9_:.-]{16,64}$' },
    },
  },
  schemas: {
    Error: {
      type: 'object',
      required: ['success', 'error', 'requestId'],
      properties: {
        success: { const: false },
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: {
            code: { enum: Object.keys(errorKinds) },
            message: { type: 'string', description: 'a short Chinese sentence for a toast' },
            details: { description: 'field errors [{ path, message }], or what the code carries' },
            retryAfter: { type: 'integer', description: 'seconds' },
          },
        },
        requestId: { type: 'string' },
      },
    },
  },
};

function operation({ fn, action, contract }: ApiAction, method: string, pathNames: string[]): Json {
  const input = schemaOf(contract.input, 'input');
  const properties = (input.properties ?? {}) as Record<string, Json>;
  const required = (input.required ?? []) as string[];
  const hasBody = method === 'post' || method === 'put';
  const inPath = pathNames.map((name) => ({ name, in: 'path', required: true, schema: properties[name] ?? { type: 'string' } }));
  const others = Object.entries(properties).filter(([name]) => !pathNames.includes(name));
  const inQuery = hasBody ? [] : others.map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
  const body = {
    ...input,
    properties: Object.fromEntries(others),
    required: required.filter((name) => !pathNames.includes(name)),
  };
  return {
    operationId: `${fn}.${action}`,
    tags: [fn],
    summary: contract.summary,
    ...(contract.access !== 'public' && { security: [{ bearer: [] }] }),
    parameters: [
      ...inPath,
      ...inQuery,
      ...(contract.access === 'guardian' || contract.access === 'gated' ? [{ $ref: '#/components/parameters/GuardianToken' }] : []),
      ...(hasBody ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...(hasBody && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: envelope(schemaOf(contract.output, 'output')) } } },
      default: errorResponse,
    },
  };
}

/** The REST door as OpenAPI 3.1. */
export function openapi(api: ApiAction[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const entry of api) {
    const [verb, template] = entry.contract.rest?.split(' ') ?? [];
    if (verb === undefined || template === undefined) continue;
    const method = verb.toLowerCase();
    const names = [...template.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
    const path = template.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [method]: operation(entry, method, names) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Growth Diary', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: 'http://127.0.0.1:3000', description: 'npm start' }],
    paths,
    components,
  };
}
