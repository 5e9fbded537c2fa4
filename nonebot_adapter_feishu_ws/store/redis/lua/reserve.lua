local oldest = redis.call('LINDEX', KEYS[1], -tonumber(ARGV[1]))
local at = now
if oldest then at = math.max(now, oldest + ARGV[2]) end
redis.call('RPUSH', KEYS[1], string.format('%d', at))
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[1]), -1)
redis.call('PEXPIRE', KEYS[1], string.format('%d', at - now + ARGV[2]))
return at - now
