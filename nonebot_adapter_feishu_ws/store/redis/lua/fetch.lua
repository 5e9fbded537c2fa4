local found = {}
for _, entry in ipairs(read(tonumber(ARGV[2]))) do found[#found + 1] = {entry[1], entry[2]} end
return found
