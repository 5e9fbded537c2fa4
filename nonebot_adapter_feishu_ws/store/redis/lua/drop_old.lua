local alive = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for number = 1, #alive, 2 do
  if alive[number] ~= ARGV[1] and now - alive[number + 1] < tonumber(ARGV[2]) then return {0, ''} end
end
local entries = redis.call('XRANGE', KEYS[1], ARGV[4], '+', 'COUNT', 1000)
local dropped = 0
for _, entry in ipairs(entries) do
  if tonumber(entry[2][6]) < tonumber(ARGV[3]) then
    redis.pcall('XACK', KEYS[1], 'inbox', entry[1])
    redis.call('XDEL', KEYS[1], entry[1])
    dropped = dropped + 1
  end
end
return {dropped, #entries == 1000 and '(' .. entries[1000][1] or ''}
