-- The clock of all buckets, in microseconds. Put before each of the other scripts, whose first key is the clock's.
-- It follows Redis's own clock and never goes back: after a small step back it waits, after a large one it goes on from
-- where it was. When that step is made good, it does not count the same time twice.
-- `born` is when this clock began: Redis knows nothing of what was before. To the microsecond it is also the name of this
-- beginning.

local JUMP = 10 * 1000 * 1000
local A_DAY_MS = 24 * 3600 * 1000

local function text_of(number)
  return string.format('%.0f', number)
end

local function tick(key, given)
  local real
  if given == '' then
    local time = redis.call('TIME')
    real = time[1] * 1000000 + time[2]
  else
    real = tonumber(given)
  end
  local kept = redis.call('HMGET', key, 'mono', 'ahead', 'born')
  local mono, ahead, born = tonumber(kept[1] or real), tonumber(kept[2] or 0), tonumber(kept[3] or real)
  if real + ahead < mono - JUMP then
    ahead = mono - real
  elseif ahead > 0 and real + ahead > mono + JUMP then
    ahead = math.max(0, mono - real)
  end
  mono = math.max(mono, real + ahead)
  redis.call('HSET', key, 'mono', text_of(mono), 'ahead', text_of(ahead), 'born', text_of(born))
  return mono, born
end

-- Kept for a day longer than it matters: a key that is gone after that stands for a bucket that is full.
local function keep(key, value, mono)
  local left_ms = math.ceil(math.max(0, value - mono) / 1000)
  redis.call('SET', key, text_of(value), 'PX', text_of(left_ms + A_DAY_MS))
end
