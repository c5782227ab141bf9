-- Take up to `wanted` messages from all limits of the mail server at once.
-- KEYS: clock, then one for each limit. ARGV: the time or '', wanted, `parts`, then for each limit: kind, most,
-- width.
--   pace:      `most` is the burst, `width` the microseconds from one message to the next (GCRA: the key holds the moment
--              at which the bucket is full again).
--   allowance: `most` messages in `parts` stretches of `width` microseconds (the key counts them by stretch).
-- Answers {granted, microseconds to wait, the limit that held back (1, 2, … or 0), the clock}, or {-1, 0, limit, the clock}
-- when Redis does not know what was sent in the time that an allowance looks back (recall.lua tells it).

local function in_window(key, index, parts)
  local counts, used, oldest = redis.call('HGETALL', key), 0, nil
  for i = 1, #counts, 2 do
    local at = tonumber(counts[i])
    if at and at < index - parts then
      redis.call('HDEL', key, counts[i])
    elseif at and tonumber(counts[i + 1]) > 0 then
      used = used + tonumber(counts[i + 1])
      oldest = math.min(oldest or at, at)
    end
  end
  return used, oldest
end

local mono, born = tick(KEYS[1], ARGV[1])
local wanted, parts = tonumber(ARGV[2]), tonumber(ARGV[3])
local granted, wait, held_by = wanted, 0, 0

for limit = 1, #KEYS - 1 do
  local key, kind = KEYS[limit + 1], ARGV[3 * limit + 1]
  local most, width = tonumber(ARGV[3 * limit + 2]), tonumber(ARGV[3 * limit + 3])
  local free, wait_here, least = 0, 0, 1
  if kind == 'pace' then
    -- A bucket that Redis does not know began empty when Redis did.
    local full_at = math.max(mono, tonumber(redis.call('GET', key) or born + most * width))
    free = math.floor((mono + most * width - full_at) / width)
    -- Not message by message: a claim of one costs as much as a claim of many.
    least = math.max(1, math.min(wanted, math.floor(most / 2)))
    wait_here = full_at + least * width - most * width - mono
  else
    if redis.call('EXISTS', key) == 0 then return {-1, 0, limit, mono} end
    local used, oldest = in_window(key, math.floor(mono / width), parts)
    free = math.max(0, most - used)
    if oldest then wait_here = (oldest + parts + 1) * width - mono end
  end
  if free < least then
    granted = 0
    if wait_here > wait then wait, held_by = wait_here, limit end
  elseif free < granted then
    granted = free
    held_by = limit
  end
end

if granted > 0 then
  for limit = 1, #KEYS - 1 do
    local key, kind = KEYS[limit + 1], ARGV[3 * limit + 1]
    local most, width = tonumber(ARGV[3 * limit + 2]), tonumber(ARGV[3 * limit + 3])
    if kind == 'pace' then
      local full_at = math.max(mono, tonumber(redis.call('GET', key) or born + most * width))
      keep(key, full_at + granted * width, mono)
    else
      redis.call('HINCRBY', key, text_of(math.floor(mono / width)), granted)
      redis.call('PEXPIRE', key, text_of(math.ceil((parts + 1) * width / 1000) + A_DAY_MS))
    end
  end
end
return {granted, wait, held_by, mono}
