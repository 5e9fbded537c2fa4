local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local id = redis.call('XADD', KEYS[2], '*', 'k', entry[2][2], 'p', entry[2][4], 'b', redis.call('TIME')[1])
redis.call('SET', KEYS[3], id, 'EX', ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
