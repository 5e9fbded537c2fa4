local found = {}
local held = redis.pcall('XPENDING', KEYS[1], 'inbox', '-', '+', 100000, ARGV[1])
if held.err then return found end
for _, one in ipairs(held) do
  local entry = redis.call('XRANGE', KEYS[1], one[1], one[1])[1]
  if entry then found[#found + 1] = {one[1], entry[2][2]} end
end
return found
