local last = tonumber(ARGV[4])
local alive = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for number = 1, #alive, 2 do
  if alive[number] ~= ARGV[1] then last = math.max(last, tonumber(alive[number + 1])) end
end
local silence = now - last
if silence < tonumber(ARGV[2]) then return 0 end
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then last = math.max(last, tonumber(string.match(newest[1], '%d+'))) end
if now - last <= tonumber(ARGV[3]) then return 0 end
local start = '-'
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
for _, group in ipairs(groups) do
  for number = 1, #group, 2 do
    if group[number] == 'last-delivered-id' then start = '(' .. group[number + 1] end
  end
end
local parked = 0
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], start, '+', 'COUNT', 1000)) do
  local begun = redis.pcall('XPENDING', KEYS[1], 'inbox', entry[1], entry[1], 1)
  if string.sub(entry[2][5], 1, 1) ~= 'b' and not begun[1] then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', unpack(entry[2]))
    redis.call('XDEL', KEYS[1], entry[1])
    parked = parked + 1
  end
end
return parked
