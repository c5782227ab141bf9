-- Give back what was taken and not used. KEYS and limits as in take.lua; ARGV: the time or '', how many, the clock when they
-- were taken, then for each limit: kind, most, width.

-- A pace takes back what is fresh only: tokens kept for long would be a second burst.
local FRESH = 2 * 1000 * 1000

local mono, born = tick(KEYS[1], ARGV[1])
local many, taken_at = tonumber(ARGV[2]), tonumber(ARGV[3])
if taken_at < born then return 0 end

for limit = 1, #KEYS - 1 do
  local key, kind, width = KEYS[limit + 1], ARGV[3 * limit + 1], tonumber(ARGV[3 * limit + 3])
  if kind == 'pace' then
    local full_at = redis.call('GET', key)
    if full_at and mono - taken_at <= FRESH then redis.call('SET', key, text_of(tonumber(full_at) - many * width), 'KEEPTTL') end
  else
    local part = text_of(math.floor(taken_at / width))
    local used = tonumber(redis.call('HGET', key, part) or 0)
    if used > 0 then redis.call('HSET', key, part, text_of(math.max(0, used - many))) end
  end
end
return 1
