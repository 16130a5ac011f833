import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { config } from '../runtime/config';

const COST = { N: 2 ** 14, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;

const derive = promisify<Buffer, Buffer, number, typeof COST, Buffer>(scrypt);

/** A PIN has few values: without the pepper, which is not in the database, all of them could be tried against a stolen hash. */
const peppered = (userId: number, pin: string): Buffer =>
  createHmac('sha256', config().personPepper).update(`pin:${userId}:${pin}`).digest();

export interface PinHash {
  pinHash: Buffer;
  salt: Buffer;
}

export async function hashPin(userId: number, pin: string): Promise<PinHash> {
  const salt = randomBytes(SALT_BYTES);
  return { pinHash: await derive(peppered(userId, pin), salt, HASH_BYTES, COST), salt };
}

export const isPin = async (userId: number, pin: string, { pinHash, salt }: PinHash): Promise<boolean> =>
  timingSafeEqual(await derive(peppered(userId, pin), salt, HASH_BYTES, COST), pinHash);
