redis.call('PERSIST', KEYS[1])
