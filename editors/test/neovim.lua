-- Drives the plugin in a real Neovim without windows: nvim --headless --clean -l neovim.lua
--
-- From the environment: PLUGIN (editors/neovim), PROGRAMS (folder with moltler-lsp and moltlerc), WORK (an empty folder),
-- JAVASCRIPT (a folder with parser/javascript.so and queries/javascript; without it that step is left out, and said so).

-- print() writes where Neovim shows its mode.
local function print(text)
  io.stdout:write(text, '\n')
end

local plugin, programs, work = os.getenv('PLUGIN'), os.getenv('PROGRAMS'), os.getenv('WORK')
vim.env.PATH = programs .. ':' .. vim.env.PATH
-- Everything that Neovim keeps goes into the scratch folder.
vim.env.XDG_DATA_HOME, vim.env.XDG_STATE_HOME = work .. '/data', work .. '/state'
vim.opt.runtimepath:prepend(plugin)
vim.opt.runtimepath:append(vim.fn.stdpath('data') .. '/site')
if os.getenv('JAVASCRIPT') then
  vim.opt.runtimepath:prepend(os.getenv('JAVASCRIPT'))
end
vim.cmd('filetype plugin indent on')
vim.cmd.runtime('plugin/moltler.lua')

local messages = {}
vim.notify = function(text, level)
  messages[#messages + 1] = { text = text, level = level }
end

local function fail(what, detail)
  print('FAILED ' .. what .. (detail and ': ' .. vim.inspect(detail) or ''))
  for _, message in ipairs(messages) do
    print('  said: ' .. message.text)
  end
  os.exit(1)
end
local function step(what, condition, detail)
  if not condition then
    fail(what, type(detail) == 'function' and detail() or detail)
  end
  print('ok ' .. what)
end
local function eventually(what, condition, detail)
  local is_met = vim.wait(30000, function()
    return condition() and true or false
  end, 10)
  step(what, is_met, detail)
end

--- The text of the buffer that is shown.
local function lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end
--- Puts the cursor behind the first `needle`; fails where there is none.
local function after(needle)
  for number, line in ipairs(lines()) do
    local _, last = line:find(needle, 1, true)
    if last then
      vim.api.nvim_win_set_cursor(0, { number, last })
      return number, last
    end
  end
  fail('the text has `' .. needle .. '`')
end
local function type_keys(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), 'xt', false)
end

vim.fn.mkdir(work, 'p')
vim.cmd.cd(work)
local made = vim.system({ programs .. '/moltlerc', 'new', 'shop' }, { text = true }):wait()
step('moltlerc new', made.code == 0, made.stderr)
vim.cmd.edit(work .. '/shop/shop.molt')
local buffer = vim.api.nvim_get_current_buf()
local original = lines()
step('the file type', vim.bo.filetype == 'moltler', vim.bo.filetype)

local function client()
  return (vim.lsp.get_clients or vim.lsp.get_active_clients)({ name = 'moltler', bufnr = buffer })[1]
end
eventually('the language server is attached', function()
  return client() and client().initialized
end)
local id = client().id
step('its root is the package', client().config.root_dir == work .. '/shop', client().config.root_dir)

--- A request at the cursor.
local function ask(method, extra)
  local parameters = vim.lsp.util.make_position_params(0, client().offset_encoding)
  local answers = vim.lsp.buf_request_sync(buffer, method, vim.tbl_extend('force', parameters, extra or {}), 20000)
  local answer = answers and answers[id]
  if not answer or answer.error then
    fail(method, answer)
  end
  return answer.result
end
local function labels()
  local result = ask('textDocument/completion')
  return vim.tbl_map(function(item)
    return item.label
  end, result.items or result)
end

-- Diagnostics, while typing, in both languages.
after('if (filters.status')
type_keys('ix<Esc>')
eventually('a diagnostic inside JavaScript', function()
  local found = vim.diagnostic.get(buffer)
  return found[1] and found[1].message:find('statusx')
end, function()
  return vim.diagnostic.get(buffer)
end)
type_keys('x')
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { 'SELECT id FROM nowhere.items;' })
eventually('a diagnostic in SQL', function()
  local found = vim.diagnostic.get(buffer)
  return #found == 1 and found[1].message:find('nowhere')
end, function()
  return vim.diagnostic.get(buffer)
end)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)
eventually('no diagnostics in sound text', function()
  return #vim.diagnostic.get(buffer) == 0
end, function()
  return vim.diagnostic.get(buffer)
end)

