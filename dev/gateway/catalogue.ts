import * as z from 'zod';
import { readApi } from '../../scripts/docs/api';

/** Every action with the schema of its input, as the console draws its forms from it. */
export async function readCatalogue(operator: { openid: string; token: string }): Promise<unknown> {
  const api = await readApi();
  const actions = api.map(({ fn, action, contract: { summary, access, rest = null, input, example } }) => {
    const { properties, required } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
    return { fn, action, summary, access, rest, input: { properties, required }, example };
  });
  return { actions, operator };
}
