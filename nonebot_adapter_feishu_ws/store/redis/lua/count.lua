local pending = redis.pcall('XPENDING', KEYS[1], 'inbox')
local begun = pending.err and 0 or pending[1]
return {math.max(0, redis.call('XLEN', KEYS[1]) - begun), redis.call('XLEN', KEYS[2])}
