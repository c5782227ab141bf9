-- When so many messages may leave, by all paces of the mail server at once; that moment is theirs, and others come behind them.
-- Unlike what take.lua gives to a claim, this is asked as they leave: claims wait for lanes, and lanes for slow calls.
-- KEYS: clock, then one for each pace. ARGV: the time or '', messages, the longest wait in microseconds, then for each pace: the
-- burst, microseconds from one message to the next (GCRA: the key holds the moment at which the bucket is full again).
-- Answers the microseconds to wait; less than nothing when that is longer than the longest wait: then nothing is theirs, and they
-- ask again. Messages of one call that are more than the burst leave together from a full bucket, and those behind them wait for all.

local mono, born = tick(KEYS[1], ARGV[1])
local many, longest, leave_at = tonumber(ARGV[2]), tonumber(ARGV[3]), mono

local function full_at(key, burst, width)
  -- A bucket that Redis does not know began empty when Redis did.
  return math.max(mono, tonumber(redis.call('GET', key) or born + burst * width))
end

for pace = 1, #KEYS - 1 do
  local burst, width = tonumber(ARGV[2 * pace + 2]), tonumber(ARGV[2 * pace + 3])
  local ahead = math.max(0, burst - many) * width
  leave_at = math.max(leave_at, full_at(KEYS[pace + 1], burst, width) - ahead)
end
if leave_at > mono + longest then return mono - leave_at end
for pace = 1, #KEYS - 1 do
  local burst, width = tonumber(ARGV[2 * pace + 2]), tonumber(ARGV[2 * pace + 3])
  keep(KEYS[pace + 1], math.max(leave_at, full_at(KEYS[pace + 1], burst, width)) + many * width, mono)
end
return leave_at - mono
