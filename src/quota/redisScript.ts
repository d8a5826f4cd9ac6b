import type { Redis } from 'ioredis';

/**
 * Counts one call in all windows, or in none.
 *
 * KEYS: the log of the second (sorted set: call id, time at which its place is free), the hashes of the day and the month (replica
 * id, its total). ARGV: call id, replica id, calls a second, milliseconds that a call holds its place until its end is reported,
 * Redis' time after which the caller does not use the grant any more (-1 if unknown); then for the day and the month: the limit (-1
 * without one) and the total of this replica.
 *
 * Returns: 1 if the call is granted, else 0; Redis' time in milliseconds; the totals of day and month (-1 without a limit); the log
 * as pairs of call id and time. A script that is repeated with the same arguments grants the same call and counts it once.
 */
export const takeScript = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local callId, replicaId = ARGV[1], ARGV[2]
local perSecond, holdMs, usableUntilMs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs)
local isGranted = 1
local isRepeated = redis.call('ZSCORE', KEYS[1], callId)
if not isRepeated and redis.call('ZCARD', KEYS[1]) >= perSecond then isGranted = 0 end
-- A Redis that hung runs the scripts of the meantime, also those of closed connections.
if usableUntilMs >= 0 and nowMs > usableUntilMs then isGranted = 0 end

local totals = {-1, -1}
for index = 1, 2 do
  local key, limit, own = KEYS[index + 1], tonumber(ARGV[4 + 2 * index]), tonumber(ARGV[5 + 2 * index])
  if limit >= 0 then
    redis.call('HSET', key, replicaId, own)
    redis.call('EXPIRE', key, index == 1 and ${3 * 86_400} or ${33 * 86_400})
    local total = 0
    for _, count in ipairs(redis.call('HVALS', key)) do total = total + tonumber(count) end
    if total + 1 > limit then isGranted = 0 end
    totals[index] = total
  end
end

if isGranted == 1 then
  redis.call('ZADD', KEYS[1], nowMs + holdMs, callId)
  redis.call('PEXPIRE', KEYS[1], holdMs)
  for index = 1, 2 do
    if totals[index] >= 0 then
      redis.call('HINCRBY', KEYS[index + 1], replicaId, 1)
      totals[index] = totals[index] + 1
    end
  end
end

local reply = {isGranted, nowMs, totals[1], totals[2]}
for _, item in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')) do table.insert(reply, item) end
return reply
`;

export type TakeReply = Awaited<ReturnType<typeof runTakeScript>>;

/** Runs the script with its keys and arguments. */
export async function runTakeScript(redis: Redis, keys: string[], values: (string | number)[]) {
  const reply = await redis.eval(takeScript, keys.length, ...keys, ...values);
  const [granted, redisMs, dayTotal, monthTotal, ...log] = reply as [
    0 | 1,
    number,
    number,
    number,
    ...string[],
  ];
  return {
    granted,
    redisMs,
    totals: [dayTotal, monthTotal],
    log: log.flatMap((callId, index) =>
      index % 2 === 0 ? { callId, freeAtMs: Number(log[index + 1]) } : [],
    ),
  };
}
