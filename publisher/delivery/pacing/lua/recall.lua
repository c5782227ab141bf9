-- Tell an allowance what was sent before it began to count. KEYS: clock, allowance. ARGV: the time or '', the width of its
-- stretches, how many there are, then pairs: microseconds ago, messages. The first to tell is believed.

local mono = tick(KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local width, parts = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('HSET', KEYS[2], 'told', text_of(mono))
for i = 4, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[2], text_of(math.floor((mono - tonumber(ARGV[i])) / width)), ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[2], text_of(math.ceil((parts + 1) * width / 1000) + A_DAY_MS))
return 1
