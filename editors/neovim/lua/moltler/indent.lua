--- Indentation by the lines before: brackets and words of structure. It needs no parser.
local M = {}

--- A line without its strings and comments, in upper case.
local function bare(line)
  return (line:gsub("'[^']*'", "''"):gsub('"[^"]*"', '""'):gsub('%-%-.*$', ''):gsub('//.*$', '')):upper()
end

--- By how many brackets a line is open at its end; brackets closed at its start belong to its own indentation.
local function opened(line)
  local depth, lowest = 0, 0
  for bracket in line:gmatch('[%[%](){}]') do
    if bracket == '(' or bracket == '[' or bracket == '{' then
      depth = depth + 1
    else
      depth = depth - 1
      lowest = math.min(lowest, depth)
    end
  end
  return depth - lowest > 0 and depth - lowest or 0
end

local CLOSERS = { '^%s*[%]})]', '^%s*END%f[%W]', '^%s*ELSE%f[%W]', '^%s*ELSEIF%f[%W]', '^%s*CATCH%f[%W]', '^%s*FINALLY%f[%W]' }
local OPENERS = {
  '%f[%w]BEGIN%s*$', '%f[%w]THEN%s*$', '%f[%w]LOOP%s*$', '^%s*ELSE%s*$', '^%s*TRY%s*$', '^%s*FINALLY%s*$',
  '^%s*CATCH%s*[%w_]*%s*$',
}

local function any(patterns, line)
  for _, pattern in ipairs(patterns) do
    if line:find(pattern) then
      return true
    end
  end
  return false
end

--- Columns of indentation of a line, from 1.
function M.indent(number)
  local before = vim.fn.prevnonblank(number - 1)
  if before == 0 then
    return 0
  end
  local previous = bare(vim.fn.getline(before))
  local current = bare(vim.fn.getline(number))
  local width = vim.fn.shiftwidth()
  local indent = vim.fn.indent(before)
  if opened(previous) > 0 or (any(OPENERS, previous) and not previous:find('^%s*END%f[%W]')) then
    indent = indent + width
  end
  if any(CLOSERS, current) then
    indent = indent - width
  end
  return math.max(indent, 0)
end

return M