-- Completion.
after('url.searchParams.set(')
vim.api.nvim_buf_set_lines(buffer, 23, 23, false, { '        config.;' })
vim.api.nvim_win_set_cursor(0, { 24, #'        config.' })
step('completion in JavaScript', vim.list_contains(labels(), 'api_key'), labels)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { 'CREATE CONNECTOR mine', "TYPE 'shop';", 'SELECT  FROM mine.items;' })
vim.api.nvim_win_set_cursor(0, { #lines(), #'SELECT ' })
step('completion in SQL', vim.list_contains(labels(), 'created_at'), labels)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)

-- Rename across SQL and JavaScript.
after('"status": {"type"')
local line = vim.api.nvim_win_get_cursor(0)[1]
vim.api.nvim_win_set_cursor(0, { line, 6 })
vim.lsp.buf.rename('state')
eventually('a field is renamed in SQL and JavaScript', function()
  local text = table.concat(lines(), '\n')
  return text:find('"state": {"type"', 1, true) and text:find('filters.state', 1, true)
end, function()
  return messages
end)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)

-- Hover, definition, symbols.
after('SELECT id, name FROM test_conn.')
local hover = ask('textDocument/hover')
step('hover', hover and vim.inspect(hover.contents):find('items'), hover)
local symbols = vim.lsp.buf_request_sync(buffer, 'textDocument/documentSymbol', { textDocument = vim.lsp.util.make_text_document_params() }, 20000)[id].result
step('symbols', #symbols >= 6, symbols)

-- Formatting.
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { 'select   1   as   a ;' })
vim.lsp.buf.format({ async = false, timeout_ms = 20000 })
step('formatting', lines()[#lines()] == 'SELECT 1 AS a;', lines()[#lines()])
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)

-- Indentation without a parser.
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { '' })
vim.api.nvim_win_set_cursor(0, { #lines(), 0 })
type_keys("iIF a THEN<CR>PRINT [<CR>1<CR>];<CR>END IF;<Esc>")
local typed = vim.list_slice(lines(), #lines() - 4)
step('indentation', vim.deep_equal(typed, { 'IF a THEN', '    PRINT [', '        1', '    ];', 'END IF;' }), typed)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)
vim.cmd('silent write')

-- Tests and the quickfix list.
vim.cmd('Moltler test')
eventually('all tests pass', function()
  return messages[#messages] and messages[#messages].text:find('3 passed, 0 failed, 0 skipped')
end)
local wrong = vim.tbl_map(function(text)
  return (text:gsub("name = 'B'", "name = 'X'"))
end, original)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, wrong)
vim.cmd('Moltler test-file')
eventually('a failure is in the quickfix list', function()
  local list = vim.fn.getqflist()
  return #list == 1 and lines()[list[1].lnum]:find("name = 'X'", 1, true)
end, function()
  return vim.fn.getqflist()
end)
local number = after("NAME 'all pages are read'")
vim.cmd('Moltler test-at-cursor')
eventually('the test at the cursor fails alone', function()
  return messages[#messages].text:find('0 passed, 1 failed, 0 skipped')
end)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)
vim.cmd('silent write')

-- Running and explaining.
local function shown(name)
  local found = vim.fn.bufnr(name)
  return found ~= -1 and table.concat(vim.api.nvim_buf_get_lines(found, 0, -1, false), '\n') or ''
end
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { "SELECT 6 * 7 AS answer;" })
vim.api.nvim_win_set_cursor(0, { #lines(), 3 })
vim.cmd('Moltler run-at-cursor')
eventually('the statement at the cursor runs', function()
  return shown('moltler://result'):find('answer') and shown('moltler://result'):find('42')
end, function()
  return shown('moltler://result')
end)
vim.cmd('Moltler explain')
eventually('a plan is shown', function()
  return shown('moltler://plan') ~= ''
end)
vim.api.nvim_buf_set_lines(buffer, 0, -1, false, original)
vim.cmd('silent write')

-- The parser and its queries.
vim.cmd('Moltler parser')
eventually('the parser compiles', function()
  return messages[#messages].text:find('the parser is in')
end)
do
  -- Neovim 0.10 raises where there is none, later ones answer nil.
  local is_sound, is_known, problem = pcall(vim.treesitter.language.add, 'moltler')
  step('the parser loads', is_sound and (is_known or vim.fn.has('nvim-0.11') == 0), problem or is_known)
end
vim.treesitter.start(buffer, 'moltler')
local parser = vim.treesitter.get_parser(buffer, 'moltler')
parser:parse(true)
step('the tree has no error', not parser:parse()[1]:root():has_error())
--- Names of captures where `needle` first stands, `behind` bytes behind its start.
local function captures(needle, behind)
  for number, text in ipairs(lines()) do
    local first = text:find(needle, 1, true)
    if first then
      local found = vim.treesitter.get_captures_at_pos(buffer, number - 1, first - 1 + (behind or 0))
      return vim.tbl_map(function(one)
        return one.lang .. ' ' .. one.capture
      end, found)
    end
  end
  fail('the text has `' .. needle .. '`')
end
step('captures of SQL', vim.list_contains(captures('QUERY_HANDLER'), 'moltler keyword'), captures('QUERY_HANDLER'))
step('captures of names', vim.list_contains(captures("'shop'"), 'moltler type'), captures("'shop'"))
if os.getenv('JAVASCRIPT') then
  local found = captures('async function query')
  step('captures of JavaScript', vim.iter(found):any(function(one)
    return one:find('^javascript keyword')
  end), found)
else
  print('left out: captures of JavaScript (no parser for it here)')
end
vim.wo.foldmethod = 'expr'
vim.wo.foldexpr = 'v:lua.vim.treesitter.foldexpr()'
vim.cmd('normal! zx')
local place = after('const items = []')
step('handlers fold', vim.fn.foldlevel(place) >= 1, vim.fn.foldlevel(place))
for _, name in ipairs({ 'highlights', 'injections', 'locals', 'folds', 'indents', 'tags', 'textobjects' }) do
  local is_sound, problem = pcall(vim.treesitter.query.get, 'moltler', name)
  step('the query ' .. name .. ' fits the parser', is_sound and problem, problem)
end

-- Health and help.
vim.cmd('checkhealth moltler')
local health = table.concat(lines(), '\n')
step('health', not health:find('ERROR') and health:find('moltlerc'), health)
vim.cmd('helptags ' .. plugin .. '/doc')
local topics = vim.fn.getcompletion('moltler', 'help')
step('help', vim.list_contains(topics, 'moltler-setup') and vim.list_contains(topics, ':Moltler'), topics)
vim.fn.delete(plugin .. '/doc/tags')

print('all is well')
os.exit(0)
