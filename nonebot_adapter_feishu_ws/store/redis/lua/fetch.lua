local fields = {}
for _, entry in ipairs(read(ARGV[2])) do fields[#fields + 1] = entry[2] end
return fields
