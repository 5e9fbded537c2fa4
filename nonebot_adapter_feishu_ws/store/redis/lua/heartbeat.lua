redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 86400000)
return {now, redis.call('ZRANGE', KEYS[1], 0, -1)}
