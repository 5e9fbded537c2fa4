local keys = {}
local held = redis.pcall('XPENDING', KEYS[1], 'inbox', '-', '+', 100000, ARGV[1])
if held.err then return keys end
for _, one in ipairs(held) do
  local entry = redis.call('XRANGE', KEYS[1], one[1], one[1])[1]
  if entry then keys[#keys + 1] = entry[2][2] end
end
return keys
