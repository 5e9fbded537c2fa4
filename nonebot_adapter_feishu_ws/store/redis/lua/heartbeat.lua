local before = redis.call('GET', KEYS[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 86400000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('SET', KEYS[2], string.format('%d', now))
return {now, redis.call('ZRANGE', KEYS[1], 0, -1), tonumber(before or 0), redis.call('EXISTS', KEYS[3])}
